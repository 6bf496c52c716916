#include "ingesta/config/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingesta::config {

std::string Diagnostic::ToString() const {
  std::string text = line > 0 ? fmt::format("{}:{}:{}: {}", file, line, column, message)
                              : fmt::format("{}: {}", file, message);
  if (!hint.empty()) text += fmt::format(" ({})", hint);
  return text;
}

void Diagnostics::Add(const Position& at, std::string message, std::string hint) {
  if (full()) {
    ++not_kept_;
    return;
  }
  if (!seen_.emplace(at.override_index, at.line, at.column, message).second) return;
  Diagnostic diagnostic;
  if (at.override_index >= 0) {
    diagnostic.file = fmt::format("--set {}", override_keys_[static_cast<size_t>(at.override_index)]);
  } else {
    diagnostic.file = file_;
    diagnostic.line = at.line;
    diagnostic.column = at.column;
  }
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  list_.emplace_back(at, std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::Sorted() const {
  auto list = list_;
  const auto rank = [](const Position& at) { return std::tuple(at.override_index, at.line, at.column); };
  std::stable_sort(list.begin(), list.end(),
                   [&](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); });
  std::vector<Diagnostic> sorted;
  for (auto& [at, diagnostic] : list) {
    if (sorted.size() == kMaxShown) {
      Diagnostic rest;
      rest.file = file_;
      rest.message = fmt::format("{} more mistakes", list.size() + not_kept_ - kMaxShown);
      sorted.push_back(std::move(rest));
      break;
    }
    sorted.push_back(std::move(diagnostic));
  }
  return sorted;
}

Status InvalidConfig(const std::vector<Diagnostic>& list) {
  std::string message;
  for (const Diagnostic& diagnostic : list) {
    if (!message.empty()) message += '\n';
    message += diagnostic.ToString();
  }
  return MakeError({.code = ErrorCode::kInvalidConfig,
                    .stage = Stage::kConfig,
                    .hint = "`ingesta describe` lists every key with its type and default"},
                   std::move(message));
}

}  // namespace ingesta::config
