#include "ingesta/transform/decimal_text.h"

#include <algorithm>
#include <cmath>

namespace ingesta::transform {
namespace {

constexpr std::array<UInt128, kMaxDigits + 1> MakePowers() {
  std::array<UInt128, kMaxDigits + 1> powers{};
  UInt128 power = 1;
  for (UInt128& slot : powers) {
    slot = power;
    power *= 10;
  }
  return powers;
}

constexpr std::array<UInt128, kMaxDigits + 1> kPowers = MakePowers();

bool IsDecimalDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// Reads digits into a DecimalText, counting the significant ones.
class DigitReader {
 public:
  explicit DigitReader(DecimalText* number) : number_(number) {}

  void Add(char c, bool is_fraction) {
    const int digit = c - '0';
    if (significant_ < kMaxDigits) {
      number_->digits = number_->digits * 10 + static_cast<unsigned>(digit);
      if (significant_ > 0 || digit != 0) ++significant_;
      if (is_fraction) --number_->exponent;
      return;
    }
    if (lost_++ == 0) {
      number_->first_lost = digit;
    } else if (digit != 0) {
      number_->more_lost = true;
    }
    if (!is_fraction) ++number_->exponent;
  }

 private:
  DecimalText* number_;
  int significant_ = 0;
  int64_t lost_ = 0;
};

/// The decision of half-even rounding for a remainder of `rest` out of `whole` behind quotient `quotient`.
bool RoundsUp(UInt128 quotient, UInt128 rest, UInt128 whole, bool more) {
  const UInt128 twice = rest * 2;  // rest < 10^38: no overflow
  if (twice != whole) return twice > whole;
  return more || (quotient & 1) != 0;
}

}  // namespace

UInt128 PowerOfTen(int power) {
  return kPowers[static_cast<size_t>(power)];
}

bool ParseDecimalText(std::string_view text, bool allow_exponent, DecimalText* number) {
  *number = {};
  const char* p = text.data();
  const char* end = p + text.size();
  if (p != end && *p == '-') {
    number->negative = true;
    ++p;
  }
  DigitReader reader(number);
  if (p == end || !IsDecimalDigit(*p)) return false;
  for (; p != end && IsDecimalDigit(*p); ++p) reader.Add(*p, false);
  if (p != end && *p == '.') {
    if (++p == end || !IsDecimalDigit(*p)) return false;
    for (; p != end && IsDecimalDigit(*p); ++p) reader.Add(*p, true);
  }
  if (p != end && allow_exponent && (*p == 'e' || *p == 'E')) {
    ++p;
    const bool negative = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+')) ++p;
    if (p == end || !IsDecimalDigit(*p)) return false;
    int64_t exponent = 0;
    // Beyond this every number is 0 or too large, whatever its digits.
    constexpr int64_t kEnough = 1'000'000'000'000;
    for (; p != end && IsDecimalDigit(*p); ++p) exponent = std::min(exponent * 10 + (*p - '0'), kEnough);
    number->exponent += negative ? -exponent : exponent;
  }
  return p == end;
}

bool ScaleDecimal(const DecimalText& number, int precision, int scale, Rounding rounding,
                  ScaledDecimal* scaled) {
  *scaled = {};
  if (number.digits == 0) return true;
  const int64_t shift = number.exponent + scale;
  const UInt128 limit = kPowers[static_cast<size_t>(precision)];
  UInt128 quotient = 0;
  bool up = false;
  if (shift >= 0) {
    if (shift > kMaxDigits || number.digits > (limit - 1) / kPowers[static_cast<size_t>(shift)]) return false;
    quotient = number.digits * kPowers[static_cast<size_t>(shift)];
    if (number.lost_any()) {
      // 38 digits were kept; with more in front of the decimal point it would not have fitted.
      if (shift > 0) return false;
      scaled->exact = false;
      const UInt128 tenths = static_cast<UInt128>(number.first_lost);
      up = RoundsUp(quotient, tenths, 10, number.more_lost);
      scaled->difference = static_cast<double>(up ? 10 - tenths : tenths) * std::pow(10.0, -scale - 1);
    }
  } else {
    const int64_t cut = -shift;
    const bool all_cut = cut > kMaxDigits;
    const UInt128 whole = all_cut ? 0 : kPowers[static_cast<size_t>(cut)];
    quotient = all_cut ? 0 : number.digits / whole;
    const UInt128 rest = all_cut ? number.digits : number.digits % whole;
    scaled->exact = rest == 0 && !number.lost_any();
    up = !all_cut && RoundsUp(quotient, rest, whole, number.lost_any());
    const UInt128 distance = up ? whole - rest : rest;
    scaled->difference = static_cast<double>(distance) * std::pow(10.0, static_cast<double>(number.exponent));
  }
  if (rounding == Rounding::kFloor) up = number.negative && !scaled->exact;
  if (up) ++quotient;
  scaled->magnitude = quotient;
  return quotient < limit;
}

}  // namespace ingesta::transform
