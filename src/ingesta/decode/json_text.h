// Small checks on JSON text that the SIMD index leaves open: the grammar of numbers and escapes, and a
// printable form of foreign bytes for messages. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ingesta::decode {

/// Bytes that must be readable behind a text that these functions or the token cursor look at.
inline constexpr size_t kTextPadding = 64;

inline bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// Whether [begin, end) is a JSON number. Reads at most one byte beyond.
inline bool IsJsonNumber(const char* begin, const char* end) {
  const char* p = begin;
  if (*p == '-') ++p;
  if (!IsDigit(*p)) return false;
  if (*p == '0') {
    ++p;
  } else {
    while (IsDigit(*p)) ++p;
  }
  if (*p == '.') {
    if (!IsDigit(*++p)) return false;
    while (IsDigit(*p)) ++p;
  }
  if (*p == 'e' || *p == 'E') {
    ++p;
    if (*p == '+' || *p == '-') ++p;
    if (!IsDigit(*p)) return false;
    while (IsDigit(*p)) ++p;
  }
  return p == end;
}

/// Whether every backslash in `content` (a JSON string without its quotes) begins a valid escape. Lone
/// surrogates pass: they are JSON, though no text.
bool HasValidEscapes(std::string_view content);

/// The first bytes of `bytes` for a message: one line of ASCII, cut to `limit` bytes.
std::string Printable(std::string_view bytes, size_t limit = 120);

/// a[0, size) == b[0, size). REQUIRES: 8 readable bytes behind both. Quicker than memcmp for short keys.
inline bool EqualPadded(const char* a, const char* b, size_t size) {
  uint64_t x = 0;
  uint64_t y = 0;
  for (; size > 8; a += 8, b += 8, size -= 8) {
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    if (x != y) return false;
  }
  std::memcpy(&x, a, 8);
  std::memcpy(&y, b, 8);
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the mask keeps the first bytes");
  return size == 0 || ((x ^ y) << (64 - 8 * size)) == 0;
}

}  // namespace ingesta::decode
