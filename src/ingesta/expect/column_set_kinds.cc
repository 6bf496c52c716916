// Several columns, row by row.
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ingesta/expect/column_numbers.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {
namespace {

/// The columns' sum, as pandas adds them: whole numbers exactly, others as doubles; without a value it is
/// none.
class SumRule final : public RowRule {
 public:
  SumRule(std::vector<int> columns, bool whole, double total)
      : columns_(std::move(columns)), whole_(whole), total_(total) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const auto size = static_cast<size_t>(batch.rows());
    sums_.assign(size, 0);
    whole_sums_.assign(size, 0);
    there_.assign(size, 1);
    for (const int index : columns_) Add(batch.column(index));
    for (size_t i = 0; i < size; ++i) {
      if (!rows.Has(static_cast<int64_t>(i))) continue;
      const double sum = whole_ ? static_cast<double>(whole_sums_[i]) : sums_[i];
      failed[i] = there_[i] != 0 && sum == total_ ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  void Add(const ColumnView& column) {
    const size_t size = there_.size();
    if (whole_) {
      const int64_t* values = column.ints();
      for (size_t i = 0; i < size; ++i) whole_sums_[i] += values[i];
    } else {
      ColumnNumbers(column, numbers_);
      for (size_t i = 0; i < size; ++i) sums_[i] += numbers_[i];
    }
    const uint8_t* present = column.present();
    for (size_t i = 0; present != nullptr && i < size; ++i) there_[i] &= present[i];
  }

  const std::vector<int> columns_;
  const bool whole_;
  const double total_;
  std::vector<double> sums_;
  std::vector<Int128> whole_sums_;
  std::vector<uint8_t> there_;
  std::vector<double> numbers_;
};

/// All decimals of one scale: exact against the double's exact value.
class DecimalSumRule final : public RowRule {
 public:
  DecimalSumRule(std::vector<int> columns, int scale, double total)
      : columns_(std::move(columns)), wanted_(FloorScaled(total, scale)) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      Int128 sum = 0;
      bool there = true;
      for (const int index : columns_) {
        const ColumnView& column = batch.column(index);
        there = there && column.IsPresent(i);
        sum += column.decimals()[i];
      }
      failed[i] = there && wanted_ && wanted_->exact && sum == wanted_->floor ? 0 : 1;
    }
    return Status::OK();
  }

 private:
  const std::vector<int> columns_;
  const std::optional<ScaledFloor> wanted_;
};

/// Whether two values of a row are equal; two missing ones are.
class Equality {
 public:
  void Compare(const ColumnView& a, const ColumnView& b, std::vector<uint8_t>& equal) {
    equal.resize(static_cast<size_t>(a.size()));
    CompareColumns(a, b, CompareOp::kEqual, equal.data());
    for (int64_t i = 0; i < a.size(); ++i) {
      const bool here = a.IsPresent(i);
      if (here && b.IsPresent(i)) continue;
      equal[static_cast<size_t>(i)] = here == b.IsPresent(i) ? 1 : 0;
    }
  }
};

class AllEqualRule final : public RowRule {
 public:
  explicit AllEqualRule(std::vector<int> columns) : columns_(std::move(columns)) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    for (size_t k = 1; k < columns_.size(); ++k) {
      Equality().Compare(batch.column(columns_.front()), batch.column(columns_[k]), equal_);
      for (int64_t i = 0; i < batch.rows(); ++i) {
        if (rows.Has(i) && equal_[static_cast<size_t>(i)] == 0) failed[i] = 1;
      }
    }
    return Status::OK();
  }

 private:
  const std::vector<int> columns_;
  std::vector<uint8_t> equal_;
};

class AllDifferentRule final : public RowRule {
 public:
  explicit AllDifferentRule(std::vector<int> columns) : columns_(std::move(columns)) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    for (size_t a = 0; a < columns_.size(); ++a) {
      for (size_t b = a + 1; b < columns_.size(); ++b) {
        Equality().Compare(batch.column(columns_[a]), batch.column(columns_[b]), equal_);
        for (int64_t i = 0; i < batch.rows(); ++i) {
          if (rows.Has(i) && equal_[static_cast<size_t>(i)] != 0) failed[i] = 1;
        }
      }
    }
    return Status::OK();
  }

 private:
  const std::vector<int> columns_;
  std::vector<uint8_t> equal_;
};

Result<MapDomain> SetDomain(const CheckContext& context) {
  MapDomain domain;
  domain.shape = MapDomain::Shape::kRecord;
  ARROW_ASSIGN_OR_RAISE(domain.columns, context.ColumnIndexes("column_list"));
  ARROW_ASSIGN_OR_RAISE(domain.missing, ReadIgnoreRowIf(context));
  for (const int column : domain.columns) {
    const arrow::DataType& type = *context.schema.field(column)->type();
    if (KindOf(type) == ValueKind::kOther)
      return BadExpectation(fmt::format("columns of type {} are not checked", type.ToString()));
  }
  return domain;
}

Result<std::unique_ptr<Check>> MakeSum(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(MapDomain domain, SetDomain(context));
  bool whole = true;
  bool decimals = true;
  int scale = -1;
  for (const int column : domain.columns) {
    const arrow::DataType& type = *context.schema.field(column)->type();
    RETURN_NOT_OK(CheckNumbers(type, /*times=*/false));
    const ValueKind kind = KindOf(type);
    whole = whole && (kind == ValueKind::kInt || kind == ValueKind::kBool);
    const int here =
        kind == ValueKind::kDecimal ? static_cast<const arrow::Decimal128Type&>(type).scale() : -1;
    decimals = decimals && here >= 0 && (scale < 0 || here == scale);
    scale = here;
  }
  const double total = context.number("sum_total", 0);
  std::unique_ptr<RowRule> rule;
  if (decimals) {
    rule = std::make_unique<DecimalSumRule>(domain.columns, scale, total);
  } else {
    rule = std::make_unique<SumRule>(domain.columns, whole, total);
  }
  return MakeMapCheck(context, std::move(domain), std::move(rule));
}

template <typename Rule>
Result<std::unique_ptr<Check>> MakeRule(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(MapDomain domain, SetDomain(context));
  for (const int column : domain.columns) {
    RETURN_NOT_OK(CheckComparable(*context.schema.field(domain.columns.front())->type(),
                                  *context.schema.field(column)->type(), /*order=*/false));
  }
  auto rule = std::make_unique<Rule>(domain.columns);
  return MakeMapCheck(context, std::move(domain), std::move(rule));
}

}  // namespace

std::vector<ExpectationKind> ColumnSetKinds() {
  return {{.type = "expect_multicolumn_sum_to_equal",
           .summary = "In each row the columns' sum is a certain number",
           .summary_es = "En cada fila la suma de las columnas es un número dado",
           .domain = Domain::kColumnSet,
           .row_level = true,
           .kwargs = {{.name = "sum_total", .type = KwargType::kNumber, .required = true}},
           .make = MakeSum},
          {.type = "expect_multicolumn_values_to_be_equal",
           .summary = "In each row all columns have the same value",
           .summary_es = "En cada fila todas las columnas tienen el mismo valor",
           .domain = Domain::kColumnSet,
           .row_level = true,
           .make = MakeRule<AllEqualRule>},
          {.type = "expect_select_column_values_to_be_unique_within_record",
           .summary = "In each row all columns have different values",
           .summary_es = "En cada fila todas las columnas tienen valores distintos",
           .domain = Domain::kColumnSet,
           .row_level = true,
           .make = MakeRule<AllDifferentRule>}};
}

}  // namespace ingesta::expect
