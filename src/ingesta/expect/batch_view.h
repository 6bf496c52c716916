// A batch's columns as plain arrays, whatever their Arrow type, each made once a batch and only where a check
// asks for it. What counts as missing is what pandas takes for it: nulls, and NaN. Not thread-safe; views
// live as long as the batch.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::expect {

class ConditionSet;

__extension__ typedef __int128 Int128;

enum class ValueKind { kBool, kInt, kFloat, kDecimal, kString, kDate, kTimestamp, kOther };

ValueKind KindOf(const arrow::DataType& type);
/// `an integer`, `text`, ...: for messages.
std::string_view KindName(ValueKind kind);

class ColumnView {
 public:
  explicit ColumnView(std::shared_ptr<arrow::Array> array);

  ValueKind kind() const { return kind_; }
  const arrow::Array& array() const { return *array_; }
  const std::shared_ptr<arrow::Array>& shared_array() const { return array_; }
  int64_t size() const { return size_; }
  int64_t missing() const { return missing_; }
  /// One byte a row, 1 = present; nullptr where none is missing.
  const uint8_t* present() const { return missing_ == 0 ? nullptr : present_.data(); }
  bool IsPresent(int64_t row) const { return missing_ == 0 || present_[static_cast<size_t>(row)] != 0; }

  /// kBool (0, 1), kInt, kDate (days), kTimestamp (microseconds; nanoseconds where the type has them). What
  /// stands at missing rows is undefined, here and below.
  const int64_t* ints() const;
  const double* doubles() const;          ///< kFloat
  const std::string_view* texts() const;  ///< kString
  const Int128* decimals() const;         ///< kDecimal, unscaled
  int scale() const;                      ///< of kDecimal

 private:
  void FindMissing();

  std::shared_ptr<arrow::Array> array_;
  ValueKind kind_;
  int64_t size_;
  int64_t missing_ = 0;
  std::vector<uint8_t> present_;
  mutable std::vector<int64_t> ints_;
  mutable std::vector<double> doubles_;
  mutable std::vector<std::string_view> texts_;
  mutable std::vector<Int128> decimals_;
};

/// Rows of a batch, one byte each; nullptr = all.
struct RowSet {
  const uint8_t* bytes = nullptr;
  int64_t count = 0;
  bool Has(int64_t row) const { return bytes == nullptr || bytes[row] != 0; }
};

class BatchView {
 public:
  /// `columns`: which columns of the schema `rows` holds, in its order; empty = all of them.
  BatchView(const arrow::RecordBatch& rows, int64_t first_row, const ConditionSet& conditions,
            const std::vector<int>& columns = {});
  ~BatchView();

  int64_t rows() const { return rows_; }
  /// The number of row 0 in the whole table.
  int64_t first_row() const { return first_row_; }
  /// A column by its index in the schema. REQUIRES: the batch holds it.
  const ColumnView& column(int index) const;
  /// The rows of a row condition; all for -1. A failure says why it can't be computed.
  Result<RowSet> condition(int id) const;

 private:
  const arrow::RecordBatch& batch_;
  const int64_t rows_;
  const int64_t first_row_;
  const ConditionSet& conditions_;
  std::vector<int> positions_;
  mutable std::vector<std::unique_ptr<ColumnView>> views_;
  mutable std::vector<std::unique_ptr<std::vector<uint8_t>>> masks_;
};

/// How many of `rows` bytes are not 0.
int64_t CountSet(const uint8_t* bytes, int64_t rows);

}  // namespace ingesta::expect
