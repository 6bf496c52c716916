#include "ingesta/expect/check.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/config/nearest.h"
#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {

const Json& CheckContext::kwarg(const char* name) const {
  static const Json kNull;
  const auto found = expectation.kwargs.find(name);
  return found == expectation.kwargs.end() ? kNull : *found;
}

bool CheckContext::has(const char* name) const {
  return !kwarg(name).is_null();
}

bool CheckContext::flag(const char* name, bool fallback) const {
  const Json& value = kwarg(name);
  return value.is_boolean() ? value.get<bool>() : fallback;
}

double CheckContext::number(const char* name, double fallback) const {
  const Json& value = kwarg(name);
  return value.is_number() ? value.get<double>() : fallback;
}

std::string CheckContext::text(const char* name, const char* fallback) const {
  const Json& value = kwarg(name);
  return value.is_string() ? value.get<std::string>() : fallback;
}

Result<int> CheckContext::ColumnIndex(const char* name) const {
  return FindColumn(schema, text(name));
}

Result<std::vector<int>> CheckContext::ColumnIndexes(const char* name) const {
  std::vector<int> columns;
  for (const Json& column : kwarg(name)) {
    ARROW_ASSIGN_OR_RAISE(const int index, FindColumn(schema, column.get<std::string>()));
    columns.push_back(index);
  }
  return columns;
}

Result<int> CheckContext::Condition() const {
  if (!has("row_condition")) return -1;
  return conditions.Add(kwarg("row_condition"), text("condition_parser"));
}

Result<int> FindColumn(const arrow::Schema& schema, const std::string& name) {
  const std::vector<int> found = schema.GetAllFieldIndices(name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return BadExpectation(fmt::format("there are {} columns `{}`", found.size(), name));
  const std::string advice = config::SuggestFrom(name, "columns", schema.field_names());
  return BadExpectation(fmt::format("there is no column `{}`; {}", name, advice));
}

Status BadExpectation(std::string message) {
  return MakeError({.code = ErrorCode::kInvalidConfig, .stage = Stage::kExpect}, std::move(message));
}

}  // namespace ingesta::expect
