// The kwargs min_value, max_value, strict_min and strict_max, and the judgement of one observed value by
// them.
#pragma once

#include <optional>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/check.h"
#include "ingesta/expect/comparison.h"
#include "ingesta/expect/registry.h"

namespace ingesta::expect {

struct Bounds {
  std::optional<Literal> min;
  std::optional<Literal> max;
  bool strict_min = false;
  bool strict_max = false;

  /// min above max; also where their types differ and they can't be compared.
  bool Crossed() const;
  /// Whether a number lies between. kInvalidConfig where a bound is a date.
  Result<bool> Hold(double value) const;
};

/// `type`: of min_value and max_value.
std::vector<KwargSpec> BoundKwargs(KwargType type);
Result<Bounds> ReadBounds(const CheckContext& context);
/// The two bounds against a column's type: kInvalidConfig where they have no order.
Status CheckBounds(const Bounds& bounds, const arrow::DataType& type);

/// GX's result of an observed number; null and failed where there is none.
Result<CheckResult> JudgeObserved(const Bounds& bounds, std::optional<double> number, Json observed,
                                  const ResultFormat& format);
/// What is observed where there are no values: null, of times `NaT`, as pandas has it.
Json NothingObserved(const arrow::DataType& type);
/// A result without what BOOLEAN_ONLY leaves out.
CheckResult Observed(bool success, Json result, const ResultFormat& format);

}  // namespace ingesta::expect
