#include "ingesta/expect/values.h"

#include <arrow/array/array_base.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace ingesta::expect {
namespace {

std::string IntText(Int128 value) {
  if (value == 0) return "0";
  // The smallest value has no positive counterpart, so digits are taken from the negative side.
  const bool negative = value < 0;
  std::string digits;
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + std::abs(digit)));
  }
  return negative ? "-" + digits : digits;
}

}  // namespace

int64_t TicksPerSecond(const arrow::DataType& type) {
  const bool nanos = static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::NANO;
  return nanos ? 1'000'000'000 : 1'000'000;
}

bool HasZone(const arrow::DataType& type) {
  return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

std::string IsoDate(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string IsoTime(int64_t ticks, int64_t per_second, bool zone, TimeStyle style) {
  int64_t seconds = ticks / per_second;
  int64_t fraction = ticks % per_second;
  if (fraction < 0) {
    fraction += per_second;
    --seconds;
  }
  int64_t days = seconds / 86'400;
  int64_t rest = seconds % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  std::string text =
      fmt::format("{}T{:02}:{:02}:{:02}", IsoDate(days), rest / 3600, rest / 60 % 60, rest % 60);
  const bool nanos = per_second == 1'000'000'000;
  if (style == TimeStyle::kNumpy) {
    text += nanos ? fmt::format(".{:09}", fraction) : fmt::format(".{:06}", fraction);
  } else if (fraction != 0) {
    // pandas shows nanoseconds only where there are some.
    text += nanos && fraction % 1000 != 0 ? fmt::format(".{:09}", fraction)
                                          : fmt::format(".{:06}", nanos ? fraction / 1000 : fraction);
  }
  if (zone && style == TimeStyle::kIso) text += "+00:00";
  return text;
}

std::string PythonFloat(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  // fmt's shortest form has Python's digits; Python writes 1e16 and above, and below 1e-4, with an exponent.
  const double size = std::fabs(value);
  if (size != 0 && (size >= 1e16 || size < 1e-4)) {
    std::string text = fmt::format("{:e}", value);
    // {:e} without precision has six digits: the shortest ones come from {}.
    const std::string plain = fmt::format("{}", value);
    const size_t exponent = plain.find('e');
    if (exponent != std::string::npos) return plain;
    for (int digits = 0; digits <= 17; ++digits) {
      text = fmt::format("{:.{}e}", value, digits);
      if (std::strtod(text.c_str(), nullptr) == value) break;
    }
    return text;
  }
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string DecimalText(Int128 unscaled, int scale) {
  std::string digits = IntText(unscaled);
  if (scale <= 0) return digits + std::string(static_cast<size_t>(-scale), '0');
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const auto places = static_cast<size_t>(scale);
  // Python's Decimal turns to exponents where the value is below 1e-6: `0E-7`, `1E-7`.
  const auto exponent = static_cast<int64_t>(digits.size()) - 1 - scale;
  std::string text;
  if (exponent < -6) {
    text = digits.substr(0, 1);
    if (digits.size() > 1) text += "." + digits.substr(1);
    text += fmt::format("E{}", exponent);
  } else {
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    text = digits.substr(0, digits.size() - places) + "." + digits.substr(digits.size() - places);
  }
  return negative ? "-" + text : text;
}

double DecimalToDouble(Int128 unscaled, int scale) {
  // A double holds both parts exactly in the usual range, and one division rounds once.
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr Int128 kExact = Int128{1} << 53;
  if (scale >= 0 && scale <= 22 && unscaled >= -kExact && unscaled <= kExact) {
    return static_cast<double>(unscaled) / kPowers[scale];
  }
  return std::strtod(DecimalText(unscaled, scale).c_str(), nullptr);
}

Json DecimalJson(Int128 unscaled, int scale) {
  return DecimalToDouble(unscaled, scale);
}

Json IntJson(const arrow::DataType& type, int64_t value, TimeStyle style) {
  switch (KindOf(type)) {
    case ValueKind::kBool:
      return value != 0;
    case ValueKind::kDate:
      return IsoDate(value);
    case ValueKind::kTimestamp:
      return IsoTime(value, TicksPerSecond(type), HasZone(type), style);
    default:
      return value;
  }
}

Json ValueJson(const ColumnView& column, int64_t row, TimeStyle style) {
  if (!column.IsPresent(row)) {
    return column.kind() == ValueKind::kTimestamp ? Json("NaT") : Json(nullptr);
  }
  switch (column.kind()) {
    case ValueKind::kFloat:
      return column.doubles()[row];
    case ValueKind::kDecimal:
      return DecimalJson(column.decimals()[row], column.scale());
    case ValueKind::kString:
      return std::string(column.texts()[row]);
    case ValueKind::kOther:
      return nullptr;
    default:
      return IntJson(*column.array().type(), column.ints()[row], style);
  }
}

std::string_view PythonText(const ColumnView& column, int64_t row, std::string& scratch) {
  switch (column.kind()) {
    case ValueKind::kString:
      return column.texts()[row];
    case ValueKind::kBool:
      return column.ints()[row] != 0 ? "True" : "False";
    case ValueKind::kInt:
      scratch = fmt::format("{}", column.ints()[row]);
      break;
    case ValueKind::kFloat:
      scratch = PythonFloat(column.doubles()[row]);
      break;
    case ValueKind::kDecimal:
      scratch = DecimalText(column.decimals()[row], column.scale());
      break;
    case ValueKind::kDate:
      scratch = IsoDate(column.ints()[row]);
      break;
    default:
      scratch.clear();
  }
  return scratch;
}

int64_t CountCharacters(std::string_view text) {
  int64_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace ingesta::expect
