#include "ingesta/source/json_scanner.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace ingesta::source {
namespace {

constexpr size_t kMaxKey = 4096;  ///< no selector is longer: what is beyond can't match and is not kept

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The bytes that end a run of plain string characters: quote, backslash, control characters.
constexpr std::array<bool, 256> StringStops() {
  std::array<bool, 256> stops{};
  for (size_t c = 0; c < 0x20; ++c) stops[c] = true;
  stops['"'] = stops['\\'] = true;
  return stops;
}
constexpr std::array<bool, 256> kStringStops = StringStops();

/// Where the run of plain string characters from `i` ends. Eight at a time: most of a document is text.
size_t SkipPlain(std::string_view chunk, size_t i) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  while (i + sizeof(uint64_t) <= chunk.size()) {
    uint64_t word = 0;
    std::memcpy(&word, chunk.data() + i, sizeof(word));
    // A byte below n (n <= 0x80): its high bit comes up by the subtraction, and was not there before.
    const auto below = [](uint64_t bytes, uint64_t n) { return (bytes - kOnes * n) & ~bytes & kHighs; };
    if ((below(word, 0x20) | below(word ^ (kOnes * '"'), 1) | below(word ^ (kOnes * '\\'), 1)) != 0) break;
    i += sizeof(word);
  }
  while (i < chunk.size() && !kStringStops[static_cast<unsigned char>(chunk[i])]) ++i;
  return i;
}

std::string ShowByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f ? fmt::format("`{}`", c) : fmt::format("byte 0x{:02x}", byte);
}

}  // namespace

Status JsonScanner::Feed(std::string_view chunk) {
  size_t i = 0;
  while (i < chunk.size() && status_.ok()) {
    switch (state_) {
      case State::kString:
        i = escape_ != 0 ? ScanEscape(chunk, i) : ScanString(chunk, i);
        break;
      case State::kNumber:
        i = ScanNumber(chunk, i);
        break;
      case State::kLiteral:
        i = ScanLiteral(chunk, i);
        break;
      case State::kBom:
        i = ScanBom(chunk, i);
        break;
      default:
        i = ScanStructure(chunk, i);
    }
  }
  if (status_.ok()) offset_ += static_cast<int64_t>(chunk.size());
  return status_;
}

Status JsonScanner::Finish() {
  if (!status_.ok()) return status_;
  const bool number_complete = number_ == Number::kZero || number_ == Number::kInteger ||
                               number_ == Number::kFraction || number_ == Number::kExponent;
  if (state_ == State::kNumber && depth_ == 0 && number_complete) EndValue(0);
  if (status_.ok() && state_ != State::kEnd) {
    const bool blank = state_ == State::kBom || (state_ == State::kValue && depth_ == 0);
    status_ =
        MakeError({.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true},
                  blank ? "the body is empty"
                        : fmt::format("the body is cut: it ends after {} bytes inside the JSON", offset_));
  }
  return status_;
}

size_t JsonScanner::Fail(size_t i, std::string_view what) {
  status_ =
      MakeError({.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true},
                fmt::format("the body is not JSON: {} at byte {}", what, offset_ + static_cast<int64_t>(i)));
  return i;
}

size_t JsonScanner::ScanBom(std::string_view chunk, size_t i) {
  static constexpr std::string_view kBom = "\xef\xbb\xbf";
  if (chunk[i] == kBom[static_cast<size_t>(bom_)]) {
    if (++bom_ == 3) state_ = State::kValue;
    return i + 1;
  }
  if (bom_ != 0) return Fail(i, "a broken byte order mark");
  state_ = State::kValue;
  return i;
}

size_t JsonScanner::ScanStructure(std::string_view chunk, size_t i) {
  while (i < chunk.size() && IsSpace(chunk[i])) ++i;
  // The cheap and frequent ones first.
  if (i < chunk.size() && state_ == State::kAfterValue && chunk[i] == ',') {
    state_ = in_object() ? State::kKey : State::kValue;
    return i + 1;
  }
  return i == chunk.size() ? i : OnPunctuation(chunk[i], i);
}

