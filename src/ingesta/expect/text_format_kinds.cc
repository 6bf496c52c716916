// Whether texts have a form: JSON, or a date as strftime writes it.
#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/expect/families.h"
#include "ingesta/expect/json_text.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/strptime.h"

namespace ingesta::expect {
namespace {

class JsonRule final : public RowRule {
 public:
  explicit JsonRule(int column) : column_(column) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& column = batch.column(column_);
    const bool text = column.kind() == ValueKind::kString;
    for (int64_t i = 0; i < batch.rows(); ++i) {
      // To Python's json.loads what is no text is no JSON.
      if (rows.Has(i)) failed[i] = text && IsPythonJson(column.texts()[i]) ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  const int column_;
};

class TimeFormatRule final : public RowRule {
 public:
  TimeFormatRule(int column, TimeFormat format) : column_(column), format_(std::move(format)) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const std::string_view* texts = batch.column(column_).texts();
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      ARROW_ASSIGN_OR_RAISE(const bool matches, format_.Matches(texts[i]));
      failed[i] = matches ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  const int column_;
  const TimeFormat format_;
};

Result<std::unique_ptr<Check>> MakeJson(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  return MakeColumnMapCheck(context, std::make_unique<JsonRule>(column));
}

Result<std::unique_ptr<Check>> MakeTimeFormat(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  if (KindOf(type) != ValueKind::kString) {
    return BadExpectation(
        fmt::format("a column of type {} is no text that could have a date's form", type.ToString()));
  }
  ARROW_ASSIGN_OR_RAISE(TimeFormat format, TimeFormat::Compile(context.text("strftime_format")));
  return MakeColumnMapCheck(context, std::make_unique<TimeFormatRule>(column, std::move(format)));
}

}  // namespace

std::vector<ExpectationKind> TextFormatKinds() {
  return {{.type = "expect_column_values_to_be_json_parseable",
           .summary = "Texts are JSON",
           .summary_es = "Los textos son JSON",
           .row_level = true,
           .make = MakeJson},
          {.type = "expect_column_values_to_match_strftime_format",
           .summary = "Texts are dates in a certain form",
           .summary_es = "Los textos son fechas con una forma dada",
           .row_level = true,
           .kwargs = {{.name = "strftime_format", .required = true}},
           .make = MakeTimeFormat}};
}

}  // namespace ingesta::expect
