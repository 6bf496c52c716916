#include "ingesta/source/page_probe.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "ingesta/source/json_scanner.h"

namespace ingesta::source {
namespace {

constexpr size_t kShownBytes = 160;

Status MalformedPage(std::string message) {
  return MakeError({.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true}, std::move(message));
}

/// A total as services write it: 120, 120.0, "120"; null and absent alike are none.
Result<std::optional<int64_t>> ParseTotal(const std::string& path, std::string_view raw) {
  const std::string_view shown = raw;
  if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
  if (raw == "null" || raw.empty()) return std::nullopt;
  double value = -1;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  const bool whole = error == std::errc() && end == raw.data() + raw.size() && value == std::floor(value);
  if (!whole || value < 0 || value > 9e15) {
    return MalformedPage(
        fmt::format("`{}` should be a number of records or pages, and is {}", path, shown.substr(0, 60)));
  }
  return static_cast<int64_t>(value);
}

Result<std::optional<std::string>> ParseNext(const std::string& path, std::string_view raw) {
  if (raw.substr(0, 2) == "an")
    return MalformedPage(fmt::format("`{}` should be a link or a cursor, and is {}", path, raw));
  if (raw == "null" || raw == "false" || raw == "\"\"") return std::nullopt;
  if (raw.front() != '"') return std::string(raw);
  return UnescapeJson(raw.substr(1, raw.size() - 2));
}

/// Follows the wanted paths through the objects of a document, and counts the records.
class ProbeHandler final : public JsonHandler {
 public:
  ProbeHandler(std::string_view body, const std::string& data_selector, const FactPaths& paths)
      : body_(body), selector_(data_selector), records_path_(SplitPath(data_selector)) {
    Want(paths.total, &total_);
    Want(paths.total_pages, &total_pages_);
    Want(paths.next, &next_);
  }

  void OnKey(int depth, std::string_view raw) override {
    keys_.resize(static_cast<size_t>(depth));
    keys_.push_back(UnescapeJson(raw));
  }

  Result<Next> OnBegin(int depth, char first, size_t position) override {
    if (depth == records_depth_ + 1) {
      ++records_;
      return Next::kSkip;
    }
    begin_ = position;
    if (keys_ == records_path_) {
      if (first != '[') return MalformedPage(Describe("is no array"));
      records_ = 0;  // of a key that occurs twice the last counts
      found_ = true;
      records_depth_ = depth;
      return Next::kEnter;
    }
    return first == '{' ? Next::kEnter : Next::kSkip;
  }

  Status OnEnd(int depth, size_t position) override {
    if (depth == records_depth_ + 1) return Status::OK();
    if (depth == records_depth_) records_depth_ = kNone;
    for (Wanted& wanted : wanted_) {
      if (wanted.keys != keys_) continue;
      const char last = body_[position - 1];
      *wanted.raw = last == '}'   ? "an object"
                    : last == ']' ? "an array"
                                  : body_.substr(begin_, position - begin_);
    }
    if (!keys_.empty()) keys_.pop_back();
    return Status::OK();
  }

  Result<PageProbe> Take(const FactPaths& paths) const {
    if (!found_) return MalformedPage(Describe("is absent"));
    PageProbe probe;
    probe.records = records_;
    if (!total_.empty()) {
      ARROW_ASSIGN_OR_RAISE(probe.facts.total, ParseTotal(paths.total, total_));
    }
    if (!total_pages_.empty()) {
      ARROW_ASSIGN_OR_RAISE(probe.facts.total_pages, ParseTotal(paths.total_pages, total_pages_));
    }
    if (!next_.empty()) {
      ARROW_ASSIGN_OR_RAISE(probe.facts.next, ParseNext(paths.next, next_));
    }
    return probe;
  }

 private:
  static constexpr int kNone = -2;
  struct Wanted {
    std::vector<std::string> keys;
    std::string_view* raw;
  };

  void Want(const std::string& path, std::string_view* raw) {
    if (!path.empty()) wanted_.push_back({SplitPath(path), raw});
  }
  std::string Describe(std::string_view what) const {
    return fmt::format("the records' array {} {}",
                       selector_.empty() ? "(the body itself)" : "`" + selector_ + "`", what);
  }

  std::string_view body_;
  const std::string& selector_;
  std::vector<std::string> records_path_;
  std::vector<Wanted> wanted_;
  std::vector<std::string> keys_;  ///< the path of the value being reported
  size_t begin_ = 0;
  int records_depth_ = kNone;  ///< depth of the records' array while inside it
  int64_t records_ = 0;
  bool found_ = false;
  std::string_view total_, total_pages_, next_;
};

/// Wants one object.
class RecordHandler final : public JsonHandler {
 public:
  void OnKey(int, std::string_view) override {}
  Result<Next> OnBegin(int, char first, size_t) override {
    if (first != '{') return MalformedPage("a record should be a JSON object");
    return Next::kSkip;
  }
  Status OnEnd(int, size_t) override { return Status::OK(); }
};

}  // namespace

Result<PageProbe> ProbePage(std::string_view body, const std::string& data_selector, const FactPaths& paths) {
  ProbeHandler handler(body, data_selector, paths);
  JsonScanner scanner(handler);
  ARROW_RETURN_NOT_OK(scanner.Feed(body));
  ARROW_RETURN_NOT_OK(scanner.Finish());
  return handler.Take(paths);
}

Status CheckRecord(std::string_view body) {
  RecordHandler handler;
  JsonScanner scanner(handler);
  ARROW_RETURN_NOT_OK(scanner.Feed(body));
  return scanner.Finish();
}

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> keys;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    keys.emplace_back(path.substr(0, dot));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return keys;
}

std::string ShowBody(std::string_view body) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return "the body is empty";
  std::string shown;
  for (const char c : body.substr(start, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    shown.push_back(byte < 0x20 || byte == 0x7f ? ' ' : c);
  }
  // Never end inside a UTF-8 sequence.
  if (body.size() - start > kShownBytes) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xc0) == 0x80) shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xc0) shown.pop_back();
    shown += "...";
  }
  return fmt::format("{} begins with: {}", body[start] == '<' ? "HTML or XML that" : "the body", shown);
}

}  // namespace ingesta::source
