// The digits of a number's text, exactly: what integers, decimals and epoch times are converted from. Pure
// functions.
#pragma once

#include <array>
#include <string_view>

#include "ingesta/transform/convert.h"

namespace ingesta::transform {

inline constexpr int kMaxDigits = 38;  ///< of a decimal128

/// value = digits * 10^exponent, and the digits beyond the 38th.
struct DecimalText {
  bool negative = false;
  UInt128 digits = 0;
  int64_t exponent = 0;
  int first_lost = 0;      ///< the 39th significant digit
  bool more_lost = false;  ///< one of those behind it is not 0

  bool lost_any() const { return first_lost != 0 || more_lost; }
};

/// Parse `[-]digits[.digits][(e|E)[+-]digits]`; the exponent only where allowed. False for anything else.
bool ParseDecimalText(std::string_view text, bool allow_exponent, DecimalText* number);

/// The number times 10^scale, rounded.
struct ScaledDecimal {
  UInt128 magnitude = 0;  ///< without the sign
  bool exact = true;
  double difference = 0;  ///< how far rounding moved the number, where not exact
};

enum class Rounding { kHalfEven, kFloor };

/// False where the magnitude has more than `precision` digits.
bool ScaleDecimal(const DecimalText& number, int precision, int scale, Rounding rounding,
                  ScaledDecimal* scaled);

/// 10^power. REQUIRES: 0 <= power <= 38.
UInt128 PowerOfTen(int power);

}  // namespace ingesta::transform
