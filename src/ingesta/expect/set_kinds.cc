// Whether values belong to a set of values.
#include <arrow/type.h>

#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/value_key.h"

namespace ingesta::expect {
namespace {

class SetRule final : public RowRule {
 public:
  SetRule(int column, ValueSet set, bool wanted) : column_(column), set_(std::move(set)), wanted_(wanted) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    ColumnKeys(batch.column(column_), keys_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      failed[i] = rows.Has(i) && set_.Contains(keys_[static_cast<size_t>(i)]) != wanted_ ? 1 : 0;
    }
    return Status::OK();
  }

 private:
  const int column_;
  const ValueSet set_;
  const bool wanted_;
  std::vector<ValueKey> keys_;
};

Result<std::unique_ptr<Check>> MakeMembership(const CheckContext& context, bool wanted) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  ValueSet set(*context.schema.field(column)->type(), context.kwarg("value_set"));
  return MakeColumnMapCheck(context, std::make_unique<SetRule>(column, std::move(set), wanted));
}

std::vector<KwargSpec> Kwargs() {
  return {{.name = "value_set", .type = KwargType::kList, .required = true}};
}

}  // namespace

std::vector<ExpectationKind> SetKinds() {
  return {{.type = "expect_column_values_to_be_in_set",
           .summary = "Values belong to a set",
           .summary_es = "Los valores pertenecen a un conjunto",
           .row_level = true,
           .kwargs = Kwargs(),
           .make = [](const CheckContext& context) { return MakeMembership(context, true); }},
          {.type = "expect_column_values_to_not_be_in_set",
           .summary = "No value belongs to a set",
           .summary_es = "Ningún valor pertenece a un conjunto",
           .row_level = true,
           .kwargs = Kwargs(),
           .make = [](const CheckContext& context) { return MakeMembership(context, false); }}};
}

}  // namespace ingesta::expect
