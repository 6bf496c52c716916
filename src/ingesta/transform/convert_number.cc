// Integers, decimals, doubles and booleans.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ingesta/transform/convert.h"
#include "ingesta/transform/decimal_text.h"

namespace ingesta::transform {
namespace {

bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// Below this a difference is noise of the double that a service keeps its money in.
constexpr double kNoise = 1e-6;

bool IsNoise(const DecimalText& number, double difference) {
  if (difference < kNoise) return true;
  const double value =
      static_cast<double>(number.digits) * std::pow(10.0, static_cast<double>(number.exponent));
  return difference <= std::nextafter(value, std::numeric_limits<double>::infinity()) - value;
}

/// Up to 18 digits without an exponent: nearly every number. False: take the long way.
bool ConvertShortDecimal(std::string_view text, int precision, int scale, ColumnValue* value) {
  if (text.empty() || text.size() > 18) return false;
  const char* p = text.data();
  const char* end = p + text.size();
  const bool negative = *p == '-';
  if (negative) ++p;
  if (p == end || !IsDigit(*p)) return false;
  int64_t digits = 0;
  for (; p != end && IsDigit(*p); ++p) digits = digits * 10 + (*p - '0');
  int fraction = 0;
  if (p != end && *p == '.') {
    const char* point = p++;
    for (; p != end && IsDigit(*p); ++p) digits = digits * 10 + (*p - '0');
    fraction = static_cast<int>(p - point) - 1;
    if (fraction == 0) return false;
  }
  // 10^18 * 10^19 is in range.
  if (p != end || fraction > scale || scale - fraction > 19) return false;
  const UInt128 magnitude =
      static_cast<UInt128>(digits) * static_cast<uint64_t>(PowerOfTen(scale - fraction));
  if (magnitude >= PowerOfTen(precision)) return false;
  const Int128 scaled = static_cast<Int128>(magnitude);
  value->decimal = negative ? -scaled : scaled;
  return true;
}

/// Up to 18 digits: nearly every integer. False: take the long way.
bool ReadShortInteger(std::string_view text, int64_t* value) {
  if (text.empty() || text.size() > 18) return false;
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  int64_t number = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    number = number * 10 + (c - '0');
  }
  *value = negative ? -number : number;
  return !text.empty();
}

}  // namespace

bool ConvertInteger(const Scalar& scalar, int64_t min, int64_t max, ColumnValue* value,
                    Complaint* complaint) {
  *complaint = "";
  if (scalar.kind() != Scalar::Kind::kNumber) return false;
  if (!ReadShortInteger(scalar.text(), &value->integer)) {
    DecimalText number;
    if (!ParseDecimalText(scalar.text(), true, &number)) return false;
    ScaledDecimal scaled;
    const bool fits = ScaleDecimal(number, 20, 0, Rounding::kHalfEven, &scaled);
    if (fits && !scaled.exact) {
      *complaint = "it is no whole number";
      return false;
    }
    const UInt128 limit =
        static_cast<UInt128>(std::numeric_limits<int64_t>::max()) + (number.negative ? 1 : 0);
    if (!fits || scaled.magnitude > limit) {
      *complaint = "it is out of range";
      return false;
    }
    const Int128 magnitude = static_cast<Int128>(scaled.magnitude);
    value->integer = static_cast<int64_t>(number.negative ? -magnitude : magnitude);
  }
  if (value->integer >= min && value->integer <= max) return true;
  *complaint = "it is out of range";
  return false;
}

bool ConvertDecimal(const Scalar& scalar, int precision, int scale, ColumnValue* value,
                    Complaint* complaint) {
  *complaint = "";
  value->rounded = false;
  const bool is_number = scalar.kind() == Scalar::Kind::kNumber;
  if (!is_number && scalar.kind() != Scalar::Kind::kString) return false;
  if (ConvertShortDecimal(scalar.text(), precision, scale, value)) return true;
  DecimalText number;
  if (!ParseDecimalText(scalar.text(), is_number, &number)) return false;
  ScaledDecimal scaled;
  if (!ScaleDecimal(number, precision, scale, Rounding::kHalfEven, &scaled)) {
    *complaint = "it does not fit";
    return false;
  }
  value->rounded = !scaled.exact && !IsNoise(number, scaled.difference);
  const Int128 magnitude = static_cast<Int128>(scaled.magnitude);
  value->decimal = number.negative ? -magnitude : magnitude;
  return true;
}

bool ConvertDouble(const Scalar& scalar, ColumnValue* value, Complaint* complaint) {
  *complaint = "";
  if (scalar.kind() != Scalar::Kind::kNumber) return false;
  const char* begin = scalar.text().data();
  const char* end = begin + scalar.text().size();
  const auto [stop, error] = std::from_chars(begin, end, value->real);
  if (error == std::errc::result_out_of_range) {
    // Too large to hold, or too small to tell from 0.
    DecimalText number;
    if (ParseDecimalText(scalar.text(), true, &number) && number.exponent < 0) {
      value->real = number.negative ? -0.0 : 0.0;
      return true;
    }
    *complaint = "it is out of range";
    return false;
  }
  return error == std::errc() && stop == end && IsDigit(end[-1]);
}

bool ConvertBool(const Scalar& scalar, ColumnValue* value, Complaint* complaint) {
  *complaint = "";
  value->integer = scalar.kind() == Scalar::Kind::kTrue ? 1 : 0;
  return scalar.kind() == Scalar::Kind::kTrue || scalar.kind() == Scalar::Kind::kFalse;
}

}  // namespace ingesta::transform
