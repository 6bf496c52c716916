#include "ingesta/config/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace ingesta::config {
namespace {

constexpr size_t kMaxLength = 64;
constexpr size_t kMaxCandidates = 1000;
constexpr size_t kMaxListed = 40;

std::string Fold(std::string_view text) {
  std::string folded;
  for (const char c : text) {
    folded += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return folded;
}

/// Optimal string alignment distance.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string Nearest(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kMaxLength) return "";
  const std::string folded = Fold(name);
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (size_t i = 0; i < std::min(candidates.size(), kMaxCandidates); ++i) {
    const std::string& candidate = candidates[i];
    const std::string other = Fold(candidate);
    if (other.size() > kMaxLength) continue;
    const size_t distance = Distance(folded, other);
    // All of a short name replaced is no likeness.
    if (distance < best_distance && distance < std::max(folded.size(), other.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string SuggestFrom(std::string_view name, std::string_view what,
                        const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(candidates.size(), kMaxListed));
  const std::string list = fmt::format("{}: `{}`{}", what, fmt::join(candidates.begin(), end, "`, `"),
                                       end == candidates.end() ? "" : ", ...");
  const std::string nearest = Nearest(name, candidates);
  return nearest.empty() ? list : fmt::format("did you mean `{}`? {}", nearest, list);
}

}  // namespace ingesta::config
