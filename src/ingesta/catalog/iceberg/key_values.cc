#include "ingesta/catalog/iceberg/key_values.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <functional>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

/// murmur3's finalizer over what was there and the new value.
uint64_t Mix(uint64_t hash, uint64_t value) {
  uint64_t mixed = hash * 0x9e3779b97f4a7c15ULL + value;
  mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccdULL;
  mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return mixed ^ (mixed >> 33);
}

template <typename Number>
void AppendNumbers(const arrow::Array& values, std::vector<int64_t>& numbers) {
  const auto* const raw = values.data()->GetValues<Number>(1);
  numbers.insert(numbers.end(), raw, raw + values.length());
}

void AppendNumber(const arrow::Array& values, std::vector<int64_t>& numbers) {
  if (values.type_id() == arrow::Type::BOOL) {
    const auto& flags = static_cast<const arrow::BooleanArray&>(values);
    for (int64_t i = 0; i < flags.length(); ++i) numbers.push_back(flags.Value(i) ? 1 : 0);
  } else if (values.type()->byte_width() == 4) {
    AppendNumbers<int32_t>(values, numbers);
  } else {
    AppendNumbers<int64_t>(values, numbers);
  }
}

arrow::Decimal128 DecimalOf(const Literal& literal) {
  const std::string& bytes = std::get<std::string>(literal);
  const auto decimal = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                        static_cast<int32_t>(bytes.size()));
  return decimal.ok() ? *decimal : arrow::Decimal128();  // a literal has 1 to 16 bytes
}

int64_t NumberOf(const Literal& literal) {
  const bool* const flag = std::get_if<bool>(&literal);
  return flag != nullptr ? int64_t{*flag} : std::get<int64_t>(literal);
}

template <typename T>
int Order(const T& left, const T& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

}  // namespace

Result<KeyValues> KeyValues::Make(const Field& field) {
  switch (field.type->id) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return KeyValues(Kind::kNumber, field.type);
    case TypeId::kDecimal:
      return KeyValues(Kind::kDecimal, field.type);
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kFixed:
    case TypeId::kUuid:
      return KeyValues(Kind::kBytes, field.type);
    default:
      break;
  }
  return Unsupported(fmt::format("column '{}' of type {} can't be a key", field.name, field.type->ToString()),
                     "keys are numbers, decimals, dates, times, text or bytes");
}

void KeyValues::Append(const arrow::Array& values) {
  if (kind_ == Kind::kNumber) return AppendNumber(values, numbers_);
  if (kind_ == Kind::kDecimal) {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(values);
    for (int64_t i = 0; i < decimals.length(); ++i) decimals_.emplace_back(decimals.GetValue(i));
    return;
  }
  for (int64_t i = 0; i < values.length(); ++i) {
    bytes_ += values.type_id() == arrow::Type::FIXED_SIZE_BINARY
                  ? static_cast<const arrow::FixedSizeBinaryArray&>(values).GetView(i)
                  : static_cast<const arrow::BinaryArray&>(values).GetView(i);
    ends_.push_back(static_cast<int64_t>(bytes_.size()));
  }
}

size_t KeyValues::size() const {
  return kind_ == Kind::kNumber ? numbers_.size() : kind_ == Kind::kDecimal ? decimals_.size() : ends_.size();
}

std::string_view KeyValues::Bytes(size_t i) const {
  const int64_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(static_cast<size_t>(begin), static_cast<size_t>(ends_[i] - begin));
}

void KeyValues::AddTo(std::vector<uint64_t>& hashes) const {
  if (kind_ == Kind::kNumber) {
    for (size_t i = 0; i < hashes.size(); ++i) hashes[i] = Mix(hashes[i], static_cast<uint64_t>(numbers_[i]));
    return;
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    if (kind_ == Kind::kBytes) {
      hashes[i] = Mix(hashes[i], std::hash<std::string_view>()(Bytes(i)));
    } else {
      hashes[i] =
          Mix(Mix(hashes[i], decimals_[i].low_bits()), static_cast<uint64_t>(decimals_[i].high_bits()));
    }
  }
}

bool KeyValues::Same(size_t i, const KeyValues& other, size_t j) const {
  if (kind_ == Kind::kNumber) return numbers_[i] == other.numbers_[j];
  if (kind_ == Kind::kDecimal) return decimals_[i] == other.decimals_[j];
  return Bytes(i) == other.Bytes(j);
}

bool KeyValues::Less(size_t i, size_t j) const {
  if (kind_ == Kind::kNumber) return numbers_[i] < numbers_[j];
  if (kind_ == Kind::kDecimal) return decimals_[i] < decimals_[j];
  return Bytes(i) < Bytes(j);
}

int KeyValues::CompareWith(size_t i, const Literal& literal) const {
  if (kind_ == Kind::kNumber) return Order(numbers_[i], NumberOf(literal));
  if (kind_ == Kind::kDecimal) return Order(decimals_[i], DecimalOf(literal));
  return Bytes(i).compare(std::get<std::string>(literal));
}

std::string KeyValues::ToText(size_t i) const {
  if (kind_ == Kind::kDecimal) return decimals_[i].ToString(type_->scale);
  if (kind_ == Kind::kBytes) return LiteralToText(*type_, Literal(std::string(Bytes(i))));
  if (type_->id == TypeId::kBoolean) return numbers_[i] != 0 ? "true" : "false";
  return LiteralToText(*type_, Literal(numbers_[i]));
}

}  // namespace ingesta::iceberg
