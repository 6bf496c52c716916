// A column's values as doubles. Pure functions.
#pragma once

#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/check.h"

namespace ingesta::expect {

/// Of kBool (0, 1), kInt, kFloat, kDecimal, and ticks of kTimestamp and kDate; undefined at missing rows.
void ColumnNumbers(const ColumnView& column, std::vector<double>& numbers);
/// kInvalidConfig where the column has no numbers; `times`: whether times and dates count as such.
Status CheckNumbers(const arrow::DataType& type, bool times);

}  // namespace ingesta::expect
