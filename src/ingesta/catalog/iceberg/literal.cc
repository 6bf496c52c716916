#include "ingesta/catalog/iceberg/literal.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr size_t kDecimalBytes = 16;

std::string LittleEndian(uint64_t bits, size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
  return out;
}

uint64_t FromLittleEndian(std::string_view bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    bits |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return bits;
}

/// As few bytes as keep the sign.
std::string Minimal(std::string bytes) {
  size_t skip = 0;
  while (skip + 1 < bytes.size()) {
    const auto first = static_cast<uint8_t>(bytes[skip]);
    const bool next_negative = (static_cast<uint8_t>(bytes[skip + 1]) & 0x80) != 0;
    if (!((first == 0x00 && !next_negative) || (first == 0xff && next_negative))) break;
    ++skip;
  }
  return bytes.substr(skip);
}

std::string DecimalBytes(const arrow::Decimal128& value) {
  std::string bytes;
  for (const uint64_t word : {static_cast<uint64_t>(value.high_bits()), value.low_bits()}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  return Minimal(std::move(bytes));
}

arrow::Decimal128 DecimalFrom(const std::string& bytes) {
  const bool negative = !bytes.empty() && (static_cast<uint8_t>(bytes[0]) & 0x80) != 0;
  uint64_t words[2] = {negative ? ~0ULL : 0, negative ? ~0ULL : 0};
  for (const char byte : bytes) {
    words[0] = (words[0] << 8) | (words[1] >> 56);
    words[1] = (words[1] << 8) | static_cast<uint8_t>(byte);
  }
  return {static_cast<int64_t>(words[0]), words[1]};
}

int64_t FloorDiv(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

Result<int64_t> ToMicros(int64_t value, arrow::TimeUnit::type unit) {
  int64_t micros = value;
  bool overflow = false;
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      overflow = __builtin_mul_overflow(value, int64_t{1'000'000}, &micros);
      break;
    case arrow::TimeUnit::MILLI:
      overflow = __builtin_mul_overflow(value, int64_t{1000}, &micros);
      break;
    case arrow::TimeUnit::MICRO:
      break;
    case arrow::TimeUnit::NANO:
      micros = FloorDiv(value, 1000);
      break;
  }
  if (overflow) return Corrupt("a time too far away for microseconds");
  return micros;
}

Result<Literal> NumberFromScalar(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::BOOL:
      return Literal(static_cast<const arrow::BooleanScalar&>(scalar).value);
    case arrow::Type::INT8:
      return Literal(int64_t{static_cast<const arrow::Int8Scalar&>(scalar).value});
    case arrow::Type::INT16:
      return Literal(int64_t{static_cast<const arrow::Int16Scalar&>(scalar).value});
    case arrow::Type::INT32:
      return Literal(int64_t{static_cast<const arrow::Int32Scalar&>(scalar).value});
    case arrow::Type::INT64:
      return Literal(static_cast<const arrow::Int64Scalar&>(scalar).value);
    case arrow::Type::DATE32:
      return Literal(int64_t{static_cast<const arrow::Date32Scalar&>(scalar).value});
    case arrow::Type::FLOAT:
      return Literal(static_cast<double>(static_cast<const arrow::FloatScalar&>(scalar).value));
    case arrow::Type::DOUBLE:
      return Literal(static_cast<const arrow::DoubleScalar&>(scalar).value);
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampScalar&>(scalar);
      ARROW_ASSIGN_OR_RAISE(
          const int64_t micros,
          ToMicros(timestamp.value, static_cast<const arrow::TimestampType&>(*scalar.type).unit()));
      return Literal(micros);
    }
    case arrow::Type::TIME64: {
      const auto& time = static_cast<const arrow::Time64Scalar&>(scalar);
      ARROW_ASSIGN_OR_RAISE(const int64_t micros,
                            ToMicros(time.value, static_cast<const arrow::Time64Type&>(*scalar.type).unit()));
      return Literal(micros);
    }
    default:
      return Literal();
  }
}

bool IsText(const Type& type) {
  return type.id == TypeId::kString;
}

bool IsBytes(const Type& type) {
  return type.id == TypeId::kBinary || type.id == TypeId::kFixed || type.id == TypeId::kUuid;
}

int Sign(bool less, bool greater) {
  return less ? -1 : greater ? 1 : 0;
}

int CompareDoubles(double left, double right) {
  if (std::isnan(left) || std::isnan(right))
    return Sign(std::isnan(right) && !std::isnan(left), std::isnan(left) && !std::isnan(right));
  if (left == 0 && right == 0)
    return Sign(std::signbit(left) && !std::signbit(right), std::signbit(right) && !std::signbit(left));
  return Sign(left<right, left> right);
}

std::string DateText(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string TimeText(int64_t micros) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", micros / 3'600'000'000, micros / 60'000'000 % 60,
                                 micros / 1'000'000 % 60);
  if (micros % 1'000'000 != 0) text += fmt::format(".{:06}", micros % 1'000'000);
  return text;
}

}  // namespace

bool IsOfType(const Type& type, const Literal& literal) {
  switch (type.id) {
    case TypeId::kBoolean:
      return std::holds_alternative<bool>(literal);
    case TypeId::kFloat:
    case TypeId::kDouble:
      return std::holds_alternative<double>(literal);
    case TypeId::kDecimal:
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kFixed:
    case TypeId::kUuid:
      return std::holds_alternative<std::string>(literal);
    default:
      return std::holds_alternative<int64_t>(literal);
  }
}

