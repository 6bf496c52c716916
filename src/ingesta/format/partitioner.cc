#include "ingesta/format/partitioner.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <utility>

#include "ingesta/format/value_text.h"

namespace ingesta::format {
namespace {

constexpr std::string_view kHiveNull = "__HIVE_DEFAULT_PARTITION__";
/// Of a folder's name, on every file system.
constexpr size_t kMaxNameBytes = 255;

size_t DateChars(const std::string& transform) {
  if (transform == "year") return 4;
  return transform == "month" ? 7 : 10;
}

Status TypeError(const config::PartitionSpec& spec, const arrow::DataType& type) {
  return MakeError(ErrorCode::kInvalidConfig,
                   fmt::format("partition_by: column {} of type {} has no {}", spec.column, type.ToString(),
                               spec.transform),
                   "use a date or timestamp column, or `transform: identity`");
}

}  // namespace

std::string HiveEscaped(std::string_view text) {
  constexpr std::string_view kEscaped = "\"#%'*/:=?\\{[]^\x7f";
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || kEscaped.find(c) != std::string_view::npos) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::optional<Partitioner::Kind> Partitioner::KindFor(const arrow::DataType& type, bool identity) {
  switch (type.id()) {
    case arrow::Type::DATE32:
      return Kind::kDate;
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).unit() != arrow::TimeUnit::MICRO)
        return std::nullopt;
      return identity ? Kind::kTimestamp : Kind::kTimestampDay;
    default:
      break;
  }
  if (!identity) return std::nullopt;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Kind::kBool;
    case arrow::Type::INT32:
      return Kind::kInt32;
    case arrow::Type::INT64:
      return Kind::kInt64;
    case arrow::Type::DOUBLE:
      return Kind::kDouble;
    case arrow::Type::DECIMAL128:
      return Kind::kDecimal;
    case arrow::Type::STRING:
      return Kind::kText;
    default:
      return std::nullopt;
  }
}

Result<Partitioner> Partitioner::Make(const config::PartitionSpec& spec, const arrow::Schema& schema,
                                      EmptyText empty_text) {
  ARROW_ASSIGN_OR_RAISE(LocalDays days, LocalDays::Make(spec.timezone));
  Partitioner partitioner(std::move(days));
  partitioner.column_ = schema.GetFieldIndex(spec.column);
  if (partitioner.column_ < 0) {
    return MakeError(ErrorCode::kInvalidConfig,
                     fmt::format("partition_by names '{}', which is no column", spec.column),
                     fmt::format("there are: {}", fmt::join(schema.field_names(), ", ")));
  }
  const arrow::DataType& type = *schema.field(partitioner.column_)->type();
  const bool identity = spec.transform == "identity";
  const std::optional<Kind> kind = KindFor(type, identity);
  if (!kind.has_value()) return TypeError(spec, type);
  partitioner.kind_ = *kind;
  partitioner.column_name_ = spec.column;
  partitioner.name_ = HiveEscaped(spec.name);
  partitioner.date_chars_ = DateChars(spec.transform);
  partitioner.empty_text_ = empty_text;
  if (*kind == Kind::kDecimal) partitioner.scale_ = static_cast<const arrow::Decimal128Type&>(type).scale();
  return partitioner;
}

Status Partitioner::Assign(const arrow::Array& values, std::vector<int32_t>* ids) {
  ids->resize(static_cast<size_t>(values.length()));
  for (int64_t row = 0; row < values.length(); ++row) {
    ARROW_ASSIGN_OR_RAISE((*ids)[static_cast<size_t>(row)], IdOf(values, row));
  }
  return Status::OK();
}

