// Which partition a row belongs to, by the value of one column, and what Hive calls that partition's folder.
// Not thread-safe. Used when a run's parts are made into final files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/format/local_days.h"

namespace ingesta::format {

/// Whether an empty text is a value of its own or, as for Hive, no value.
enum class EmptyText { kIsNull, kIsValue };

class Partitioner {
 public:
  /// REQUIRES: !spec.by_run_date(). kInvalidConfig where `schema` lacks the column or its type does not go
  /// with the transform.
  static Result<Partitioner> Make(const config::PartitionSpec& spec, const arrow::Schema& schema,
                                  EmptyText empty_text);

  /// The column's index in the schema.
  int column() const { return column_; }
  /// For each of `values`, the partition's id: ids count up from 0 by first appearance, over all calls.
  /// kInvalidConfig where a value has no name that fits.
  Status Assign(const arrow::Array& values, std::vector<int32_t>* ids);
  /// How many partitions there are so far.
  size_t size() const { return partitions_.size(); }
  /// All ids by their partitions' values, null last.
  std::vector<int32_t> Order() const;
  /// The folder's name, such as `fecha_orden_day=2026-11-24`.
  const std::string& Name(int32_t id) const { return partitions_[static_cast<size_t>(id)].name; }

 private:
  enum class Kind { kDate, kTimestampDay, kTimestamp, kBool, kInt32, kInt64, kDouble, kDecimal, kText };

  struct Partition {
    bool is_null = false;
    int64_t number = 0;  ///< of the first value, for the order
    std::string name;
  };

  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  explicit Partitioner(LocalDays days) : days_(std::move(days)) {}
  static std::optional<Kind> KindFor(const arrow::DataType& type, bool identity);
  Result<int32_t> IdOfNumber(int64_t number);
  Result<int32_t> IdOfText(std::string_view text, int64_t number);
  Result<int32_t> IdOfNull();
  Result<int32_t> AddPartition(std::string_view text, bool is_null, int64_t number);
  Result<std::string> NumberText(int64_t number) const;
  Result<int32_t> IdOf(const arrow::Array& values, int64_t row);

  LocalDays days_;
  Kind kind_ = Kind::kText;
  int column_ = 0;
  std::string column_name_;
  std::string name_;        ///< the partition key
  size_t date_chars_ = 10;  ///< how much of `YYYY-MM-DD` tells the partition
  int scale_ = 0;           ///< of decimals
  EmptyText empty_text_ = EmptyText::kIsNull;
  std::vector<Partition> partitions_;
  std::unordered_map<int64_t, int32_t> number_ids_;
  std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>> text_ids_;
  int64_t last_number_ = 0;
  int32_t last_id_ = -1;  ///< of last_number_: neighbouring rows often share it
  int32_t null_id_ = -1;
};

/// `text` as Hive writes it in a folder's name: what a path or a URL would misread becomes %XX.
std::string HiveEscaped(std::string_view text);

}  // namespace ingesta::format
