#include "ingesta/demo/json_out.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace ingesta::demo {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void AppendUnit(uint32_t unit, std::string* out) {
  out->append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out->push_back(kHex[(unit >> shift) & 15]);
}

/// Decode the UTF-8 sequence at `text[*at]`, moving past it.
uint32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto lead = static_cast<unsigned char>(text[(*at)++]);
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t code = lead & (0x3fU >> more);
  for (int i = 0; i < more && *at < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[(*at)++]) & 0x3fU);
  }
  return code;
}

void AppendTwoDigits(unsigned value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

/// From where on a form changes to exponents, as a power of ten.
int ExponentFrom(NumberForm form) {
  switch (form) {
    case NumberForm::kPython:
      return 16;
    case NumberForm::kJava:
      return 7;
    case NumberForm::kJavaScript:
      return 21;
  }
  return 21;
}

void AppendScientific(std::string_view digits, int exponent, NumberForm form, std::string* out) {
  const bool java = form == NumberForm::kJava;
  out->push_back(digits[0]);
  if (digits.size() > 1 || java) {
    out->push_back('.');
    out->append(digits.size() > 1 ? digits.substr(1) : "0");
  }
  out->push_back(java ? 'E' : 'e');
  if (exponent >= 0 && !java) out->push_back('+');
  out->append(std::to_string(exponent));
}

}  // namespace

Piece::Piece(const char* text) : Piece(std::string_view(text)) {}

Piece::Piece(std::string_view text) {
  AppendEscaped(text, false, &utf8);
  AppendEscaped(text, true, &ascii);
}

void AppendEscaped(std::string_view text, bool ascii, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && ascii) {
      const uint32_t code = NextCodePoint(text, &at);
      if (code >= 0x10000) {
        AppendUnit(0xd800 + ((code - 0x10000) >> 10), out);
        AppendUnit(0xdc00 + ((code - 0x10000) & 0x3ff), out);
      } else {
        AppendUnit(code, out);
      }
      continue;
    }
    ++at;
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '\r') {
      out->append("\\r");
    } else if (c == '\t') {
      out->append("\\t");
    } else if (byte < 0x20) {
      AppendUnit(byte, out);
    } else {
      out->push_back(c);
    }
  }
}

void AppendDouble(double value, NumberForm form, std::string* out) {
  std::array<char, 40> buffer;
  const int limit = ExponentFrom(form);
  if (std::abs(value) < 1e15 && value == std::trunc(value) &&
      (form != NumberForm::kJava || std::abs(value) < 1e7)) {
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<int64_t>(value));
    out->append(buffer.data(), end.ptr);
    return;
  }
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  if (text.front() == '-') {
    out->push_back('-');
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text.substr(2, e - 2));
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  const int small = form == NumberForm::kJava ? -3 : form == NumberForm::kPython ? -4 : -6;
  if (exponent >= limit || exponent < small) return AppendScientific(digits, exponent, form, out);
  if (exponent < 0) {
    out->append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out->append(digits).append(whole - digits.size(), '0');
  } else {
    out->append(digits, 0, whole).append(".").append(digits, whole);
  }
}

void AppendDateTime(int64_t seconds, std::string* out) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  AppendTwoDigits(year / 100, out);
  AppendTwoDigits(year % 100, out);
  out->push_back('-');
  AppendTwoDigits(static_cast<unsigned>(date.month()), out);
  out->push_back('-');
  AppendTwoDigits(static_cast<unsigned>(date.day()), out);
  out->push_back('T');
  AppendTwoDigits(of_day / 3600, out);
  out->push_back(':');
  AppendTwoDigits(of_day / 60 % 60, out);
  out->push_back(':');
  AppendTwoDigits(of_day % 60, out);
}

void JsonOut::NewLine() {
  out_->push_back('\n');
  out_->append(static_cast<size_t>(depth_) * 2, ' ');
}

void JsonOut::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) out_->push_back(',');
  first_ = false;
  if (dialect_.indented && depth_ > 0) NewLine();
}

void JsonOut::Open(char bracket) {
  Separate();
  out_->push_back(bracket);
  ++depth_;
  first_ = true;
}

void JsonOut::Close(char bracket) {
  --depth_;
  if (!first_ && dialect_.indented) NewLine();
  out_->push_back(bracket);
  first_ = false;
}

void JsonOut::Key(std::string_view key) {
  Separate();
  out_->push_back('"');
  out_->append(key);
  out_->append(dialect_.indented ? "\": " : "\":");
  after_key_ = true;
}

void JsonOut::Null() {
  Separate();
  out_->append("null");
}

void JsonOut::AddInt(int64_t value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out_->append(buffer.data(), end.ptr);
}

void JsonOut::Int(int64_t value) {
  Separate();
  AddInt(value);
}

void JsonOut::Double(double value) {
  Separate();
  AppendDouble(value, dialect_.numbers, out_);
}

void JsonOut::String(std::string_view text) {
  BeginText();
  AddRaw(text);
  EndText();
}

void JsonOut::Text(const Piece& piece) {
  BeginText();
  Add(piece);
  EndText();
}

void JsonOut::BeginText() {
  Separate();
  out_->push_back('"');
}

void JsonOut::Time(int64_t seconds, uint32_t nanos, int digits, std::string_view suffix) {
  BeginText();
  AppendDateTime(seconds, out_);
  if (digits > 0) {
    out_->push_back('.');
    uint32_t unit = 100'000'000;
    for (int i = 0; i < digits; ++i, unit /= 10) {
      out_->push_back(static_cast<char>('0' + nanos / unit % 10));
    }
  }
  out_->append(suffix);
  EndText();
}

}  // namespace ingesta::demo
