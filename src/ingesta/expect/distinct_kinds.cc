// How many different values a column has, and the shares of what is there and of what is different.
#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/expect/aggregate.h"
#include "ingesta/expect/distinct.h"
#include "ingesta/expect/families.h"

namespace ingesta::expect {
namespace {

enum class Shown { kCount, kShareOfValues, kShareThere };

class CountCheck final : public AggregateCheck {
 public:
  CountCheck(const CheckContext& context, int column, int condition, Bounds bounds, Shown shown)
      : AggregateCheck(context, column, condition),
        bounds_(std::move(bounds)),
        shown_(shown),
        keys_(column, type(), context.memory) {}

  Result<CheckResult> Finish() override {
    if (shown_ == Shown::kShareThere) return JudgeShare(values(), rows());
    int64_t distinct = 0;
    RETURN_NOT_OK(keys_.ForEachGroup([&](const KeyGroup&) {
      ++distinct;
      return true;
    }));
    if (shown_ == Shown::kShareOfValues) return JudgeShare(distinct, values());
    return JudgeObserved(bounds_, static_cast<double>(distinct), distinct, format());
  }

 private:
  Status Observe(const ColumnView&, const BatchView& batch, const RowSet& rows) override {
    if (shown_ != Shown::kShareThere) keys_.Add(batch, rows);
    return Status::OK();
  }
  Result<CheckResult> JudgeShare(int64_t part, int64_t whole) const {
    if (whole == 0) return JudgeObserved(bounds_, 0.0, 0, format());
    const double share = static_cast<double>(part) / static_cast<double>(whole);
    return JudgeObserved(bounds_, share, share, format());
  }

  const Bounds bounds_;
  const Shown shown_;
  DistinctKeys keys_;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context, Shown shown) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  if (KindOf(type) == ValueKind::kOther && shown != Shown::kShareThere) {
    return BadExpectation(fmt::format("columns of type {} are not checked", type.ToString()));
  }
  ARROW_ASSIGN_OR_RAISE(Bounds bounds, ReadBounds(context));
  RETURN_NOT_OK(bounds.Hold(0).status());
  return MakeAggregate<CountCheck>(context, std::move(bounds), shown);
}

}  // namespace

std::vector<ExpectationKind> DistinctKinds() {
  std::vector<ExpectationKind> kinds = {
      {.type = "expect_column_unique_value_count_to_be_between",
       .summary = "The number of different values lies between bounds",
       .summary_es = "El número de valores distintos está entre dos límites",
       .domain = Domain::kColumnAggregate,
       .kwargs = BoundKwargs(KwargType::kCount),
       .make = [](const CheckContext& context) { return Make(context, Shown::kCount); }},
      {.type = "expect_column_proportion_of_unique_values_to_be_between",
       .summary = "The share of different values among the values that are there lies between bounds",
       .summary_es = "La proporción de valores distintos entre los presentes está entre dos límites",
       .domain = Domain::kColumnAggregate,
       .kwargs = BoundKwargs(KwargType::kNumber),
       .make = [](const CheckContext& context) { return Make(context, Shown::kShareOfValues); }},
      {.type = "expect_column_proportion_of_non_null_values_to_be_between",
       .summary = "The share of values that are there lies between bounds",
       .summary_es = "La proporción de valores presentes está entre dos límites",
       .domain = Domain::kColumnAggregate,
       .kwargs = BoundKwargs(KwargType::kNumber),
       .make = [](const CheckContext& context) { return Make(context, Shown::kShareThere); }}};
  for (ExpectationKind& kind : DistinctSetKinds()) kinds.push_back(std::move(kind));
  return kinds;
}

}  // namespace ingesta::expect