Result<Literal> LiteralFromScalar(const Type& type, const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return Literal();
  Literal literal;
  if (scalar.type->id() == arrow::Type::DECIMAL128) {
    const auto& decimal = static_cast<const arrow::Decimal128Scalar&>(scalar);
    const auto& decimal_type = static_cast<const arrow::DecimalType&>(*scalar.type);
    if (type.id == TypeId::kDecimal && decimal_type.scale() == type.scale)
      literal = DecimalBytes(decimal.value);
  } else if (arrow::is_base_binary_like(scalar.type->id()) ||
             scalar.type->id() == arrow::Type::FIXED_SIZE_BINARY) {
    const auto& bytes = static_cast<const arrow::BaseBinaryScalar&>(scalar);
    if (IsText(type) || IsBytes(type)) literal = std::string(bytes.view());
  } else {
    ARROW_ASSIGN_OR_RAISE(literal, NumberFromScalar(scalar));
  }
  if (!IsOfType(type, literal)) {
    return MakeError(ErrorCode::kInternal, fmt::format("a value of type {} in a column of type {}",
                                                       scalar.type->ToString(), type.ToString()));
  }
  return literal;
}

std::string SerializeLiteral(const Type& type, const Literal& literal) {
  switch (type.id) {
    case TypeId::kBoolean:
      return std::string(1, std::get<bool>(literal) ? '\x01' : '\x00');
    case TypeId::kInt:
    case TypeId::kDate:
      return LittleEndian(static_cast<uint64_t>(std::get<int64_t>(literal)), 4);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return LittleEndian(static_cast<uint64_t>(std::get<int64_t>(literal)), 8);
    case TypeId::kFloat:
      return LittleEndian(std::bit_cast<uint32_t>(static_cast<float>(std::get<double>(literal))), 4);
    case TypeId::kDouble:
      return LittleEndian(std::bit_cast<uint64_t>(std::get<double>(literal)), 8);
    default:
      return std::get<std::string>(literal);
  }
}

Result<Literal> ParseLiteral(const Type& type, std::string_view bytes) {
  const auto wrong = [&] {
    return Corrupt(fmt::format("{} bytes are no value of type {}", bytes.size(), type.ToString()));
  };
  switch (type.id) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return wrong();
      return Literal(bytes[0] != 0);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      const bool narrow = bytes.size() == 4 &&
                          (type.id == TypeId::kInt || type.id == TypeId::kDate || type.id == TypeId::kLong);
      if (narrow) return Literal(int64_t{static_cast<int32_t>(FromLittleEndian(bytes))});
      if (bytes.size() != 8 || type.id == TypeId::kInt || type.id == TypeId::kDate) return wrong();
      return Literal(static_cast<int64_t>(FromLittleEndian(bytes)));
    }
    case TypeId::kFloat:
    case TypeId::kDouble:
      if (bytes.size() == 4) {
        return Literal(
            static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(FromLittleEndian(bytes)))));
      }
      if (bytes.size() != 8 || type.id == TypeId::kFloat) return wrong();
      return Literal(std::bit_cast<double>(FromLittleEndian(bytes)));
    case TypeId::kDecimal:
      if (bytes.empty() || bytes.size() > kDecimalBytes) return wrong();
      return Literal(Minimal(std::string(bytes)));
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return wrong();
    default:
      return Literal(std::string(bytes));
  }
}

int CompareLiterals(const Type& type, const Literal& left, const Literal& right) {
  if (type.id == TypeId::kDecimal) {
    const arrow::Decimal128 a = DecimalFrom(std::get<std::string>(left));
    const arrow::Decimal128 b = DecimalFrom(std::get<std::string>(right));
    return Sign(a < b, b < a);
  }
  if (const double* a = std::get_if<double>(&left)) return CompareDoubles(*a, std::get<double>(right));
  if (const std::string* a = std::get_if<std::string>(&left)) {
    const int order = a->compare(std::get<std::string>(right));  // char_traits compare as unsigned bytes
    return Sign(order<0, order> 0);
  }
  return Sign(left < right, right < left);
}

std::string LiteralToText(const Type& type, const Literal& literal) {
  if (IsNull(literal)) return "null";
  if (const bool* value = std::get_if<bool>(&literal)) return *value ? "true" : "false";
  if (const double* value = std::get_if<double>(&literal)) return fmt::format("{}", *value);
  if (const int64_t* value = std::get_if<int64_t>(&literal)) {
    constexpr int64_t kDay = 86'400'000'000;
    if (type.id == TypeId::kDate) return DateText(*value);
    if (type.id == TypeId::kTime) return TimeText(*value);
    if (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampTz) {
      const int64_t day = FloorDiv(*value, kDay);
      return DateText(day) + "T" + TimeText(*value - day * kDay) +
             (type.id == TypeId::kTimestampTz ? "+00:00" : "");
    }
    return std::to_string(*value);
  }
  const std::string& bytes = std::get<std::string>(literal);
  if (type.id == TypeId::kDecimal) return DecimalFrom(bytes).ToString(type.scale);
  if (type.id == TypeId::kString) return bytes;
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return hex;
}

}  // namespace ingesta::iceberg
