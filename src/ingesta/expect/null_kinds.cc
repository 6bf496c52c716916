// Whether values are there.
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

class PresenceRule final : public RowRule {
 public:
  PresenceRule(int column, bool wanted) : column_(column), wanted_(wanted) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const uint8_t* present = batch.column(column_).present();
    if (present == nullptr && wanted_) return Status::OK();
    for (int64_t i = 0; i < batch.rows(); ++i) {
      const bool there = present == nullptr || present[i] != 0;
      failed[i] = there != wanted_ && rows.Has(i) ? 1 : 0;
    }
    return Status::OK();
  }

 private:
  const int column_;
  const bool wanted_;
};

Result<std::unique_ptr<Check>> MakeNullness(const CheckContext& context, bool wanted) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  return MakeColumnMapCheck(context, std::make_unique<PresenceRule>(column, wanted), MissingRows::kCounted);
}

}  // namespace

std::vector<ExpectationKind> NullKinds() {
  return {{.type = "expect_column_values_to_not_be_null",
           .summary = "No value is missing",
           .summary_es = "No falta ningún valor",
           .row_level = true,
           .make = [](const CheckContext& context) { return MakeNullness(context, true); }},
          {.type = "expect_column_values_to_be_null",
           .summary = "All values are missing",
           .summary_es = "Faltan todos los valores",
           .row_level = true,
           .make = [](const CheckContext& context) { return MakeNullness(context, false); }}};
}

}  // namespace ingesta::expect
