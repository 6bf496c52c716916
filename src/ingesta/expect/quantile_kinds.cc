// Medians and other quantiles, exact.
#include <arrow/type.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "ingesta/expect/aggregate.h"
#include "ingesta/expect/column_numbers.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/quantiles.h"
#include "ingesta/expect/values.h"

namespace ingesta::expect {
namespace {

class MedianCheck final : public AggregateCheck {
 public:
  MedianCheck(const CheckContext& context, int column, int condition, Bounds bounds)
      : AggregateCheck(context, column, condition),
        bounds_(std::move(bounds)),
        quantiles_(column, type(), context.memory) {}

  Result<CheckResult> Finish() override {
    const int64_t count = quantiles_.count();
    if (count == 0) return Observed(false, Json{{"observed_value", NothingObserved(type())}}, format());
    ARROW_ASSIGN_OR_RAISE(const auto middle, quantiles_.At({(count - 1) / 2, count / 2}));
    if (KindOf(type()) == ValueKind::kTimestamp) return JudgeTime(middle);
    const double low = KeyNumber(type(), middle[0]);
    const double high = KeyNumber(type(), middle[1]);
    const double median = low == high ? low : (low + high) / 2;
    if (std::isnan(median)) return JudgeObserved(bounds_, std::nullopt, nullptr, format());
    return JudgeObserved(bounds_, median, median, format());
  }

 private:
  Status Observe(const ColumnView&, const BatchView& batch, const RowSet& rows) override {
    return quantiles_.Add(batch, rows);
  }

  Result<CheckResult> JudgeTime(const std::vector<ValueKey>& middle) const {
    const Int128 sum = Int128{KeyInt(middle[0])} + KeyInt(middle[1]);
    const auto ticks = static_cast<int64_t>(sum >= 0 ? sum / 2 : -((-sum) / 2));
    const ValueKey key = IntKey(ticks);
    bool holds = true;
    if (bounds_.min)
      holds =
          holds && KeyHolds(type(), key, bounds_.strict_min ? CompareOp::kGreater : CompareOp::kGreaterEqual,
                            *bounds_.min);
    if (bounds_.max)
      holds = holds && KeyHolds(type(), key, bounds_.strict_max ? CompareOp::kLess : CompareOp::kLessEqual,
                                *bounds_.max);
    return Observed(holds, Json{{"observed_value", KeyJson(type(), key)}}, format());
  }

  const Bounds bounds_;
  Quantiles quantiles_;
};

Result<std::unique_ptr<Check>> MakeMedian(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  RETURN_NOT_OK(CheckNumbers(type, /*times=*/true));
  ARROW_ASSIGN_OR_RAISE(Bounds bounds, ReadBounds(context));
  RETURN_NOT_OK(CheckBounds(bounds, type));
  return MakeAggregate<MedianCheck>(context, std::move(bounds));
}

struct QuantileRanges {
  std::vector<double> probabilities;
  std::vector<std::pair<double, double>> ranges;
};

class QuantileCheck final : public AggregateCheck {
 public:
  QuantileCheck(const CheckContext& context, int column, int condition, QuantileRanges ranges,
                Interpolation between)
      : AggregateCheck(context, column, condition),
        ranges_(std::move(ranges)),
        between_(between),
        quantiles_(column, type(), context.memory) {}

  Result<CheckResult> Finish() override {
    Json values = Json::array();
    Json details = Json::array();
    bool success = true;
    std::vector<double> numbers(ranges_.probabilities.size(), std::nan(""));
    if (quantiles_.count() > 0) {
      ARROW_ASSIGN_OR_RAISE(numbers, quantiles_.Numbers(ranges_.probabilities, between_));
    }
    for (size_t i = 0; i < numbers.size(); ++i) {
      const bool holds = InRange(numbers[i], ranges_.ranges[i]);
      success = success && holds;
      details.push_back(holds);
      values.push_back(Shown(numbers[i]));
    }
    Json result;
    result["observed_value"] = {{"quantiles", ranges_.probabilities}, {"values", values}};
    result["details"] = {{"success_details", details}};
    return Observed(success, std::move(result), format());
  }

