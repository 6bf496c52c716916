// Sums, means and standard deviations of a column.
#include <arrow/type.h>

#include <cmath>
#include <optional>

#include "ingesta/expect/aggregate.h"
#include "ingesta/expect/column_numbers.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/moments.h"

namespace ingesta::expect {
namespace {

enum class Statistic { kSum, kMean, kDeviation };

class SumCheck final : public AggregateCheck {
 public:
  SumCheck(const CheckContext& context, int column, int condition, Bounds bounds, Statistic statistic)
      : AggregateCheck(context, column, condition), bounds_(std::move(bounds)), statistic_(statistic) {}

  Result<CheckResult> Finish() override {
    if (statistic_ == Statistic::kSum) {
      const ValueKind kind = KindOf(type());
      const bool whole = kind == ValueKind::kInt || kind == ValueKind::kBool;
      const double sum = whole ? static_cast<double>(whole_) : moments_.sum();
      const bool fits = whole && whole_ >= INT64_MIN && whole_ <= INT64_MAX;
      return Judge(sum, fits ? Json(static_cast<int64_t>(whole_)) : Json(sum));
    }
    const double value = statistic_ == Statistic::kMean ? moments_.mean() : moments_.deviation();
    return Judge(value, value);
  }

 private:
  Result<CheckResult> Judge(double value, Json shown) const {
    if (std::isnan(value)) return JudgeObserved(bounds_, std::nullopt, nullptr, format());
    return JudgeObserved(bounds_, value, std::move(shown), format());
  }

  Status Observe(const ColumnView& column, const BatchView& batch, const RowSet& rows) override {
    const bool whole = column.kind() == ValueKind::kInt || column.kind() == ValueKind::kBool;
    if (whole && statistic_ == Statistic::kSum) {
      const int64_t* values = column.ints();
      for (int64_t i = 0; i < batch.rows(); ++i) whole_ += rows.Has(i) ? values[i] : 0;
      return Status::OK();
    }
    ColumnNumbers(column, numbers_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (rows.Has(i)) moments_.Add(numbers_[static_cast<size_t>(i)]);
    }
    return Status::OK();
  }

  const Bounds bounds_;
  const Statistic statistic_;
  Moments moments_;
  Int128 whole_ = 0;
  std::vector<double> numbers_;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context, Statistic statistic) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckNumbers(*context.schema.field(column)->type(), /*times=*/false));
  ARROW_ASSIGN_OR_RAISE(Bounds bounds, ReadBounds(context));
  RETURN_NOT_OK(bounds.Hold(0).status());
  return MakeAggregate<SumCheck>(context, std::move(bounds), statistic);
}

}  // namespace

std::vector<ExpectationKind> SumKinds() {
  return {{.type = "expect_column_sum_to_be_between",
           .summary = "The sum lies between bounds",
           .summary_es = "La suma está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = [](const CheckContext& context) { return Make(context, Statistic::kSum); }},
          {.type = "expect_column_mean_to_be_between",
           .summary = "The mean lies between bounds",
           .summary_es = "La media está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = [](const CheckContext& context) { return Make(context, Statistic::kMean); }},
          {.type = "expect_column_stdev_to_be_between",
           .summary = "The sample's standard deviation lies between bounds",
           .summary_es = "La desviación típica de la muestra está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kNumber),
           .make = [](const CheckContext& context) { return Make(context, Statistic::kDeviation); }}};
}

}  // namespace ingesta::expect
