// Two columns, row by row.
#include <arrow/type.h>
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "ingesta/expect/comparison.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/row_condition.h"
#include "ingesta/expect/value_key.h"

namespace ingesta::expect {
namespace {

class PairRule final : public RowRule {
 public:
  PairRule(int a, int b, CompareOp op) : a_(a), b_(b), op_(op) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& a = batch.column(a_);
    const ColumnView& b = batch.column(b_);
    holds_.resize(static_cast<size_t>(batch.rows()));
    CompareColumns(a, b, op_, holds_.data());
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      // A missing value is equal to nothing, and neither above nor below.
      const bool both = a.IsPresent(i) && b.IsPresent(i);
      failed[i] = both && holds_[static_cast<size_t>(i)] != 0 ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  const int a_;
  const int b_;
  const CompareOp op_;
  std::vector<uint8_t> holds_;
};

/// A pair of the suite: keys, or nothing where null stands.
struct KeyPair {
  std::optional<ValueKey> a;
  std::optional<ValueKey> b;
};

class PairSetRule final : public RowRule {
 public:
  PairSetRule(int a, int b, std::vector<KeyPair> pairs) : a_(a), b_(b), pairs_(std::move(pairs)) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& a = batch.column(a_);
    const ColumnView& b = batch.column(b_);
    ColumnKeys(a, keys_a_);
    ColumnKeys(b, keys_b_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      const auto row = static_cast<size_t>(i);
      failed[i] =
          Known(a.IsPresent(i) ? &keys_a_[row] : nullptr, b.IsPresent(i) ? &keys_b_[row] : nullptr) ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  static bool Same(const std::optional<ValueKey>& wanted, const ValueKey* key) {
    return wanted ? key != nullptr && *key == *wanted : key == nullptr;
  }
  bool Known(const ValueKey* a, const ValueKey* b) const {
    for (const KeyPair& pair : pairs_) {
      if (Same(pair.a, a) && Same(pair.b, b)) return true;
    }
    return false;
  }

  const int a_;
  const int b_;
  const std::vector<KeyPair> pairs_;
  std::vector<ValueKey> keys_a_;
  std::vector<ValueKey> keys_b_;
};

Result<MapDomain> PairDomain(const CheckContext& context) {
  MapDomain domain;
  domain.shape = MapDomain::Shape::kPair;
  ARROW_ASSIGN_OR_RAISE(const int a, context.ColumnIndex("column_A"));
  ARROW_ASSIGN_OR_RAISE(const int b, context.ColumnIndex("column_B"));
  domain.columns = {a, b};
  ARROW_ASSIGN_OR_RAISE(domain.missing, ReadIgnoreRowIf(context));
  return domain;
}

Result<std::unique_ptr<Check>> Make(const CheckContext& context, CompareOp op) {
  ARROW_ASSIGN_OR_RAISE(MapDomain domain, PairDomain(context));
  const int a = domain.columns[0];
  const int b = domain.columns[1];
  RETURN_NOT_OK(CheckComparable(*context.schema.field(a)->type(), *context.schema.field(b)->type(),
                                op != CompareOp::kEqual));
  return MakeMapCheck(context, std::move(domain), std::make_unique<PairRule>(a, b, op));
}

Result<std::unique_ptr<Check>> MakeSet(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(MapDomain domain, PairDomain(context));
  const int a = domain.columns[0];
  const int b = domain.columns[1];
  std::vector<KeyPair> pairs;
  for (const Json& pair : context.kwarg("value_pairs_set")) {
    KeyPair keys;
    if (!pair[0].is_null()) keys.a = JsonKey(*context.schema.field(a)->type(), pair[0]);
    if (!pair[1].is_null()) keys.b = JsonKey(*context.schema.field(b)->type(), pair[1]);
    // A value that the column can't have makes a pair that no row has.
    if ((keys.a || pair[0].is_null()) && (keys.b || pair[1].is_null())) pairs.push_back(keys);
  }
  return MakeMapCheck(context, std::move(domain), std::make_unique<PairSetRule>(a, b, std::move(pairs)));
}

std::vector<KwargSpec> PairKwargs(std::vector<KwargSpec> more) {
  std::vector<KwargSpec> kwargs = {
      {.name = "column_A", .type = KwargType::kColumn, .required = true},
      {.name = "column_B", .type = KwargType::kColumn, .required = true},
      {.name = "ignore_row_if",
       .type = KwargType::kEnum,
       .choices = {"both_values_are_missing", "either_value_is_missing", "neither"}}};
  kwargs.insert(kwargs.end(), more.begin(), more.end());
  return kwargs;
}

}  // namespace

std::vector<ExpectationKind> PairKinds() {
  return {
      {.type = "expect_column_pair_values_to_be_equal",
       .summary = "In each row two columns have the same value",
       .summary_es = "En cada fila dos columnas tienen el mismo valor",
       .domain = Domain::kColumnPair,
       .row_level = true,
       .kwargs = PairKwargs({}),
       .make = [](const CheckContext& context) { return Make(context, CompareOp::kEqual); }},
      {.type = "expect_column_pair_values_a_to_be_greater_than_b",
       .summary = "In each row one column's value is above the other's",
       .summary_es = "En cada fila el valor de una columna es mayor que el de la otra",
       .domain = Domain::kColumnPair,
       .row_level = true,
       .kwargs = PairKwargs({{.name = "or_equal", .type = KwargType::kBool, .nullable = true}}),
       .make =
           [](const CheckContext& context) {
             return Make(context, context.flag("or_equal") ? CompareOp::kGreaterEqual : CompareOp::kGreater);
           }},
      {.type = "expect_column_pair_values_to_be_in_set",
       .summary = "In each row two columns' values are one of a set of pairs",
       .summary_es = "En cada fila los valores de dos columnas son uno de un conjunto de pares",
       .domain = Domain::kColumnPair,
       .row_level = true,
       .kwargs = PairKwargs({{.name = "value_pairs_set", .type = KwargType::kPairList, .required = true}}),
       .make = MakeSet}};
}

}  // namespace ingesta::expect
