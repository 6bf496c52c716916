// How long values are, in characters of what Python's str() writes.
#include <arrow/type.h>
#include <fmt/format.h>

#include <limits>

#include "ingesta/expect/bounds.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

class LengthRule final : public RowRule {
 public:
  LengthRule(int column, int64_t least, int64_t most) : column_(column), least_(least), most_(most) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& column = batch.column(column_);
    std::string scratch;
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      const std::string_view text = PythonText(column, i, scratch);
      const auto bytes = static_cast<int64_t>(text.size());
      // A character has one to four bytes: often that decides.
      if (bytes <= most_ && (bytes + 3) / 4 >= least_) continue;
      const int64_t length = CountCharacters(text);
      failed[i] = length < least_ || length > most_ ? 1 : 0;
    }
    return Status::OK();
  }

 private:
  const int column_;
  const int64_t least_;
  const int64_t most_;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context, int64_t least, int64_t most) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckHasText(context, column));
  return MakeColumnMapCheck(context, std::make_unique<LengthRule>(column, least, most));
}

Result<std::unique_ptr<Check>> MakeBetween(const CheckContext& context) {
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
  if (!context.has("min_value") && !context.has("max_value")) {
    return BadExpectation("min_value and max_value can't both be absent");
  }
  if (context.has("min_value"))
    least = context.kwarg("min_value").get<int64_t>() + (context.flag("strict_min") ? 1 : 0);
  if (context.has("max_value"))
    most = context.kwarg("max_value").get<int64_t>() - (context.flag("strict_max") ? 1 : 0);
  return Make(context, least, most);
}

Result<std::unique_ptr<Check>> MakeEqual(const CheckContext& context) {
  const auto value = context.kwarg("value").get<int64_t>();
  return Make(context, value, value);
}

}  // namespace

Status CheckHasText(const CheckContext& context, int column) {
  const arrow::DataType& type = *context.schema.field(column)->type();
  const ValueKind kind = KindOf(type);
  if (kind != ValueKind::kTimestamp && kind != ValueKind::kOther) return Status::OK();
  return BadExpectation(fmt::format("values of type {} have no one text to be judged by", type.ToString()));
}

std::vector<ExpectationKind> LengthKinds() {
  return {{.type = "expect_column_value_lengths_to_be_between",
           .summary = "Texts have a number of characters between bounds",
           .summary_es = "Los textos tienen un número de caracteres entre dos límites",
           .row_level = true,
           .kwargs = BoundKwargs(KwargType::kCount),
           .make = MakeBetween},
          {.type = "expect_column_value_lengths_to_equal",
           .summary = "Texts have a certain number of characters",
           .summary_es = "Los textos tienen un número dado de caracteres",
           .row_level = true,
           .kwargs = {{.name = "value", .type = KwargType::kCount, .required = true}},
           .make = MakeEqual}};
}

}  // namespace ingesta::expect
