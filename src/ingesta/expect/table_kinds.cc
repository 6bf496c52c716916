// The table as a whole: its columns and its number of rows.
#include <arrow/type.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "ingesta/expect/bounds.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

/// Known from the schema alone.
class SchemaCheck final : public Check {
 public:
  explicit SchemaCheck(CheckResult result) : result_(std::move(result)) {}
  Status Update(const BatchView&, std::vector<uint8_t>*) override { return Status::OK(); }
  Result<CheckResult> Finish() override { return result_; }

 private:
  const CheckResult result_;
};

Result<std::unique_ptr<Check>> Known(const CheckContext& context, bool success, Json result) {
  return std::make_unique<SchemaCheck>(Observed(success, std::move(result), context.format));
}

class RowCountCheck final : public Check {
 public:
  RowCountCheck(const CheckContext& context, int condition, Bounds bounds)
      : condition_(condition), bounds_(std::move(bounds)), format_(context.format) {}
  Status Update(const BatchView& batch, std::vector<uint8_t>*) override {
    ARROW_ASSIGN_OR_RAISE(const RowSet rows, batch.condition(condition_));
    rows_ += rows.count;
    return Status::OK();
  }
  Result<CheckResult> Finish() override {
    return JudgeObserved(bounds_, static_cast<double>(rows_), rows_, format_);
  }

 private:
  const int condition_;
  const Bounds bounds_;
  const ResultFormat format_;
  int64_t rows_ = 0;
};

Result<std::unique_ptr<Check>> MakeRowCount(const CheckContext& context) {
  Bounds bounds;
  if (context.has("value")) {
    bounds.min = bounds.max = Literal::FromJson(context.kwarg("value"));
  } else {
    ARROW_ASSIGN_OR_RAISE(bounds, ReadBounds(context));
    RETURN_NOT_OK(bounds.Hold(0).status());
  }
  ARROW_ASSIGN_OR_RAISE(const int condition, context.Condition());
  return std::make_unique<RowCountCheck>(context, condition, std::move(bounds));
}

Result<std::unique_ptr<Check>> MakeColumnCount(const CheckContext& context) {
  const int count = context.schema.num_fields();
  if (context.has("value"))
    return Known(context, context.kwarg("value") == Json(count), {{"observed_value", count}});
  ARROW_ASSIGN_OR_RAISE(const Bounds bounds, ReadBounds(context));
  ARROW_ASSIGN_OR_RAISE(const bool holds, bounds.Hold(count));
  return Known(context, holds, {{"observed_value", count}});
}

Result<std::unique_ptr<Check>> MakeColumnExists(const CheckContext& context) {
  const std::string name = context.text("column");
  const std::vector<std::string> names = context.schema.field_names();
  int64_t index = context.has("column_index") ? context.kwarg("column_index").get<int64_t>() : 0;
  bool found = std::find(names.begin(), names.end(), name) != names.end();
  // GX takes the index 0 for none; a negative one counts from the end, as Python's do.
  if (index != 0) {
    const auto count = static_cast<int64_t>(names.size());
    if (index < 0) index += count;
    found = index >= 0 && index < count && names[static_cast<size_t>(index)] == name;
  }
  return Known(context, found, Json::object());
}

std::vector<std::string> NamesOf(const Json& list) {
  std::vector<std::string> names;
  for (const Json& name : list) names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  return names;
}

Json Mismatch(size_t index, const Json& expected, const Json& found) {
  return {{"Expected Column Position", index}, {"Expected", expected}, {"Found", found}};
}

Result<std::unique_ptr<Check>> MakeOrderedList(const CheckContext& context) {
  const std::vector<std::string> names = context.schema.field_names();
  const std::vector<std::string> expected = NamesOf(context.kwarg("column_list"));
  if (!context.has("column_list") || names == expected)
    return Known(context, true, {{"observed_value", names}});
  Json mismatched = Json::array();
  for (size_t i = 0; i < std::max(names.size(), expected.size()); ++i) {
    const Json want = i < expected.size() ? Json(expected[i]) : Json(nullptr);
    const Json have = i < names.size() ? Json(names[i]) : Json(nullptr);
    if (want != have) mismatched.push_back(Mismatch(i, want, have));
  }
  return Known(context, false, {{"observed_value", names}, {"details", {{"mismatched", mismatched}}}});
}

