// What expectations about a column as a whole have in common: the rows of a row_condition, without those
// where the value is missing. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/bounds.h"
#include "ingesta/expect/check.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/registry.h"
#include "ingesta/expect/row_condition.h"

namespace arrow {
class DataType;
}

namespace ingesta::expect {

class AggregateCheck : public Check {
 public:
  AggregateCheck(const CheckContext& context, int column, int condition);

  Status Update(const BatchView& batch, std::vector<uint8_t>*) final {
    int64_t rows_here = 0;
    ARROW_ASSIGN_OR_RAISE(const RowSet rows, DomainRows(batch, domain_, mask_, &rows_here));
    rows_ += rows_here;
    values_ += rows.count;
    return rows.count == 0 ? Status::OK() : Observe(batch.column(column()), batch, rows);
  }

 protected:
  virtual Status Observe(const ColumnView& column, const BatchView& batch, const RowSet& rows) = 0;
  /// The columns of a replay, and the rows of one of its batches.
  std::vector<int> DomainColumns() const;
  Result<RowSet> Rows(const BatchView& batch) { return DomainRows(batch, domain_, mask_, nullptr); }

  int column() const { return domain_.columns.front(); }
  const arrow::DataType& type() const { return *type_; }
  int64_t rows() const { return rows_; }      ///< of the row_condition
  int64_t values() const { return values_; }  ///< of them with a value
  const ResultFormat& format() const { return format_; }

 private:
  MapDomain domain_;
  const ConditionSet& conditions_;
  std::shared_ptr<arrow::DataType> type_;
  const ResultFormat format_;
  int64_t rows_ = 0;
  int64_t values_ = 0;
  std::vector<uint8_t> mask_;
};

/// Make a CheckType(context, column, condition, bounds) with the kwargs of bounds. kInvalidConfig where
/// `allow` refuses the column's type, or the bounds have no order against it (`bounds_of_type`).
template <typename CheckType, typename... More>
Result<std::unique_ptr<Check>> MakeAggregate(const CheckContext& context, More&&... more) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  ARROW_ASSIGN_OR_RAISE(const int condition, context.Condition());
  return std::make_unique<CheckType>(context, column, condition, std::forward<More>(more)...);
}

}  // namespace ingesta::expect
