// Whether values only rise or only fall from row to row, as pandas' diff() of the values that are there has
// it.
#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

class OrderRule final : public RowRule {
 public:
  OrderRule(int column, bool rising, bool strictly) : column_(column), rising_(rising), strictly_(strictly) {}

  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& column = batch.column(column_);
    if (column.kind() == ValueKind::kFloat) {
      Walk(column.doubles(), last_double_, rows, batch.rows(), failed);
    } else if (column.kind() == ValueKind::kDecimal) {
      Walk(column.decimals(), last_decimal_, rows, batch.rows(), failed);
    } else {
      Walk(column.ints(), last_int_, rows, batch.rows(), failed);
    }
    return Status::OK();
  }

 private:
  template <typename T>
  void Walk(const T* values, T& last, const RowSet& rows, int64_t count, uint8_t* failed) {
    for (int64_t i = 0; i < count; ++i) {
      if (!rows.Has(i)) continue;
      // Infinity minus itself is no number: pandas lets such a pair pass.
      if (started_ && !Undefined(last, values[i])) {
        const bool equal = values[i] == last;
        const bool holds = equal ? !strictly_ : (values[i] > last) == rising_;
        failed[i] = holds ? 0 : 1;
      }
      started_ = true;
      last = values[i];
    }
  }
  template <typename T>
  static bool Undefined(T a, T b) {
    if constexpr (std::is_same_v<T, double>) return a == b && a - b != 0;
    return false;
  }

  const int column_;
  const bool rising_;
  const bool strictly_;
  bool started_ = false;
  double last_double_ = 0;
  Int128 last_decimal_ = 0;
  int64_t last_int_ = 0;
};

Result<std::unique_ptr<Check>> MakeOrder(const CheckContext& context, bool rising) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  const ValueKind kind = KindOf(type);
  if (kind == ValueKind::kString || kind == ValueKind::kOther) {
    return BadExpectation(
        fmt::format("a column of type {} has no differences from row to row", type.ToString()));
  }
  return MakeColumnMapCheck(context, std::make_unique<OrderRule>(column, rising, context.flag("strictly")));
}

std::vector<KwargSpec> Kwargs() {
  return {{.name = "strictly", .type = KwargType::kBool, .nullable = true}};
}

}  // namespace

std::vector<ExpectationKind> OrderKinds() {
  return {{.type = "expect_column_values_to_be_increasing",
           .summary = "Values never fall from row to row",
           .summary_es = "Los valores nunca bajan de una fila a la siguiente",
           .row_level = true,
           .kwargs = Kwargs(),
           .make = [](const CheckContext& context) { return MakeOrder(context, true); }},
          {.type = "expect_column_values_to_be_decreasing",
           .summary = "Values never rise from row to row",
           .summary_es = "Los valores nunca suben de una fila a la siguiente",
           .row_level = true,
           .kwargs = Kwargs(),
           .make = [](const CheckContext& context) { return MakeOrder(context, false); }}};
}

}  // namespace ingesta::expect
