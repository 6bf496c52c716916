#include "ingesta/transform/fingerprint.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "ingesta/transform/row_builder.h"

namespace ingesta::transform {
namespace {

// Odd constants of XXH64.
constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87ULL;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FULL;
/// What stands for null; no value of eight bytes that a column is likely to hold.
constexpr uint64_t kNullValue = 0x7FB5D329728EA185ULL;

/// Take the next column's value into a row's hash; the order of the columns counts.
uint64_t WithValue(uint64_t hash, uint64_t value) {
  return std::rotl(hash ^ (value * kPrime1), 31) * kPrime2;
}

uint64_t WithLastMix(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= kPrime2;
  hash ^= hash >> 29;
  return hash == 0 ? 1 : hash;
}

template <typename Array, typename Hash>
void AddColumn(const arrow::Array& column, const Hash& hash, std::vector<RowFingerprint>& rows) {
  const auto& values = static_cast<const Array&>(column);
  const bool has_nulls = column.null_count() != 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const uint64_t value = has_nulls && values.IsNull(row) ? kNullValue : hash(values, row);
    rows[i].content = WithValue(rows[i].content, value);
  }
}

template <typename Array>
void AddIntegers(const arrow::Array& column, std::vector<RowFingerprint>& rows) {
  AddColumn<Array>(
      column,
      [](const Array& values, int64_t row) {
        return static_cast<uint64_t>(static_cast<int64_t>(values.Value(row)));
      },
      rows);
}

void AddDoubles(const arrow::Array& column, std::vector<RowFingerprint>& rows) {
  AddColumn<arrow::DoubleArray>(
      column,
      [](const arrow::DoubleArray& values, int64_t row) {
        const double value = values.Value(row);
        return value == 0 ? 0 : std::bit_cast<uint64_t>(value);  // -0 is 0
      },
      rows);
}

void AddDecimals(const arrow::Array& column, std::vector<RowFingerprint>& rows) {
  AddColumn<arrow::Decimal128Array>(
      column,
      [](const arrow::Decimal128Array& values, int64_t row) {
        uint64_t words[2];
        std::memcpy(words, values.GetValue(row), sizeof words);
        return words[0] + words[1] * kPrime2;
      },
      rows);
}

void AddTexts(const arrow::Array& column, std::vector<RowFingerprint>& rows) {
  AddColumn<arrow::StringArray>(
      column,
      [](const arrow::StringArray& values, int64_t row) {
        const std::string_view text = values.GetView(row);
        return static_cast<uint64_t>(XXH3_64bits(text.data(), text.size()));
      },
      rows);
}

Status AddContent(const arrow::Array& column, std::vector<RowFingerprint>& rows) {
  switch (column.type_id()) {
    case arrow::Type::INT32:
      AddIntegers<arrow::Int32Array>(column, rows);
      return Status::OK();
    case arrow::Type::INT64:
      AddIntegers<arrow::Int64Array>(column, rows);
      return Status::OK();
    case arrow::Type::BOOL:
      AddIntegers<arrow::BooleanArray>(column, rows);
      return Status::OK();
    case arrow::Type::DATE32:
      AddIntegers<arrow::Date32Array>(column, rows);
      return Status::OK();
    case arrow::Type::TIMESTAMP:
      AddIntegers<arrow::TimestampArray>(column, rows);
      return Status::OK();
    case arrow::Type::DOUBLE:
      AddDoubles(column, rows);
      return Status::OK();
    case arrow::Type::DECIMAL128:
      AddDecimals(column, rows);
      return Status::OK();
    case arrow::Type::STRING:
      AddTexts(column, rows);
      return Status::OK();
    default:
      return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                       fmt::format("a column of type {} has no fingerprint", column.type()->ToString()));
  }
}

Result<int> IndexOfColumn(const arrow::Schema& schema, const std::string& name) {
  const int index = schema.GetFieldIndex(name);
  if (index >= 0) return index;
  return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                   fmt::format("'{}' is no column", name));
}

}  // namespace

Result<RowFingerprinter> RowFingerprinter::Make(const arrow::Schema& schema,
                                                const std::vector<std::string>& key,
                                                const std::vector<std::string>& unstable) {
  RowFingerprinter made;
  std::string scheme = fmt::format("{}", kFingerprintVersion);
  for (const std::string& name : key) {
    ARROW_ASSIGN_OR_RAISE(made.key_columns_.emplace_back(), IndexOfColumn(schema, name));
    scheme += "\nkey " + name;
  }
  for (const std::string& name : unstable) RETURN_NOT_OK(IndexOfColumn(schema, name).status());
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    if (std::find(unstable.begin(), unstable.end(), field.name()) != unstable.end()) continue;
    made.content_columns_.push_back(i);
    scheme += fmt::format("\n{} {}", field.type()->ToString(), field.name());
  }
  made.scheme_ = XXH3_64bits(scheme.data(), scheme.size());
  return made;
}

Result<std::vector<RowFingerprint>> RowFingerprinter::Of(const arrow::RecordBatch& rows) const {
  ARROW_ASSIGN_OR_RAISE(const std::vector<uint64_t> keys, HashKeys(rows, key_columns_));
  std::vector<RowFingerprint> fingerprints(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) fingerprints[i].key = keys[i];
  for (const int column : content_columns_) RETURN_NOT_OK(AddContent(*rows.column(column), fingerprints));
  for (RowFingerprint& one : fingerprints) one.content = WithLastMix(one.content);
  return fingerprints;
}

}  // namespace ingesta::transform