size_t JsonScanner::OnPunctuation(char c, size_t i) {
  switch (state_) {
    case State::kValueOrClose:
      if (c == ']') return Close(false, i);
      [[fallthrough]];
    case State::kValue:
      return BeginValue(c, i);
    case State::kKeyOrClose:
      if (c == '}') return Close(true, i);
      [[fallthrough]];
    case State::kKey:
      if (c != '"') return Fail(i, fmt::format("{} where a key should be", ShowByte(c)));
      state_ = State::kString;
      string_is_key_ = true;
      keep_key_ = watched();
      key_.clear();
      return i + 1;
    case State::kColon:
      if (c != ':') return Fail(i, fmt::format("{} where a colon should be", ShowByte(c)));
      state_ = State::kValue;
      return i + 1;
    case State::kAfterValue:
      if (c == ',') {
        state_ = in_object() ? State::kKey : State::kValue;
        return i + 1;
      }
      if (c == '}' || c == ']') return Close(c == '}', i);
      return Fail(i, fmt::format("{} where a comma or the end of an {} should be", ShowByte(c),
                                 in_object() ? "object" : "array"));
    default:
      return Fail(i, fmt::format("{} after the end of the document", ShowByte(c)));
  }
}

size_t JsonScanner::BeginValue(char c, size_t i) {
  if (c == '{' || c == '[') return Open(c, i);
  if (c != '"' && !IsDigit(c) && c != '-' && c != 't' && c != 'f' && c != 'n') {
    return Fail(i, fmt::format("{} where a value should be", ShowByte(c)));
  }
  if (watched()) {
    if (auto next = handler_.OnBegin(depth_, c, i); !next.ok()) {
      status_ = next.status();
      return i;
    }
  }
  if (c == '"') {
    state_ = State::kString;
    string_is_key_ = keep_key_ = false;
  } else if (c == 't' || c == 'f' || c == 'n') {
    state_ = State::kLiteral;
    literal_ = c == 't' ? "rue" : c == 'f' ? "alse" : "ull";
  } else {
    state_ = State::kNumber;
    number_ = c == '-' ? Number::kMinus : c == '0' ? Number::kZero : Number::kInteger;
  }
  return i + 1;
}

size_t JsonScanner::Open(char c, size_t i) {
  if (depth_ == kMaxDepth) return Fail(i, fmt::format("nested deeper than {} levels", kMaxDepth));
  bool enter = false;
  if (watched()) {
    auto next = handler_.OnBegin(depth_, c, i);
    if (!next.ok()) {
      status_ = next.status();
      return i;
    }
    enter = *next == JsonHandler::Next::kEnter;
  }
  objects_[static_cast<size_t>(depth_)] = c == '{';
  ++depth_;
  if (enter) entered_ = depth_;
  state_ = c == '{' ? State::kKeyOrClose : State::kValueOrClose;
  return i + 1;
}

size_t JsonScanner::Close(bool object, size_t i) {
  if (depth_ == 0 || in_object() != object) {
    return Fail(i, fmt::format("`{}` closes what it did not open", object ? '}' : ']'));
  }
  if (entered_ == depth_) --entered_;
  --depth_;
  EndValue(i + 1);
  return i + 1;
}

void JsonScanner::EndValue(size_t end) {
  state_ = depth_ == 0 ? State::kEnd : State::kAfterValue;
  if (watched()) status_ = handler_.OnEnd(depth_, end);
}

size_t JsonScanner::EndString(size_t i) {
  if (!string_is_key_) {
    EndValue(i + 1);
    return i + 1;
  }
  state_ = State::kColon;
  if (keep_key_) handler_.OnKey(depth_ - 1, key_);
  return i + 1;
}

size_t JsonScanner::ScanString(std::string_view chunk, size_t i) {
  const size_t start = i;
  i = SkipPlain(chunk, i);
  if (keep_key_ && key_.size() < kMaxKey) key_.append(chunk.substr(start, i - start));
  if (i == chunk.size()) return i;
  if (chunk[i] == '"') return EndString(i);
  if (chunk[i] != '\\') return Fail(i, fmt::format("{} inside a string", ShowByte(chunk[i])));
  if (keep_key_) key_.push_back('\\');
  escape_ = 1;
  return i + 1;
}