Result<int32_t> Partitioner::IdOf(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return IdOfNull();
  std::array<char, 64> text;
  switch (kind_) {
    case Kind::kDate:
      return IdOfNumber(static_cast<const arrow::Date32Array&>(values).Value(row));
    case Kind::kTimestampDay:
      // A zone may carry the last evening of 9999 into a year that has no name.
      return IdOfNumber(std::clamp(days_.DayOf(static_cast<const arrow::TimestampArray&>(values).Value(row)),
                                   kFirstDay, kLastDay));
    case Kind::kTimestamp:
      return IdOfNumber(static_cast<const arrow::TimestampArray&>(values).Value(row));
    case Kind::kBool:
      return IdOfNumber(static_cast<const arrow::BooleanArray&>(values).Value(row) ? 1 : 0);
    case Kind::kInt32:
      return IdOfNumber(static_cast<const arrow::Int32Array&>(values).Value(row));
    case Kind::kInt64:
      return IdOfNumber(static_cast<const arrow::Int64Array&>(values).Value(row));
    case Kind::kDouble: {
      const double value = static_cast<const arrow::DoubleArray&>(values).Value(row);
      const char* const end = AppendDouble(text.data(), value);
      return IdOfText({text.data(), static_cast<size_t>(end - text.data())}, 0);
    }
    case Kind::kDecimal: {
      const uint8_t* const value = static_cast<const arrow::Decimal128Array&>(values).GetValue(row);
      const char* const end = AppendDecimal128(text.data(), value, scale_);
      return IdOfText({text.data(), static_cast<size_t>(end - text.data())}, 0);
    }
    case Kind::kText: {
      const std::string_view value = static_cast<const arrow::StringArray&>(values).GetView(row);
      if (empty_text_ == EmptyText::kIsNull && (value.empty() || value == kHiveNull)) return IdOfNull();
      return IdOfText(value, 0);
    }
  }
  return MakeError(ErrorCode::kInternal, "a partition column of no kind");
}

Result<int32_t> Partitioner::IdOfNumber(int64_t number) {
  if (last_id_ >= 0 && number == last_number_) return last_id_;
  const auto known = number_ids_.find(number);
  if (known != number_ids_.end()) {
    last_number_ = number;
    return last_id_ = known->second;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string text, NumberText(number));
  ARROW_ASSIGN_OR_RAISE(const int32_t id, IdOfText(text, number));
  number_ids_.emplace(number, id);
  return id;
}

Result<std::string> Partitioner::NumberText(int64_t number) const {
  std::array<char, 64> text;
  char* end = text.data();
  switch (kind_) {
    case Kind::kDate:
    case Kind::kTimestampDay:
      if (number < kFirstDay || number > kLastDay) {
        return MakeError(
            ErrorCode::kInvalidConfig,
            fmt::format("partition_by: column {} has a day outside the years 1 to 9999", column_name_));
      }
      end = AppendDate(text.data(), number);
      return std::string(text.data(), std::min(date_chars_, static_cast<size_t>(end - text.data())));
    case Kind::kTimestamp: {
      TimestampText printer;
      end = printer.Append<' '>(text.data(), number);
      if (end != nullptr) break;
      return MakeError(
          ErrorCode::kInvalidConfig,
          fmt::format("partition_by: column {} has a time outside the years 1 to 9999", column_name_));
    }
    case Kind::kBool:
      return std::string(number != 0 ? "true" : "false");
    default:
      end = AppendInt(text.data(), number);
      break;
  }
  return std::string(text.data(), end);
}

Result<int32_t> Partitioner::IdOfText(std::string_view text, int64_t number) {
  const auto known = text_ids_.find(text);
  if (known != text_ids_.end()) return known->second;
  ARROW_ASSIGN_OR_RAISE(const int32_t id, AddPartition(HiveEscaped(text), false, number));
  text_ids_.emplace(text, id);
  return id;
}

Result<int32_t> Partitioner::IdOfNull() {
  if (null_id_ < 0) {
    ARROW_ASSIGN_OR_RAISE(null_id_, AddPartition(kHiveNull, true, 0));
  }
  return null_id_;
}

Result<int32_t> Partitioner::AddPartition(std::string_view text, bool is_null, int64_t number) {
  std::string name = fmt::format("{}={}", name_, text);
  if (name.size() > kMaxNameBytes) {
    return MakeError(
        ErrorCode::kInvalidConfig,
        fmt::format("partition_by: column {} has a value of {} bytes, too long for a folder's name",
                    column_name_, text.size()),
        "partition by a column of short values");
  }
  partitions_.push_back({is_null, number, std::move(name)});
  return static_cast<int32_t>(partitions_.size() - 1);
}

std::vector<int32_t> Partitioner::Order() const {
  std::vector<int32_t> order(partitions_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [this](int32_t a, int32_t b) {
    const Partition& x = partitions_[static_cast<size_t>(a)];
    const Partition& y = partitions_[static_cast<size_t>(b)];
    return std::tie(x.is_null, x.number, x.name) < std::tie(y.is_null, y.number, y.name);
  });
  return order;
}

}  // namespace ingesta::format
