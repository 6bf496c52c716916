// Numbers, decimals, dates and timestamps as text, written through a raw cursor. No locale, no allocation.
// Every function returns the new end; the caller guarantees the width named beside it. Shared by the text
// formats.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ingesta::format {

inline constexpr int64_t kMicrosPerDay = 86'400'000'000;
/// Days since 1970-01-01 of 0001-01-01 and 9999-12-31.
inline constexpr int64_t kFirstDay = -719'162;
inline constexpr int64_t kLastDay = 2'932'896;

namespace internal {

inline constexpr auto kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline constexpr auto kPowersOfTen = [] {
  std::array<uint64_t, 20> powers{};
  uint64_t power = 1;
  for (uint64_t& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

inline char* AppendPair(char* out, uint64_t below_100) {
  std::memcpy(out, kDigitPairs.data() + 2 * below_100, 2);
  return out + 2;
}

/// `value` in exactly `digits` characters, zeros in front.
inline char* AppendPadded(char* out, uint64_t value, int digits) {
  char* at = out + digits;
  for (; at - out >= 2; value /= 100) AppendPair(at -= 2, value % 100);
  if (at != out) *out = static_cast<char>('0' + value % 10);
  return out + digits;
}

}  // namespace internal

inline char* AppendText(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// Up to 20 characters.
template <typename Int>
char* AppendInt(char* out, Int value) {
  return std::to_chars(out, out + 20, value).ptr;
}

/// Shortest text that reads back as the same double; up to 24 characters. REQUIRES: finite.
inline char* AppendFiniteDouble(char* out, double value) {
  return std::to_chars(out, out + 32, value).ptr;
}

/// Shortest text, or `NaN`, `Infinity`, `-Infinity`.
inline char* AppendDouble(char* out, double value) {
  if (std::isfinite(value)) return AppendFiniteDouble(out, value);
  return AppendText(out, std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

/// `unscaled` / 10^scale with all its decimals, such as `12.30`; up to 22 characters. REQUIRES: 0 <= scale
/// <= 18.
inline char* AppendDecimal64(char* out, int64_t unscaled, int scale) {
  uint64_t magnitude = static_cast<uint64_t>(unscaled);
  if (unscaled < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  if (scale == 2) {  // money: a division by a constant
    out = AppendInt(out, magnitude / 100);
    *out++ = '.';
    return internal::AppendPair(out, magnitude % 100);
  }
  const uint64_t unit = internal::kPowersOfTen[static_cast<size_t>(scale)];
  out = AppendInt(out, magnitude / unit);
  if (scale == 0) return out;
  *out++ = '.';
  return internal::AppendPadded(out, magnitude % unit, scale);
}

/// The same for a little-endian two's complement 128-bit value; up to 41 characters. REQUIRES: 0 <= scale
/// <= 38.
char* AppendDecimal128(char* out, const uint8_t* unscaled, int scale);

/// `YYYY-MM-DD` of the day since 1970-01-01, 10 characters. REQUIRES: kFirstDay <= day <= kLastDay.
inline char* AppendDate(char* out, int64_t day) {
  // Years begin in March here, so that the leap day is the last of its year; eras of 400 years have equal
  // length.
  const auto shifted = static_cast<uint64_t>(day + 719'468);
  const uint64_t era = shifted / 146'097;
  const uint64_t day_of_era = shifted % 146'097;
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t march_month = (5 * day_of_year + 2) / 153;
  const uint64_t day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
  const uint64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const uint64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  out = internal::AppendPair(out, year / 100);
  out = internal::AppendPair(out, year % 100);
  *out++ = '-';
  out = internal::AppendPair(out, month);
  *out++ = '-';
  return internal::AppendPair(out, day_of_month);
}

/// `YYYY-MM-DD?HH:MM:SS[.ffffff]`; keeps the last date's text, as neighbouring rows often share it. Up to 26
/// characters.
class TimestampText {
 public:
  /// nullptr where the year is not within 1 and 9999.
  template <char kBetween>
  char* Append(char* out, int64_t micros) {
    int64_t day = micros / kMicrosPerDay;
    int64_t in_day = micros % kMicrosPerDay;
    if (in_day < 0) {
      --day;
      in_day += kMicrosPerDay;
    }
    if (day != day_) {
      if (day < kFirstDay || day > kLastDay) return nullptr;
      AppendDate(date_.data(), day);
      day_ = day;
    }
    std::memcpy(out, date_.data(), 10);
    out[10] = kBetween;
    const auto seconds = static_cast<uint32_t>(in_day / 1'000'000);
    const auto fraction = static_cast<uint32_t>(in_day % 1'000'000);
    internal::AppendPair(out + 11, seconds / 3'600);
    out[13] = ':';
    internal::AppendPair(out + 14, seconds / 60 % 60);
    out[16] = ':';
    internal::AppendPair(out + 17, seconds % 60);
    if (fraction == 0) return out + 19;
    out[19] = '.';
    return internal::AppendPadded(out + 20, fraction, 6);
  }

 private:
  int64_t day_ = INT64_MIN;
  std::array<char, 10> date_{};
};

}  // namespace ingesta::format