size_t JsonScanner::ScanEscape(std::string_view chunk, size_t i) {
  static constexpr std::string_view kEscapes = "\"\\/bfnrt";
  const char c = chunk[i];
  if (keep_key_) key_.push_back(c);
  if (escape_ == 1) {
    if (c == 'u') {
      escape_ = 5;
    } else if (kEscapes.find(c) != std::string_view::npos) {
      escape_ = 0;
    } else {
      return Fail(i, fmt::format("{} after a backslash", ShowByte(c)));
    }
    return i + 1;
  }
  if (!IsHex(c)) return Fail(i, fmt::format("{} where a hexadecimal digit should be", ShowByte(c)));
  if (--escape_ == 1) escape_ = 0;
  return i + 1;
}

size_t JsonScanner::ScanNumber(std::string_view chunk, size_t i) {
  for (; i < chunk.size(); ++i) {
    const char c = chunk[i];
    const bool digit = IsDigit(c);
    switch (number_) {
      case Number::kMinus:
        if (!digit) return Fail(i, "a minus sign without a number");
        number_ = c == '0' ? Number::kZero : Number::kInteger;
        continue;
      case Number::kInteger:
        if (digit) continue;
        [[fallthrough]];
      case Number::kZero:
        if (digit) return Fail(i, "a number with a leading zero");
        if (c == '.') {
          number_ = Number::kPoint;
          continue;
        }
        break;
      case Number::kPoint:
        if (!digit) return Fail(i, "a number that ends with its point");
        number_ = Number::kFraction;
        continue;
      case Number::kFraction:
        if (digit) continue;
        break;
      case Number::kE:
        if (c == '+' || c == '-') {
          number_ = Number::kESign;
          continue;
        }
        [[fallthrough]];
      case Number::kESign:
        if (!digit) return Fail(i, "a number that ends with its exponent sign");
        number_ = Number::kExponent;
        continue;
      case Number::kExponent:
        if (digit) continue;
        EndValue(i);
        return i;
    }
    if (c != 'e' && c != 'E') {
      EndValue(i);
      return i;
    }
    number_ = Number::kE;
  }
  return i;
}

size_t JsonScanner::ScanLiteral(std::string_view chunk, size_t i) {
  for (; i < chunk.size() && *literal_ != '\0'; ++i, ++literal_) {
    if (chunk[i] != *literal_) return Fail(i, fmt::format("{} where a value should be", ShowByte(chunk[i])));
  }
  if (*literal_ == '\0') EndValue(i);
  return i;
}

namespace {

void AppendUtf8(std::string& out, uint32_t code) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

/// The code unit of `\uXXXX` at `i`; 0 where there is none.
uint32_t CodeUnit(std::string_view raw, size_t i) {
  if (i + 6 > raw.size() || raw[i] != '\\' || raw[i + 1] != 'u') return 0;
  uint32_t unit = 0;
  for (const char c : raw.substr(i + 2, 4)) {
    unit = unit * 16 + static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

}  // namespace

std::string UnescapeJson(std::string_view raw) {
  static constexpr std::string_view kFrom = "bfnrt";
  static constexpr std::string_view kTo = "\b\f\n\r\t";
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 == raw.size()) {
      out.push_back(raw[i]);
      continue;
    }
    if (raw[i + 1] != 'u') {
      const size_t at = kFrom.find(raw[++i]);
      out.push_back(at == std::string_view::npos ? raw[i] : kTo[at]);
      continue;
    }
    uint32_t code = CodeUnit(raw, i);
    i += 5;
    if (code >= 0xd800 && code < 0xe000) {
      const uint32_t low = CodeUnit(raw, i + 1);
      const bool pair = code < 0xdc00 && low >= 0xdc00 && low < 0xe000;
      code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
      if (pair) i += 6;
    }
    AppendUtf8(out, code);
  }
  return out;
}

}  // namespace ingesta::source
