#include "ingesta/expect/registry.h"

#include <utility>

#include "ingesta/expect/families.h"

namespace ingesta::expect {

void Registry::Add(std::vector<ExpectationKind> kinds) {
  for (ExpectationKind& kind : kinds) kinds_.push_back(std::move(kind));
}

void Registry::AddUnsupported(std::vector<UnsupportedKind> kinds) {
  for (UnsupportedKind& kind : kinds) unsupported_.push_back(std::move(kind));
}

const ExpectationKind* Registry::Find(std::string_view type) const {
  for (const ExpectationKind& kind : kinds_) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

const UnsupportedKind* Registry::FindUnsupported(std::string_view type) const {
  for (const UnsupportedKind& kind : unsupported_) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

std::vector<std::string> Registry::types() const {
  std::vector<std::string> types;
  for (const ExpectationKind& kind : kinds_) types.push_back(kind.type);
  return types;
}

Registry CoreExpectations() {
  Registry registry;
  registry.Add(NullKinds());
  registry.Add(BetweenKinds());
  registry.Add(SetKinds());
  registry.Add(RegexKinds());
  registry.Add(LengthKinds());
  registry.Add(OrderKinds());
  registry.Add(TypeKinds());
  registry.Add(TextFormatKinds());
  registry.Add(UniqueKinds());
  registry.Add(SpreadKinds());
  registry.Add(ExtremeKinds());
  registry.Add(SumKinds());
  registry.Add(DistinctKinds());
  registry.Add(QuantileKinds());
  registry.Add(TableKinds());
  registry.Add(PairKinds());
  registry.Add(ColumnSetKinds());
  registry.AddUnsupported(UnsupportedKinds());
  return registry;
}

const Registry& AllExpectations() {
  static const Registry registry = CoreExpectations();
  return registry;
}

std::vector<KwargSpec> AllKwargs(const ExpectationKind& kind) {
  std::vector<KwargSpec> kwargs = kind.kwargs;
  const auto add = [&kwargs](KwargSpec spec) { kwargs.push_back(std::move(spec)); };
  const Domain domain = kind.domain;
  if (domain == Domain::kColumnRows || domain == Domain::kColumnAggregate) {
    add({.name = "column", .type = KwargType::kColumn, .required = true});
  }
  if (domain == Domain::kColumnSet) {
    add({.name = "column_list", .type = KwargType::kColumnList, .required = true});
    add({.name = "ignore_row_if",
         .type = KwargType::kEnum,
         .choices = {"all_values_are_missing", "any_value_is_missing", "never"}});
  }
  if (domain == Domain::kColumnRows || domain == Domain::kColumnPair || domain == Domain::kColumnSet) {
    add({.name = "mostly", .type = KwargType::kFraction});
  }
  if (domain != Domain::kTable) {
    add({.name = "row_condition", .type = KwargType::kAny, .nullable = true});
    add({.name = "condition_parser",
         .type = KwargType::kEnum,
         .nullable = true,
         .choices = {"pandas", "great_expectations", "great_expectations__experimental__", "spark"}});
  }
  return kwargs;
}

}  // namespace ingesta::expect
