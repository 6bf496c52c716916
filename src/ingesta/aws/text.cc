#include "ingesta/aws/text.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "ingesta/http/client.h"

namespace ingesta::aws {
namespace {

SystemTime FromFields(std::tm fields) {
  return SystemTime(std::chrono::seconds(timegm(&fields)));
}

void AddMembers(const simdjson::dom::object& object, const std::string& prefix,
                std::map<std::string, std::string>* out) {
  for (const auto field : object) {
    const std::string name = prefix + std::string(field.key);
    std::string_view text;
    simdjson::dom::object inner;
    if (field.value.get(text) == simdjson::SUCCESS) {
      (*out)[name] = std::string(text);
    } else if (field.value.get(inner) == simdjson::SUCCESS) {
      if (prefix.empty()) AddMembers(inner, name + ".", out);
    } else if (field.value.is_number() || field.value.is_bool()) {
      (*out)[name] = simdjson::minify(field.value);
    }
  }
}

}  // namespace

std::optional<SystemTime> ParseIso8601(std::string_view text) {
  const std::string copy(text);
  std::tm fields{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return std::nullopt;
  SystemTime time = FromFields(fields);
  if (*rest == '.') {
    int64_t micros = 0;
    int digits = 0;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, ++digits) {
      if (digits < 6) micros = micros * 10 + (*rest - '0');
    }
    for (; digits < 6; ++digits) micros *= 10;
    time += std::chrono::microseconds(micros);
  }
  const std::string_view zone = rest;
  if (zone.empty() || zone == "Z" || zone == "UTC") return time;
  int hours = 0;
  int minutes = 0;
  if ((zone[0] != '+' && zone[0] != '-') || (sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2 &&
                                             sscanf(rest + 1, "%2d%2d", &hours, &minutes) != 2)) {
    return std::nullopt;
  }
  const auto offset = std::chrono::minutes(hours * 60 + minutes);
  return zone[0] == '+' ? time - offset : time + offset;
}

std::optional<SystemTime> ParseHttpDate(const std::string& text) {
  std::tm fields{};
  const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  return rest == nullptr ? std::nullopt : std::optional(FromFields(fields));
}

Result<std::map<std::string, std::string>> ParseJsonObject(std::string_view text, std::string_view what) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded(text);
  const simdjson::error_code error = parser.parse(padded).get(object);
  if (error != simdjson::SUCCESS) {
    // Its bytes may be secrets: only their number is told.
    return MakeError(ErrorCode::kMalformedBody, fmt::format("{} is not a JSON object ({}; {} bytes)", what,
                                                            simdjson::error_message(error), text.size()));
  }
  std::map<std::string, std::string> members;
  AddMembers(object, "", &members);
  return members;
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string FormEncode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += http::PercentEncode(name) + '=' + http::PercentEncode(value);
  }
  return out;
}

Result<std::vector<std::string>> SplitCommand(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < command.size() &&
                         (quote == '\0' || command[i + 1] == '"' || command[i + 1] == '\\');
    if (escapes) {
      word += command[++i];
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') return MakeError(ErrorCode::kInvalidConfig, "a quote in the command is not closed");
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::string Excerpt(std::string_view text, size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return text.size() > limit ? out + "..." : out;
}

}  // namespace ingesta::aws
