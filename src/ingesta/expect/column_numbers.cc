#include "ingesta/expect/column_numbers.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/expect/values.h"

namespace ingesta::expect {

void ColumnNumbers(const ColumnView& column, std::vector<double>& numbers) {
  const auto rows = static_cast<size_t>(column.size());
  numbers.resize(rows);
  if (column.kind() == ValueKind::kFloat) {
    const double* values = column.doubles();
    numbers.assign(values, values + rows);
  } else if (column.kind() == ValueKind::kDecimal) {
    const Int128* values = column.decimals();
    for (size_t i = 0; i < rows; ++i) numbers[i] = DecimalToDouble(values[i], column.scale());
  } else {
    const int64_t* values = column.ints();
    for (size_t i = 0; i < rows; ++i) numbers[i] = static_cast<double>(values[i]);
  }
}

Status CheckNumbers(const arrow::DataType& type, bool times) {
  const ValueKind kind = KindOf(type);
  const bool time = kind == ValueKind::kTimestamp;
  if (kind == ValueKind::kString || kind == ValueKind::kOther || kind == ValueKind::kDate ||
      (time && !times)) {
    return BadExpectation(fmt::format("a column of type {} has no numbers to compute with", type.ToString()));
  }
  return Status::OK();
}

}  // namespace ingesta::expect
