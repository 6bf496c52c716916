#include "ingesta/expect/comparison.h"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "ingesta/expect/check.h"
#include "ingesta/expect/values.h"

namespace ingesta::expect {
namespace {

/// Digits of a fixed count at `at`, or -1.
int Digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<int64_t> DateDays(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  if (year < 1 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// Minutes east of UTC that `Z`, `+hh:mm`, `+hhmm` or `+hh` says.
std::optional<int> ZoneMinutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = Digits(text, 1, 2);
  int minutes = 0;
  if (text.size() > 3) minutes = Digits(text, text[3] == ':' ? 4 : 3, 2);
  const size_t size = text.size() == 3 ? 3 : text[3] == ':' ? 6 : 5;
  if (hours < 0 || minutes < 0 || text.size() != size) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

std::optional<double> NumberOfText(const std::string& text) {
  double value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  const auto parsed = std::from_chars(begin, end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Literal> Literal::ParseDate(std::string_view text) {
  const auto days = DateDays(text);
  if (!days) return std::nullopt;
  Literal literal;
  literal.kind_ = Kind::kDate;
  literal.text_ = text;
  literal.value_ = *days;
  return literal;
}

std::optional<Literal> Literal::ParseTime(std::string_view text) {
  if (text.size() < 16 || (text[10] != 'T' && text[10] != ' ' && text[10] != 't')) return std::nullopt;
  const auto days = DateDays(text.substr(0, 10));
  const int hours = Digits(text, 11, 2);
  const int minutes = Digits(text, 14, 2);
  if (!days || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || text[13] != ':') return std::nullopt;
  size_t at = 16;
  int seconds = 0;
  int64_t micros = 0;
  if (at < text.size() && text[at] == ':') {
    seconds = Digits(text, at + 1, 2);
    if (seconds < 0 || seconds > 59) return std::nullopt;
    at += 3;
    if (at < text.size() && text[at] == '.') {
      int64_t unit = 100'000;
      for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
        micros += (text[at] - '0') * unit;
      }
    }
  }
  Literal literal;
  literal.kind_ = Kind::kTime;
  literal.text_ = text;
  int zone = 0;
  if (at < text.size()) {
    const auto minutes_east = ZoneMinutes(text.substr(at));
    if (!minutes_east) return std::nullopt;
    literal.has_zone_ = true;
    zone = *minutes_east;
  }
  literal.value_ =
      ((*days * 24 + hours) * 60 + minutes - zone) * 60'000'000 + seconds * int64_t{1'000'000} + micros;
  return literal;
}

Literal Literal::FromJson(const Json& value) {
  Literal literal;
  if (value.is_number()) {
    literal.kind_ = Kind::kNumber;
    literal.number_ = value.get<double>();
    literal.whole_ =
        value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
    if (literal.whole_) literal.value_ = value.get<int64_t>();
  } else if (value.is_boolean()) {
    literal.kind_ = Kind::kNumber;
    literal.whole_ = true;
    literal.value_ = value.get<bool>() ? 1 : 0;
    literal.number_ = static_cast<double>(literal.value_);
  } else if (value.is_string()) {
    literal.kind_ = Kind::kText;
    literal.text_ = value.get<std::string>();
  }
  return literal;
}

Result<Literal> Literal::FromBound(const Json& value) {
  Literal literal = FromJson(value);
  if (literal.kind_ == Kind::kNumber) {
    literal.whole_ = false;  // GX makes every bound a float
    return literal;
  }
  if (literal.kind_ == Kind::kText) {
    if (const auto number = NumberOfText(literal.text_)) {
      literal.kind_ = Kind::kNumber;
      literal.number_ = *number;
      return literal;
    }
    if (auto date = ParseDate(literal.text_)) return *date;
    if (auto time = ParseTime(literal.text_)) return *time;
  }
  return BadExpectation(fmt::format(
      "{} is neither a number nor a date such as 2025-01-31 or 2025-01-31T10:00:00", value.dump()));
}

std::string Literal::Describe() const {
  switch (kind_) {
    case Kind::kNumber:
      return fmt::format("the number {}", number_);
    case Kind::kText:
      return fmt::format("the text \"{}\"", text_);
    case Kind::kDate:
      return fmt::format("the date {}", text_);
    case Kind::kTime:
      return fmt::format("the time {}", text_);
    case Kind::kOther:
      break;
  }
  return "a value that is no number or text";
}

std::optional<ScaledFloor> FloorScaled(double value, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  auto digits = static_cast<int64_t>(std::ldexp(mantissa, 53));
  exponent -= 53;
  if (digits == 0) return ScaledFloor{0, true};
  arrow::Decimal256 scaled{arrow::Decimal128(digits)};
  scaled *= arrow::Decimal256(arrow::Decimal128::GetScaleMultiplier(std::min(std::max(scale, 0), 38)));
  ScaledFloor result;
  result.exact = true;
  if (exponent > 0) {
    // 2^53 * 10^38 has 180 bits: what goes beyond 240 is beyond 128 bits in any case.
    if (exponent > 60) return std::nullopt;
    scaled <<= static_cast<uint32_t>(exponent);
  } else if (exponent < 0) {
    const auto shift = static_cast<uint32_t>(std::min(-exponent, 255));
    const arrow::Decimal256 before = scaled;
    scaled >>= shift;
    arrow::Decimal256 back = scaled;
    back <<= shift;
    result.exact = back == before && -exponent <= 255;
  }
  const auto& words = scaled.native_endian_array();
  const uint64_t sign = static_cast<int64_t>(words[1]) < 0 ? ~uint64_t{0} : 0;
  if (words[2] != sign || words[3] != sign) return std::nullopt;
  __extension__ typedef unsigned __int128 Unsigned;
  result.floor = static_cast<Int128>((Unsigned{words[1]} << 64) | words[0]);
  return result;
}

namespace {

bool IsOrder(CompareOp op) {
  return op != CompareOp::kEqual && op != CompareOp::kNotEqual;
}

/// What `value op literal` is when every value is below (or above) the literal.
bool Beyond(CompareOp op, bool literal_is_larger) {
  switch (op) {
    case CompareOp::kEqual:
      return false;
    case CompareOp::kNotEqual:
      return true;
    case CompareOp::kLess:
    case CompareOp::kLessEqual:
      return literal_is_larger;
    default:
      return !literal_is_larger;
  }
}

}  // namespace

Result<Comparison> Comparison::Make(const arrow::DataType& type, CompareOp op, const Literal& literal) {
  Comparison made;
  made.kind_ = KindOf(type);
  made.op_ = op;
  const auto mismatch = [&]() -> Result<Comparison> {
    if (IsOrder(op)) {
      return BadExpectation(fmt::format("a column of {} ({}) has no order against {}", KindName(made.kind_),
                                        type.ToString(), literal.Describe()));
    }
    made.always_ = op == CompareOp::kNotEqual;
    return made;
  };
  const bool number = literal.kind() == Literal::Kind::kNumber;
  switch (made.kind_) {
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kFloat:
      if (!number) return mismatch();
      made.number_ = literal.number();
      made.as_integers_ = literal.whole() && made.kind_ != ValueKind::kFloat;
      made.integer_ = literal.integer();
      return made;
    case ValueKind::kDecimal:
      if (!number) return mismatch();
      made.TakeDecimal(literal.number(), static_cast<const arrow::Decimal128Type&>(type).scale());
      return made;
    case ValueKind::kString:
      if (literal.kind() != Literal::Kind::kText) return mismatch();
      made.text_ = literal.text();
      return made;
    case ValueKind::kDate:
      if (literal.kind() != Literal::Kind::kDate) return mismatch();
      made.as_integers_ = true;
      made.integer_ = literal.days();
      return made;
    case ValueKind::kTimestamp: {
      if (literal.kind() != Literal::Kind::kTime || literal.has_zone() != HasZone(type)) return mismatch();
      made.as_integers_ = true;
      if (TicksPerSecond(type) == 1'000'000) {
        made.integer_ = literal.micros();
      } else if (__builtin_mul_overflow(literal.micros(), int64_t{1000}, &made.integer_)) {
        made.always_ = Beyond(op, literal.micros() > 0);
      }
      return made;
    }
    case ValueKind::kOther:
      break;
  }
  return BadExpectation(fmt::format("columns of type {} are not checked", type.ToString()));
}

void Comparison::TakeDecimal(double literal, int scale) {
  const auto scaled = FloorScaled(literal, scale);
  if (!scaled) {
    always_ = Beyond(op_, literal > 0);
    return;
  }
  decimal_ = scaled->floor;
  if (scaled->exact) return;
  // No decimal equals it: x < b is x <= floor(b), x > b is x > floor(b).
  if (!IsOrder(op_)) always_ = op_ == CompareOp::kNotEqual;
  if (op_ == CompareOp::kLess) op_ = CompareOp::kLessEqual;
  if (op_ == CompareOp::kGreaterEqual) op_ = CompareOp::kGreater;
}

template <typename T>
void Comparison::JudgeAll(const T* values, int64_t rows, T literal, uint8_t* out) const {
  switch (op_) {
    case CompareOp::kEqual:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] == literal ? 1 : 0;
      return;
    case CompareOp::kNotEqual:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] != literal ? 1 : 0;
      return;
    case CompareOp::kLess:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] < literal ? 1 : 0;
      return;
    case CompareOp::kLessEqual:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] <= literal ? 1 : 0;
      return;
    case CompareOp::kGreater:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] > literal ? 1 : 0;
      return;
    case CompareOp::kGreaterEqual:
      for (int64_t i = 0; i < rows; ++i) out[i] = values[i] >= literal ? 1 : 0;
      return;
  }
}

void Comparison::Judge(const ColumnView& column, uint8_t* out) const {
  const int64_t rows = column.size();
  if (always_) {
    std::fill_n(out, rows, *always_ ? 1 : 0);
  } else if (kind_ == ValueKind::kFloat) {
    JudgeAll(column.doubles(), rows, number_, out);
  } else if (kind_ == ValueKind::kDecimal) {
    JudgeAll(column.decimals(), rows, decimal_, out);
  } else if (kind_ == ValueKind::kString) {
    JudgeAll(column.texts(), rows, std::string_view(text_), out);
  } else if (as_integers_) {
    JudgeAll(column.ints(), rows, integer_, out);
  } else {
    // As numpy compares integers with a float: by their nearest doubles.
    const int64_t* values = column.ints();
    std::vector<double> doubles(values, values + rows);
    JudgeAll(doubles.data(), rows, number_, out);
  }
}

}  // namespace ingesta::expect
