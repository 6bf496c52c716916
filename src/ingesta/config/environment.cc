#include "ingesta/config/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "ingesta/base/fs.h"
#include "ingesta/config/nearest.h"
#include "ingesta/config/text.h"

namespace ingesta::config {
namespace {

constexpr int64_t kMaxSecretFile = 64 << 10;

bool IsVariableName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
  }
  return true;
}

class Substituter {
 public:
  Substituter(const std::string& text, const ParseOptions& options, Diagnostics& diagnostics)
      : text_(text), options_(options), diagnostics_(diagnostics) {
    starts_.push_back(text.compare(0, 3, "\xef\xbb\xbf") == 0 ? 3 : 0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  void Walk(Node& node) {
    for (Node& item : node.items) Walk(item);
    for (NodeEntry& entry : node.entries) Walk(entry.value);
    if (node.is_scalar() && node.text.find("${") != std::string::npos) Replace(node);
  }

 private:
  void Replace(Node& node) {
    std::string result;
    const std::string_view raw = node.text;
    size_t search_from = OffsetOf(node.at);
    bool replaced = false;
    for (size_t i = 0; i < raw.size();) {
      if (raw.substr(i, 3) == "$${") {
        result += "${";
        i += 3;
        continue;
      }
      if (raw.substr(i, 2) != "${") {
        result += raw[i++];
        continue;
      }
      const size_t end = raw.find('}', i);
      const Position at = Find(raw.substr(i, std::min<size_t>(end - i, 40)), node.at, search_from);
      if (end == std::string_view::npos) {
        diagnostics_.Add(at, "`${` without its `}`", "write ${NAME}, or $${ for a plain ${");
        node.broken = true;
        return;
      }
      const auto value = ValueOf(raw.substr(i + 2, end - i - 2), at, node);
      if (value) {
        result += *value;
      } else {
        node.broken = true;
      }
      replaced = true;
      i = end + 1;
    }
    if (replaced) node.raw = node.text;
    node.text = std::move(result);
  }

  std::optional<std::string> ValueOf(std::string_view inner, const Position& at, Node& node) {
    if (inner.substr(0, 5) == "file:") return FileValue(std::string(inner.substr(5)), at, node);
    for (const std::string_view scheme : {"aws-sm:", "aws-ssm:"}) {
      if (inner.substr(0, scheme.size()) == scheme) {
        diagnostics_.Add(
            at, fmt::format("{}: not supported by this version", ShowText(fmt::format("${{{}}}", inner))),
            "secrets come from ${NAME} or ${file:/path}");
        return std::nullopt;
      }
    }
    const size_t colon = inner.find(":-");
    const std::string name(inner.substr(0, colon));
    if (!IsVariableName(name)) {
      diagnostics_.Add(
          at, fmt::format("{} names no environment variable", ShowText(fmt::format("${{{}}}", inner))),
          "write ${NAME}, ${NAME:-default} or ${file:/path}; a plain ${ is written $${");
      return std::nullopt;
    }
    const auto found = options_.environment.find(name);
    const bool set = found != options_.environment.end();
    if (colon != std::string_view::npos && (!set || found->second.empty())) {
      const std::string_view fallback = inner.substr(colon + 2);
      if (fallback.find("${") == std::string_view::npos) return std::string(fallback);
      diagnostics_.Add(at, fmt::format("the default of ${{{}}} holds another ${{", name),
                       "defaults do not nest");
      return std::nullopt;
    }
    if (!set) {
      std::vector<std::string> names;
      for (const auto& [known, value] : options_.environment) names.push_back(known);
      const std::string nearest = diagnostics_.full() ? "" : Nearest(name, names);
      diagnostics_.Add(at, fmt::format("the environment variable {} is not set", name),
                       fmt::format("{}set it, or give a default: ${{{}:-value}}",
                                   nearest.empty() ? "" : fmt::format("did you mean `{}`? ", nearest), name));
      return std::nullopt;
    }
    return Take(found->second, fmt::format("the environment variable {}", name), at, node.substituted);
  }

  std::optional<std::string> FileValue(const std::string& path, const Position& at, Node& node) {
    if (path.empty() || path.front() != '/') {
      diagnostics_.Add(at, fmt::format("the file {} is no absolute path", ShowText(path)),
                       "write ${file:/path}");
      return std::nullopt;
    }
    Result<std::string> content =
        options_.read_file ? options_.read_file(path) : ReadFile(path, kMaxSecretFile);
    if (!content.ok()) {
      diagnostics_.Add(at, fmt::format("the secret's file can't be read: {}", content.status().message()));
      return std::nullopt;
    }
    std::string value = std::move(content).ValueUnsafe();
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    return Take(value, fmt::format("the file {}", ShowText(path)), at, node.secret_parts);
  }

  std::optional<std::string> Take(const std::string& value, std::string_view origin, const Position& at,
                                  std::vector<std::string>& parts) {
    if (FindBadByte(value) != std::string::npos) {
      diagnostics_.Add(at, fmt::format("{} holds no text", origin),
                       "it must be UTF-8 without control characters");
      return std::nullopt;
    }
    parts.push_back(value);
    return value;
  }

  /// Where the file has the characters at `at`. Goes on from the place last asked for, as PositionOf.
  size_t OffsetOf(const Position& at) {
    const auto line = static_cast<size_t>(at.line - 1);
    if (at.line <= 0 || line >= starts_.size()) return std::string::npos;
    if (at.line != node_.line || at.column < node_.column) {
      node_ = {at.line, 1};
      node_offset_ = starts_[line];
    }
    while (node_.column < at.column && node_offset_ < text_.size()) {
      do ++node_offset_;
      while (node_offset_ < text_.size() && (static_cast<unsigned char>(text_[node_offset_]) & 0xc0) == 0x80);
      ++node_.column;
    }
    return node_offset_;
  }

  /// The place of `token` at or after `from`, which then points behind it; `fallback` where escapes hide it.
  Position Find(std::string_view token, const Position& fallback, size_t& from) {
    if (from == std::string::npos) return fallback;
    const size_t found = text_.find(token, from);
    from = found == std::string::npos ? found : found + token.size();
    return found == std::string::npos ? fallback : PositionOf(found);
  }

  /// Goes on from the place last asked for where that is in the same line.
  Position PositionOf(size_t offset) {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const int line = static_cast<int>(next - starts_.begin());
    if (line != last_.line || offset < last_offset_) {
      last_ = {line, 1};
      last_offset_ = *(next - 1);
    }
    for (; last_offset_ < offset; ++last_offset_) {
      if ((static_cast<unsigned char>(text_[last_offset_]) & 0xc0) != 0x80) ++last_.column;
    }
    return last_;
  }

  const std::string& text_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  std::vector<size_t> starts_;
  Position node_;
  size_t node_offset_ = 0;
  Position last_;
  size_t last_offset_ = 0;
};

}  // namespace

void SubstituteEnvironment(Node& root, const std::string& text, const ParseOptions& options,
                           Diagnostics& diagnostics) {
  Substituter(text, options, diagnostics).Walk(root);
}

}  // namespace ingesta::config
