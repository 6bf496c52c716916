// Long bounds cut short: a string by characters, a binary by bytes, upper bounds moved up to the next value.
#include <fmt/format.h>

#include <utility>

#include "ingesta/catalog/iceberg/literal.h"

namespace ingesta::iceberg {
namespace {

constexpr size_t kKept = 16;
constexpr uint32_t kLastCodePoint = 0x10ffff;
constexpr uint32_t kFirstSurrogate = 0xd800;
constexpr uint32_t kAfterSurrogates = 0xe000;

bool IsContinuation(char byte) {
  return (static_cast<uint8_t>(byte) & 0xc0) == 0x80;
}

/// Where the character after `count` ones begins; the size where there are no more.
size_t OffsetOfCharacter(const std::string& text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    ++at;
    while (at < text.size() && IsContinuation(text[at])) ++at;
  }
  return at;
}

std::string EncodeUtf8(uint32_t code) {
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

/// The code point of one whole character; nullopt where the bytes are no valid UTF-8.
std::optional<uint32_t> DecodeUtf8(std::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  const size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size != bytes.size()) return std::nullopt;
  uint32_t code = size == 1 ? first : first & (0xffU >> (size + 1));
  for (size_t i = 1; i < size; ++i) code = (code << 6) | (static_cast<uint8_t>(bytes[i]) & 0x3f);
  return code <= kLastCodePoint ? std::optional(code) : std::nullopt;
}

std::optional<std::string> NextText(std::string text) {
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && IsContinuation(text[start])) --start;
    const std::optional<uint32_t> code = DecodeUtf8(std::string_view(text).substr(start));
    if (!code) return std::nullopt;
    text.resize(start);
    if (*code < kLastCodePoint) {
      const uint32_t next = *code + 1;
      return text + EncodeUtf8(next == kFirstSurrogate ? kAfterSurrogates : next);
    }
  }
  return std::nullopt;
}

std::optional<std::string> NextBytes(std::string bytes) {
  while (!bytes.empty()) {
    const auto last = static_cast<uint8_t>(bytes.back());
    bytes.pop_back();
    if (last < 0xff) return bytes + static_cast<char>(last + 1);
  }
  return std::nullopt;
}

size_t KeptBytes(const Type& type, const std::string& bytes) {
  return type.id == TypeId::kString ? OffsetOfCharacter(bytes, kKept) : std::min(kKept, bytes.size());
}

}  // namespace

Literal TruncateLower(const Type& type, Literal literal) {
  if (type.id == TypeId::kString || type.id == TypeId::kBinary) {
    auto& bytes = std::get<std::string>(literal);
    bytes.resize(KeptBytes(type, bytes));
  }
  return literal;
}

std::optional<Literal> TruncateUpper(const Type& type, Literal literal) {
  if (type.id != TypeId::kString && type.id != TypeId::kBinary) return literal;
  auto& bytes = std::get<std::string>(literal);
  const size_t kept = KeptBytes(type, bytes);
  if (kept == bytes.size()) return literal;
  bytes.resize(kept);
  std::optional<std::string> next =
      type.id == TypeId::kString ? NextText(std::move(bytes)) : NextBytes(std::move(bytes));
  return next ? std::optional<Literal>(std::move(*next)) : std::nullopt;
}

}  // namespace ingesta::iceberg