Result<std::unique_ptr<Check>> MakeColumnSet(const CheckContext& context) {
  std::vector<std::string> names = context.schema.field_names();
  std::vector<std::string> expected = NamesOf(context.kwarg("column_set"));
  for (auto* list : {&names, &expected}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  const bool exact = context.flag("exact_match", true);
  if (names == expected) return Known(context, true, {{"observed_value", names}});
  const auto without = [](const std::vector<std::string>& all, const std::vector<std::string>& taken) {
    std::vector<std::string> rest;
    std::set_difference(all.begin(), all.end(), taken.begin(), taken.end(), std::back_inserter(rest));
    return rest;
  };
  const auto unexpected = without(names, expected);
  const auto missing = without(expected, names);
  Json mismatched = Json::object();
  if (!unexpected.empty()) mismatched["unexpected"] = unexpected;
  if (!missing.empty()) mismatched["missing"] = missing;
  return Known(context, !exact && missing.empty(),
               {{"observed_value", names}, {"details", {{"mismatched", mismatched}}}});
}

}  // namespace

std::vector<ExpectationKind> TableKinds() {
  const KwargSpec value = {.name = "value", .type = KwargType::kCount, .required = true};
  const std::vector<KwargSpec> min_max = {{.name = "min_value", .type = KwargType::kBound, .nullable = true},
                                          {.name = "max_value", .type = KwargType::kBound, .nullable = true}};
  return {{.type = "expect_table_row_count_to_be_between",
           .summary = "The number of rows lies between bounds",
           .summary_es = "El número de filas está entre dos límites",
           .domain = Domain::kFilteredTable,
           .kwargs = BoundKwargs(KwargType::kCount),
           .make = MakeRowCount},
          {.type = "expect_table_row_count_to_equal",
           .summary = "There is a certain number of rows",
           .summary_es = "Hay un número dado de filas",
           .domain = Domain::kFilteredTable,
           .kwargs = {value},
           .make = MakeRowCount},
          {.type = "expect_table_column_count_to_be_between",
           .summary = "The number of columns lies between bounds",
           .summary_es = "El número de columnas está entre dos límites",
           .domain = Domain::kTable,
           .kwargs = min_max,
           .make = MakeColumnCount},
          {.type = "expect_table_column_count_to_equal",
           .summary = "There is a certain number of columns",
           .summary_es = "Hay un número dado de columnas",
           .domain = Domain::kTable,
           .kwargs = {value},
           .make = MakeColumnCount},
          {.type = "expect_table_columns_to_match_ordered_list",
           .summary = "The columns are those of a list, in its order",
           .summary_es = "Las columnas son las de una lista, en su orden",
           .domain = Domain::kTable,
           .kwargs = {{.name = "column_list", .type = KwargType::kList, .nullable = true}},
           .make = MakeOrderedList},
          {.type = "expect_table_columns_to_match_set",
           .summary = "The columns are those of a set, in any order",
           .summary_es = "Las columnas son las de un conjunto, en cualquier orden",
           .domain = Domain::kTable,
           .kwargs = {{.name = "column_set", .type = KwargType::kList, .nullable = true},
                      {.name = "exact_match", .type = KwargType::kBool, .nullable = true}},
           .make = MakeColumnSet},
          {.type = "expect_column_to_exist",
           .summary = "There is a column, at a certain place where one is given",
           .summary_es = "Existe una columna, en un lugar dado si se indica",
           .domain = Domain::kTable,
           .kwargs = {{.name = "column", .type = KwargType::kColumn, .required = true},
                      {.name = "column_index", .type = KwargType::kCount, .nullable = true}},
           .make = MakeColumnExists}};
}

}  // namespace ingesta::expect
