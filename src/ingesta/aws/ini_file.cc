#include "ingesta/aws/ini_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ingesta::aws {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string LowerName(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

IniHeader SplitHeader(std::string_view text) {
  IniHeader words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

/// Splits at the first `=` or `:`. False where there is none or nothing before it.
bool SplitPair(std::string_view line, std::string* key, std::string* value) {
  const size_t at = line.find_first_of("=:");
  if (at == std::string_view::npos) return false;
  *key = LowerName(Trim(line.substr(0, at)));
  *value = std::string(Trim(line.substr(at + 1)));
  return !key->empty();
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Result<std::map<IniHeader, IniSection>> Parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    for (size_t at = 0; at < text_.size();) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      ++line_number_;
      ARROW_RETURN_NOT_OK(Line(text_.substr(at, end - at)));
      at = end + 1;
    }
    return std::move(sections_);
  }

 private:
  Status Line(std::string_view line) {
    const std::string_view trimmed = Trim(line);
    if (trimmed.empty() || trimmed[0] == '#' || trimmed[0] == ';') return Status::OK();
    const bool indented = line[0] == ' ' || line[0] == '\t';
    if (indented && section_ != nullptr && !last_key_.empty()) return Continuation(trimmed);
    if (trimmed[0] == '[') return Header(trimmed);
    std::string key;
    std::string value;
    if (section_ == nullptr || !SplitPair(trimmed, &key, &value))
      return Error("neither [section] nor key = value");
    section_->values[key] = std::move(value);
    last_key_ = std::move(key);
    return Status::OK();
  }

  Status Header(std::string_view line) {
    const size_t end = line.find_last_of(']');
    IniHeader header;
    if (end != std::string_view::npos) header = SplitHeader(Trim(line.substr(1, end - 1)));
    if (header.empty()) return Error("a section name must stand between [ and ]");
    section_ = &sections_[header];
    last_key_.clear();
    return Status::OK();
  }

  Status Continuation(std::string_view line) {
    std::string& parent = section_->values[last_key_];
    std::string key;
    std::string value;
    if (parent.empty()) {
      if (!SplitPair(line, &key, &value)) return Error("expected an indented key = value");
      section_->nested[last_key_][key] = std::move(value);
    } else {
      parent += '\n';
      parent += line;
    }
    return Status::OK();
  }

  Status Error(std::string_view what) const {
    // The line's text stays out of the message: it may be a secret.
    return MakeError(ErrorCode::kInvalidConfig, fmt::format("{}:{}: {}", path_, line_number_, what),
                     "correct that line, or write the file anew with `aws configure`");
  }

  std::string_view text_;
  const std::string& path_;
  std::map<IniHeader, IniSection> sections_;
  IniSection* section_ = nullptr;
  std::string last_key_;
  int line_number_ = 0;
};

}  // namespace

std::string IniSection::Get(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

Result<std::map<IniHeader, IniSection>> ParseIni(std::string_view text, const std::string& path) {
  return Parser(text, path).Parse();
}

}  // namespace ingesta::aws
