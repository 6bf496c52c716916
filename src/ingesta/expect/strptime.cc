#include "ingesta/expect/strptime.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <map>

#include "ingesta/expect/check.h"

namespace ingesta::expect {
namespace {

const char* Pattern(char directive) {
  switch (directive) {
    case 'a':
      return "mon|tue|wed|thu|fri|sat|sun";
    case 'A':
      return "wednesday|thursday|saturday|tuesday|monday|friday|sunday";
    case 'b':
      return "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
    case 'B':
      return "september|february|november|december|january|october|august|march|april|june|july|may";
    case 'd':
      return "3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9]";
    case 'f':
      return "[0-9]{1,6}";
    case 'H':
      return "2[0-3]|[0-1]\\d|\\d";
    case 'I':
      return "1[0-2]|0[1-9]|[1-9]";
    case 'G':
    case 'Y':
      return "\\d\\d\\d\\d";
    case 'j':
      return "36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]";
    case 'm':
      return "1[0-2]|0[1-9]|[1-9]";
    case 'M':
      return "[0-5]\\d|\\d";
    case 'p':
      return "am|pm";
    case 'S':
      return "6[0-1]|[0-5]\\d|\\d";
    case 'U':
    case 'W':
      return "5[0-3]|[0-4]\\d|\\d";
    case 'V':
      return "5[0-3]|0[1-9]|[1-4]\\d|\\d";
    case 'w':
      return "[0-6]";
    case 'u':
      return "[1-7]";
    case 'y':
      return "\\d\\d";
    case 'z':
      return "[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|(?-i:Z)";
    case 'Z':
      return "utc|gmt";
    default:
      return nullptr;
  }
}

/// Directives that stand for several.
const char* Expansion(char directive) {
  switch (directive) {
    case 'c':
      return "%a %b %d %H:%M:%S %Y";
    case 'x':
      return "%m/%d/%y";
    case 'X':
      return "%H:%M:%S";
    default:
      return nullptr;
  }
}

int MonthOfName(std::string_view name) {
  static constexpr const char* kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
  for (int i = 0; i < 12; ++i) {
    if (name.size() >= 3 && strncasecmp(name.data(), kMonths[i], 3) == 0) return i + 1;
  }
  return 0;
}

/// Digits only count as Python's int() reads them where they are ASCII; others do not occur in practice.
int NumberOf(std::string_view text) {
  int value = 0;
  for (const char c : text) value = c >= '0' && c <= '9' ? value * 10 + (c - '0') : value;
  return value;
}

Status Append(const std::string& format, std::string& pattern, std::string& fields) {
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      // A run of white space stands for any other.
      while (i + 1 < format.size() && std::isspace(static_cast<unsigned char>(format[i + 1])) != 0) ++i;
      pattern += "\\s+";
    } else if (c != '%') {
      if (std::strchr("\\.^$*+?(){}[]|/-", c) != nullptr) pattern += '\\';
      pattern += c;
    } else if (++i == format.size()) {
      return BadExpectation(fmt::format("strftime_format: `{}` ends in a stray %", format));
    } else if (format[i] == '%') {
      pattern += '%';
    } else if (const char* more = Expansion(format[i])) {
      RETURN_NOT_OK(Append(more, pattern, fields));
    } else if (const char* form = Pattern(format[i])) {
      if (fields.find(format[i]) != std::string::npos) {
        return BadExpectation(fmt::format("strftime_format: `{}` has %{} twice", format, format[i]));
      }
      pattern += fmt::format("({})", form);
      fields += format[i];
    } else {
      return BadExpectation(fmt::format("strftime_format: `{}`: Python has no %{}", format, format[i]));
    }
  }
  return Status::OK();
}

}  // namespace

Result<TimeFormat> TimeFormat::Compile(const std::string& format) {
  TimeFormat made;
  std::string pattern = "(?i)";
  RETURN_NOT_OK(Append(format, pattern, made.fields_));
  ARROW_ASSIGN_OR_RAISE(made.regex_, Regex::Compile(pattern));
  return made;
}

Result<bool> TimeFormat::Matches(std::string_view text) const {
  std::vector<std::string_view> groups;
  ARROW_ASSIGN_OR_RAISE(const bool matches, regex_->Match(text, groups));
  // Python takes the first match from the start, and then wants the whole text used up.
  if (!matches || groups.front().size() != text.size()) return false;
  int year = 1900;
  int month = 1;
  int day = 1;
  for (size_t i = 0; i < fields_.size() && i + 1 < groups.size(); ++i) {
    const std::string_view group = groups[i + 1];
    switch (fields_[i]) {
      case 'Y':
        year = NumberOf(group);
        break;
      case 'y':
        year = NumberOf(group) + (NumberOf(group) <= 68 ? 2000 : 1900);
        break;
      case 'm':
        month = NumberOf(group);
        break;
      case 'b':
      case 'B':
        month = MonthOfName(group);
        break;
      case 'd':
        day = NumberOf(group);
        break;
      case 'S':
        if (NumberOf(group) > 59) return false;
        break;
      default:
        break;
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return year >= 1 && date.ok();
}

}  // namespace ingesta::expect
