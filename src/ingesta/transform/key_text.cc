// Keys as text and as hashes: what the completeness proof and duplicates go by.
#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>
#include <iterator>

#include "ingesta/base/clock.h"
#include "ingesta/transform/column.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::transform {
namespace {

using Kind = config::ColumnType::Kind;

constexpr char kUnitSeparator = '\x1f';

/// The finaliser of MurmurHash3: a bijection on 64 bits.
uint64_t Mix(uint64_t key) {
  key ^= key >> 33;
  key *= 0xff51afd7ed558ccdULL;
  key ^= key >> 33;
  key *= 0xc4ceb9fe1a85ec53ULL;
  key ^= key >> 33;
  return key;
}

uint64_t HashText(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

void AppendTime(int64_t micros, std::string* out) {
  const SystemTime time{std::chrono::microseconds(micros)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    fmt::format_to(std::back_inserter(*out), ".{:06}", clock.subseconds().count());
  }
  *out += 'Z';
}

/// Reads one key column of a batch.
class KeyColumn {
 public:
  static Result<KeyColumn> Make(const arrow::RecordBatch& rows, int index) {
    if (index < 0 || index >= rows.num_columns()) {
      return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                       fmt::format("key column {} of a batch with {} columns", index, rows.num_columns()));
    }
    KeyColumn column;
    column.array_ = rows.column(index);
    switch (column.array_->type_id()) {
      case arrow::Type::INT32:
        column.kind_ = Kind::kInt32;
        break;
      case arrow::Type::INT64:
        column.kind_ = Kind::kInt64;
        break;
      case arrow::Type::DOUBLE:
        column.kind_ = Kind::kDouble;
        break;
      case arrow::Type::BOOL:
        column.kind_ = Kind::kBool;
        break;
      case arrow::Type::DATE32:
        column.kind_ = Kind::kDate;
        break;
      case arrow::Type::TIMESTAMP:
        column.kind_ = Kind::kTimestamp;
        break;
      case arrow::Type::DECIMAL128:
        column.kind_ = Kind::kDecimal;
        column.scale_ = static_cast<const arrow::Decimal128Type&>(*column.array_->type()).scale();
        break;
      case arrow::Type::STRING:
        column.kind_ = Kind::kString;
        break;
      default:
        return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                         fmt::format("a key column of type {}", column.array_->type()->ToString()));
    }
    return column;
  }

  Kind kind() const { return kind_; }
  const arrow::Array& array() const { return *array_; }

  void AppendTo(int64_t row, std::string* out) const {
    if (array_->IsValid(row)) AppendKeyText(kind_, scale_, ValueAt(row), out);
  }

 private:
  template <typename Array>
  const Array& As() const {
    return static_cast<const Array&>(*array_);
  }

  ColumnValue ValueAt(int64_t row) const {
    ColumnValue value;
    switch (kind_) {
      case Kind::kInt32:
        value.integer = As<arrow::Int32Array>().Value(row);
        break;
      case Kind::kInt64:
        value.integer = As<arrow::Int64Array>().Value(row);
        break;
      case Kind::kDouble:
        value.real = As<arrow::DoubleArray>().Value(row);
        break;
      case Kind::kBool:
        value.integer = As<arrow::BooleanArray>().Value(row) ? 1 : 0;
        break;
      case Kind::kDate:
        value.integer = As<arrow::Date32Array>().Value(row);
        break;
      case Kind::kTimestamp:
        value.integer = As<arrow::TimestampArray>().Value(row);
        break;
      case Kind::kDecimal: {
        const arrow::Decimal128 decimal(As<arrow::Decimal128Array>().GetValue(row));
        value.decimal = static_cast<Int128>(
            (static_cast<UInt128>(static_cast<uint64_t>(decimal.high_bits())) << 64) | decimal.low_bits());
        break;
      }
      case Kind::kString:
      case Kind::kJson:
        value.text = As<arrow::StringArray>().GetView(row);
        break;
    }
    return value;
  }

  std::shared_ptr<arrow::Array> array_;
  Kind kind_ = Kind::kString;
  int scale_ = 0;
};

Result<std::vector<KeyColumn>> MakeKeyColumns(const arrow::RecordBatch& rows,
                                              const std::vector<int>& key_columns) {
  std::vector<KeyColumn> columns;
  for (const int index : key_columns) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), KeyColumn::Make(rows, index));
  }
  return columns;
}

void JoinKey(const std::vector<KeyColumn>& columns, int64_t row, std::string* out) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) *out += kUnitSeparator;
    columns[i].AppendTo(row, out);
  }
}

