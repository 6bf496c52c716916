// Values that lie far from the others: by standard deviations, or by the distance between the quartiles. Rows
// are judged when all have passed.
#include <arrow/type.h>

#include <cmath>
#include <optional>

#include "ingesta/expect/column_numbers.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/moments.h"
#include "ingesta/expect/quantiles.h"

namespace ingesta::expect {
namespace {

class SpreadRule : public RowRule {
 public:
  explicit SpreadRule(int column) : column_(column) {}
  bool NeedsWholeColumn() const override { return true; }
  Status Observe(const BatchView& batch, const RowSet& rows) override {
    ColumnNumbers(batch.column(column_), numbers_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (rows.Has(i)) moments_.Add(numbers_[static_cast<size_t>(i)]);
    }
    return Status::OK();
  }
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    ColumnNumbers(batch.column(column_), numbers_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (rows.Has(i)) failed[i] = Holds(numbers_[static_cast<size_t>(i)]) ? 0 : 1;
    }
    return Status::OK();
  }

 protected:
  virtual bool Holds(double value) const = 0;
  const Moments& moments() const { return moments_; }
  const int column_;

 private:
  Moments moments_;
  std::vector<double> numbers_;
};

class ZScoreRule final : public SpreadRule {
 public:
  ZScoreRule(int column, double threshold, bool double_sided)
      : SpreadRule(column), threshold_(threshold), double_sided_(double_sided) {}
  Result<bool> EndObserve() override {
    mean_ = moments().mean();
    deviation_ = moments().deviation();
    // Without a spread no value is far from the others.
    return std::isfinite(deviation_) && deviation_ != 0;
  }

 private:
  bool Holds(double value) const override {
    const double score = (value - mean_) / deviation_;
    if (std::isnan(score)) return true;
    return double_sided_ ? std::fabs(score) < std::fabs(threshold_) : score < threshold_;
  }
  const double threshold_;
  const bool double_sided_;
  double mean_ = 0;
  double deviation_ = 0;
};

class DeviationRule final : public SpreadRule {
 public:
  DeviationRule(int column, double multiplier) : SpreadRule(column), multiplier_(multiplier) {}
  Result<bool> EndObserve() override {
    mean_ = moments().mean();
    limit_ = multiplier_ * moments().deviation();
    return std::isfinite(mean_) && std::isfinite(limit_);
  }

 private:
  bool Holds(double value) const override {
    return limit_ <= 0 ? value == mean_ : std::fabs(value - mean_) < limit_;
  }
  const double multiplier_;
  double mean_ = 0;
  double limit_ = 0;
};

class QuartileRule final : public SpreadRule {
 public:
  QuartileRule(int column, const arrow::DataType& type, double multiplier, MemoryBudget& memory)
      : SpreadRule(column), quantiles_(column, type, memory), multiplier_(multiplier) {}
  Status Observe(const BatchView& batch, const RowSet& rows) override { return quantiles_.Add(batch, rows); }
  Result<bool> EndObserve() override {
    if (quantiles_.count() == 0) return false;
    ARROW_ASSIGN_OR_RAISE(const auto quartiles, quantiles_.Numbers({0.25, 0.75}, Interpolation::kLinear));
    const double reach = multiplier_ * (quartiles[1] - quartiles[0]);
    low_ = quartiles[0] - reach;
    high_ = quartiles[1] + reach;
    return std::isfinite(low_) && std::isfinite(high_);
  }

 private:
  bool Holds(double value) const override { return value >= low_ && value <= high_; }
  Quantiles quantiles_;
  const double multiplier_;
  double low_ = 0;
  double high_ = 0;
};

Result<std::unique_ptr<Check>> MakeZScore(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckNumbers(*context.schema.field(column)->type(), /*times=*/true));
  auto rule =
      std::make_unique<ZScoreRule>(column, context.number("threshold", 0), context.flag("double_sided"));
  return MakeColumnMapCheck(context, std::move(rule));
}

Result<std::unique_ptr<Check>> MakeOutliers(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  RETURN_NOT_OK(CheckNumbers(type, /*times=*/false));
  const double multiplier = context.number("multiplier", 1.5);
  std::unique_ptr<RowRule> rule;
  if (context.text("method", "iqr") == "std") {
    rule = std::make_unique<DeviationRule>(column, multiplier);
  } else {
    rule = std::make_unique<QuartileRule>(column, type, multiplier, context.memory);
  }
  return MakeColumnMapCheck(context, std::move(rule));
}

}  // namespace

std::vector<ExpectationKind> SpreadKinds() {
  return {{.type = "expect_column_value_z_scores_to_be_less_than",
           .summary = "Values lie within a number of standard deviations of the mean",
           .summary_es = "Los valores distan de la media menos de un número de desviaciones típicas",
           .kwargs = {{.name = "threshold", .type = KwargType::kNumber, .required = true},
                      {.name = "double_sided", .type = KwargType::kBool, .required = true}},
           .make = MakeZScore},
          {.type = "expect_column_values_to_not_be_outliers",
           .summary = "No value lies far outside the quartiles, or far from the mean",
           .summary_es = "Ningún valor queda muy fuera de los cuartiles, o muy lejos de la media",
           .kwargs = {{.name = "method", .type = KwargType::kEnum, .choices = {"iqr", "std"}},
                      {.name = "multiplier", .type = KwargType::kNumber}},
           .make = MakeOutliers}};
}

}  // namespace ingesta::expect