 private:
  Status Observe(const ColumnView&, const BatchView& batch, const RowSet& rows) override {
    return quantiles_.Add(batch, rows);
  }

  Json Shown(double number) const {
    if (std::isnan(number)) return nullptr;
    if (KindOf(type()) == ValueKind::kBool && between_ != Interpolation::kLinear &&
        between_ != Interpolation::kMidpoint)
      return number != 0;
    return number;
  }

  /// With GX's tolerance of one in ten thousand at both ends.
  static bool InRange(double value, const std::pair<double, double>& range) {
    if (std::isnan(value)) return false;
    return Close(value, range.first) || Close(value, range.second) ||
           (range.first <= value && value <= range.second);
  }
  static bool Close(double value, double reference) {
    if (std::isinf(value) || std::isinf(reference)) return value == reference;
    return std::fabs(value - reference) <= 1e-8 + 1e-4 * std::fabs(reference);
  }

  const QuantileRanges ranges_;
  const Interpolation between_;
  Quantiles quantiles_;
};

Result<QuantileRanges> ReadRanges(const Json& kwarg) {
  const auto bad = [](std::string_view what) {
    return BadExpectation(fmt::format("quantile_ranges: {}", what));
  };
  const auto list = [&](const char* name) {
    return kwarg.contains(name) && kwarg[name].is_array() && !kwarg[name].empty();
  };
  if (!kwarg.is_object() || !list("quantiles") || !list("value_ranges")) {
    return bad("needs the lists \"quantiles\" and \"value_ranges\"");
  }
  if (kwarg["quantiles"].size() != kwarg["value_ranges"].size())
    return bad("both lists need the same length");
  QuantileRanges ranges;
  for (const Json& quantile : kwarg["quantiles"]) {
    if (!quantile.is_number() || quantile.get<double>() < 0 || quantile.get<double>() > 1) {
      return bad("a quantile is a number from 0 to 1");
    }
    ranges.probabilities.push_back(quantile.get<double>());
  }
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Json& range : kwarg["value_ranges"]) {
    if (!range.is_array() || range.size() != 2 || !(range[0].is_null() || range[0].is_number()) ||
        !(range[1].is_null() || range[1].is_number())) {
      return bad("a range is a list of two numbers or nulls");
    }
    ranges.ranges.emplace_back(range[0].is_null() ? -infinity : range[0].get<double>(),
                               range[1].is_null() ? infinity : range[1].get<double>());
    if (ranges.ranges.back().first > ranges.ranges.back().second)
      return bad("a range's lower end is above its upper end");
  }
  return ranges;
}

Result<std::unique_ptr<Check>> MakeQuantiles(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckNumbers(*context.schema.field(column)->type(), /*times=*/false));
  ARROW_ASSIGN_OR_RAISE(QuantileRanges ranges, ReadRanges(context.kwarg("quantile_ranges")));
  Interpolation between = Interpolation::kNearest;
  const Json& kwarg = context.kwarg("allow_relative_error");
  if (!kwarg.is_null() && kwarg != Json(false)) {
    ARROW_ASSIGN_OR_RAISE(between,
                          ReadInterpolation(kwarg.is_string() ? kwarg.get<std::string>() : kwarg.dump()));
  }
  return MakeAggregate<QuantileCheck>(context, std::move(ranges), between);
}

}  // namespace

std::vector<ExpectationKind> QuantileKinds() {
  return {{.type = "expect_column_median_to_be_between",
           .summary = "The median lies between bounds",
           .summary_es = "La mediana está entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = BoundKwargs(KwargType::kBound),
           .make = MakeMedian},
          {.type = "expect_column_quantile_values_to_be_between",
           .summary = "Quantiles lie between bounds",
           .summary_es = "Los cuantiles están entre dos límites",
           .domain = Domain::kColumnAggregate,
           .kwargs = {{.name = "quantile_ranges", .type = KwargType::kObject, .required = true},
                      {.name = "allow_relative_error", .type = KwargType::kAny}},
           .make = MakeQuantiles}};
}

}  // namespace ingesta::expect