template <typename Array>
void HashIntegers(const arrow::Array& array, std::vector<uint64_t>* hashes) {
  const auto& keys = static_cast<const Array&>(array);
  for (size_t row = 0; row < hashes->size(); ++row) {
    const auto at = static_cast<int64_t>(row);
    (*hashes)[row] =
        keys.IsValid(at) ? Mix(static_cast<uint64_t>(static_cast<int64_t>(keys.Value(at)))) : HashText("");
  }
}

}  // namespace

void AppendKeyText(Kind kind, int scale, const ColumnValue& value, std::string* out) {
  switch (kind) {
    case Kind::kInt32:
    case Kind::kInt64:
      fmt::format_to(std::back_inserter(*out), "{}", value.integer);
      break;
    case Kind::kDouble:
      fmt::format_to(std::back_inserter(*out), "{}", value.real);
      break;
    case Kind::kBool:
      *out += value.integer != 0 ? "true" : "false";
      break;
    case Kind::kDate:
      AppendTime(value.integer * 86'400'000'000, out);
      out->resize(out->size() - std::string_view("T00:00:00Z").size());
      break;
    case Kind::kTimestamp:
      AppendTime(value.integer, out);
      break;
    case Kind::kDecimal:
      *out +=
          arrow::Decimal128(static_cast<int64_t>(value.decimal >> 64), static_cast<uint64_t>(value.decimal))
              .ToString(scale);
      break;
    case Kind::kString:
    case Kind::kJson:
      *out += value.text;
      break;
  }
}

Result<std::vector<RowIdentity>> IdentifyRows(const Batch& batch, const std::vector<int>& key_columns) {
  std::vector<RowIdentity> identities(batch.sources.size());
  if (static_cast<int64_t>(identities.size()) != batch.rows->num_rows()) {
    return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                     fmt::format("{} rows with {} sources", batch.rows->num_rows(), identities.size()));
  }
  for (size_t row = 0; row < identities.size(); ++row) {
    identities[row].key = identities[row].content = HashText(batch.sources[row]);
  }
  if (key_columns.empty()) return identities;
  ARROW_ASSIGN_OR_RAISE(const std::vector<uint64_t> keys, HashKeys(*batch.rows, key_columns));
  for (size_t row = 0; row < identities.size(); ++row) identities[row].key = keys[row];
  return identities;
}

Result<std::vector<uint64_t>> HashKeys(const arrow::RecordBatch& rows, const std::vector<int>& key_columns) {
  std::vector<uint64_t> hashes(static_cast<size_t>(rows.num_rows()));
  ARROW_ASSIGN_OR_RAISE(const std::vector<KeyColumn> columns, MakeKeyColumns(rows, key_columns));
  const KeyColumn& first = columns.front();
  if (columns.size() == 1 && first.kind() == Kind::kInt64) {
    HashIntegers<arrow::Int64Array>(first.array(), &hashes);
  } else if (columns.size() == 1 && first.kind() == Kind::kInt32) {
    HashIntegers<arrow::Int32Array>(first.array(), &hashes);
  } else {
    std::string text;
    for (size_t row = 0; row < hashes.size(); ++row) {
      text.clear();
      JoinKey(columns, static_cast<int64_t>(row), &text);
      hashes[row] = HashText(text);
    }
  }
  return hashes;
}

uint64_t HashKeyText(const std::string& key_text, bool single_integer_key) {
  if (single_integer_key) {
    int64_t key = 0;
    const char* end = key_text.data() + key_text.size();
    const auto [stop, error] = std::from_chars(key_text.data(), end, key);
    if (error == std::errc() && stop == end) return Mix(static_cast<uint64_t>(key));
  }
  return HashText(key_text);
}

Result<std::string> KeyText(const Batch& batch, const std::vector<int>& key_columns, int64_t row) {
  if (row < 0 || row >= batch.rows->num_rows()) {
    return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kTransform, .hint = ""},
                     fmt::format("row {} of a batch with {} rows", row, batch.rows->num_rows()));
  }
  ARROW_ASSIGN_OR_RAISE(const std::vector<KeyColumn> columns, MakeKeyColumns(*batch.rows, key_columns));
  std::string text;
  JoinKey(columns, row, &text);
  return text;
}

Status ForEachKeyText(const Batch& batch, const std::vector<int>& key_columns,
                      const std::function<Status(std::string_view text)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<KeyColumn> columns, MakeKeyColumns(*batch.rows, key_columns));
  std::string text;
  for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
    if (batch.IsDropped(row)) continue;
    text.clear();
    JoinKey(columns, row, &text);
    RETURN_NOT_OK(visit(text));
  }
  return Status::OK();
}

}  // namespace ingesta::transform
