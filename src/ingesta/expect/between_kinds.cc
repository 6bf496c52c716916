// Whether values lie between bounds: numbers, dates, times.
#include <arrow/type.h>
#include <fmt/format.h>

#include <optional>

#include "ingesta/expect/bounds.h"
#include "ingesta/expect/comparison.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

class BetweenRule final : public RowRule {
 public:
  BetweenRule(int column, std::optional<Comparison> low, std::optional<Comparison> high)
      : column_(column), low_(std::move(low)), high_(std::move(high)) {}

  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& column = batch.column(column_);
    const auto size = static_cast<size_t>(batch.rows());
    held_.assign(size, 1);
    for (const auto& bound : {std::cref(low_), std::cref(high_)}) {
      if (!bound.get()) continue;
      part_.resize(size);
      bound.get()->Judge(column, part_.data());
      for (size_t i = 0; i < size; ++i) held_[i] &= part_[i];
    }
    for (size_t i = 0; i < size; ++i) failed[i] = held_[i] ^ 1;
    if (rows.bytes == nullptr) return Status::OK();
    for (size_t i = 0; i < size; ++i) failed[i] &= rows.bytes[i];
    return Status::OK();
  }

 private:
  const int column_;
  const std::optional<Comparison> low_;
  const std::optional<Comparison> high_;
  std::vector<uint8_t> held_;
  std::vector<uint8_t> part_;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  ARROW_ASSIGN_OR_RAISE(const Bounds bounds, ReadBounds(context));
  if (!bounds.min && !bounds.max) return BadExpectation("min_value and max_value can't both be absent");
  if (bounds.Crossed()) return BadExpectation("min_value is greater than max_value");
  std::optional<Comparison> low;
  std::optional<Comparison> high;
  if (bounds.min) {
    const CompareOp op = bounds.strict_min ? CompareOp::kGreater : CompareOp::kGreaterEqual;
    ARROW_ASSIGN_OR_RAISE(low, Comparison::Make(type, op, *bounds.min));
  }
  if (bounds.max) {
    const CompareOp op = bounds.strict_max ? CompareOp::kLess : CompareOp::kLessEqual;
    ARROW_ASSIGN_OR_RAISE(high, Comparison::Make(type, op, *bounds.max));
  }
  return MakeColumnMapCheck(context, std::make_unique<BetweenRule>(column, std::move(low), std::move(high)));
}

}  // namespace

std::vector<ExpectationKind> BetweenKinds() {
  return {{.type = "expect_column_values_to_be_between",
           .summary = "Values lie between bounds: numbers, dates or times",
           .summary_es = "Los valores están entre dos límites: números, fechas o instantes",
           .row_level = true,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = Make}};
}

}  // namespace ingesta::expect
