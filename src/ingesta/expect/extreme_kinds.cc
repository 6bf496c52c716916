// A column's smallest and largest value.
#include <arrow/type.h>
#include <fmt/format.h>

#include <optional>
#include <string>

#include "ingesta/expect/aggregate.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/value_key.h"

namespace ingesta::expect {
namespace {

class ExtremeCheck final : public AggregateCheck {
 public:
  ExtremeCheck(const CheckContext& context, int column, int condition, Bounds bounds, bool largest)
      : AggregateCheck(context, column, condition), bounds_(std::move(bounds)), largest_(largest) {}

  Result<CheckResult> Finish() override {
    if (values() == 0) return Observed(false, Json{{"observed_value", NothingObserved(type())}}, format());
    if (KindOf(type()) == ValueKind::kString)
      return Observed(true, Json{{"observed_value", *text_}}, format());
    return Observed(Holds(), Json{{"observed_value", KeyJson(type(), *key_)}}, format());
  }

 private:
  Status Observe(const ColumnView& column, const BatchView& batch, const RowSet& rows) override {
    if (column.kind() == ValueKind::kString) {
      ObserveTexts(column.texts(), batch.rows(), rows);
      return Status::OK();
    }
    ColumnKeys(column, keys_);
    ValueKey best = key_.value_or(largest_ ? ValueKey{0, 0} : ValueKey{~uint64_t{0}, ~uint64_t{0}});
    for (int64_t i = 0; i < batch.rows(); ++i) {
      const ValueKey key = keys_[static_cast<size_t>(i)];
      if ((largest_ ? best < key : key < best) && rows.Has(i)) best = key;
    }
    key_ = best;
    return Status::OK();
  }

  void ObserveTexts(const std::string_view* texts, int64_t count, const RowSet& rows) {
    for (int64_t i = 0; i < count; ++i) {
      if (!rows.Has(i)) continue;
      if (!text_ || (largest_ ? *text_ < texts[i] : texts[i] < *text_)) text_ = std::string(texts[i]);
    }
  }

  bool Holds() const {
    for (const bool lower : {true, false}) {
      const auto& bound = lower ? bounds_.min : bounds_.max;
      if (!bound) continue;
      const bool strict = lower ? bounds_.strict_min : bounds_.strict_max;
      const CompareOp op = lower ? (strict ? CompareOp::kGreater : CompareOp::kGreaterEqual)
                                 : (strict ? CompareOp::kLess : CompareOp::kLessEqual);
      if (!KeyHolds(type(), *key_, op, *bound)) return false;
    }
    return true;
  }

  const Bounds bounds_;
  const bool largest_;
  std::optional<ValueKey> key_;
  std::optional<std::string> text_;
  std::vector<ValueKey> keys_;
};

Result<std::unique_ptr<Check>> MakeExtreme(const CheckContext& context, bool largest) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  if (KindOf(type) == ValueKind::kOther)
    return BadExpectation(fmt::format("columns of type {} are not checked", type.ToString()));
  ARROW_ASSIGN_OR_RAISE(Bounds bounds, ReadBounds(context));
  RETURN_NOT_OK(CheckBounds(bounds, type));
  return MakeAggregate<ExtremeCheck>(context, std::move(bounds), largest);
}

}  // namespace

std::vector<ExpectationKind> ExtremeKinds() {
  return {{.type = "expect_column_min_to_be_between",
           .summary = "The smallest value lies between bounds",
           .summary_es = "El valor más pequeño está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = [](const CheckContext& context) { return MakeExtreme(context, false); }},
          {.type = "expect_column_max_to_be_between",
           .summary = "The largest value lies between bounds",
           .summary_es = "El valor más grande está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = [](const CheckContext& context) { return MakeExtreme(context, true); }}};
}

}  // namespace ingesta::expect
