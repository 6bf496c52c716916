#include "ingesta/format/value_text.h"

#include <algorithm>

namespace ingesta::format {
namespace {

__extension__ typedef unsigned __int128 Uint128;

}  // namespace

char* AppendDecimal128(char* out, const uint8_t* unscaled, int scale) {
  uint64_t low = 0;
  uint64_t high = 0;
  std::memcpy(&low, unscaled, 8);
  std::memcpy(&high, unscaled + 8, 8);
  Uint128 magnitude = (static_cast<Uint128>(high) << 64) | low;
  if ((high >> 63) != 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  // Three pieces of 18 digits hold the 39 digits of 2^127.
  constexpr uint64_t kPiece = 1'000'000'000'000'000'000;
  std::array<char, 54> digits;
  char* at = digits.data() + digits.size();
  for (int piece = 0; piece < 3; ++piece, magnitude /= kPiece) {
    at -= 18;
    internal::AppendPadded(at, static_cast<uint64_t>(magnitude % kPiece), 18);
  }
  char* const end = digits.data() + digits.size();
  char* const point = end - scale;
  char* const first = std::find_if(digits.data(), point - 1, [](char c) { return c != '0'; });
  out = std::copy(first, point, out);
  if (scale == 0) return out;
  *out++ = '.';
  return std::copy(point, end, out);
}

}  // namespace ingesta::format
