#include "ingesta/expect/map_check.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {
namespace {

using Level = ResultFormat::Level;

// GX's MAX_RESULT_RECORDS: what COMPLETE lists at most.
constexpr size_t kMaxValues = 200;
// GX lists the index of every row; this many bound the memory.
constexpr size_t kMaxIndexes = 100'000;

class MapCheck final : public Check {
 public:
  MapCheck(const CheckContext& context, MapDomain domain, std::unique_ptr<RowRule> rule)
      : domain_(std::move(domain)),
        rule_(std::move(rule)),
        format_(context.format),
        mostly_(context.number("mostly", 1.0)),
        conditions_(context.conditions) {
    for (const int column : domain_.columns) names_.push_back(context.schema.field(column)->name());
    const ValueKind kind = KindOf(*context.schema.field(domain_.columns.front())->type());
    // In pandas a missing number is a NaN, and no two NaN are equal.
    nulls_differ_ = kind == ValueKind::kInt || kind == ValueKind::kFloat;
    const auto partial = static_cast<size_t>(std::max(format_.partial_unexpected_count, 0));
    const bool complete = format_.level == Level::kComplete;
    max_values_ = format_.level == Level::kBooleanOnly ? 0
                  : complete                           ? kMaxValues
                                                       : std::min(partial, kMaxValues);
    max_indexes_ = complete ? kMaxIndexes : format_.level == Level::kSummary ? partial : 0;
  }

  Status Update(const BatchView& batch, std::vector<uint8_t>* failed) override {
    int64_t in_condition = 0;
    ARROW_ASSIGN_OR_RAISE(const RowSet rows, DomainRows(batch, domain_, mask_, &in_condition));
    elements_ += in_condition;
    considered_ += rows.count;
    if (rule_->NeedsWholeColumn()) return rule_->Observe(batch, rows);
    RETURN_NOT_OK(Judge(batch, rows));
    if (failed != nullptr) *failed = failed_;
    return Status::OK();
  }

  std::vector<int> ReplayColumns() const override {
    if (!rule_->NeedsWholeColumn()) return {};
    std::vector<int> columns = conditions_.columns(domain_.condition);
    columns.insert(columns.end(), domain_.columns.begin(), domain_.columns.end());
    return columns;
  }
  Result<bool> EndPass() override { return rule_->NeedsWholeColumn() ? rule_->EndObserve() : false; }
  Status Replay(const BatchView& batch) override {
    ARROW_ASSIGN_OR_RAISE(const RowSet rows, DomainRows(batch, domain_, mask_, nullptr));
    return Judge(batch, rows);
  }

  Result<CheckResult> Finish() override {
    CheckResult result;
    const bool vacuous = elements_ == 0 || considered_ == 0;
    result.success =
        vacuous ||
        static_cast<double>(considered_ - unexpected_) / static_cast<double>(considered_) >= mostly_;
    if (format_.level != Level::kBooleanOnly) result.result = Describe();
    return result;
  }

 private:
  Status Judge(const BatchView& batch, const RowSet& rows) {
    failed_.assign(static_cast<size_t>(batch.rows()), 0);
    if (rows.count == 0) return Status::OK();
    RETURN_NOT_OK(rule_->Judge(batch, rows, failed_.data()));
    const int64_t count = CountSet(failed_.data(), batch.rows());
    unexpected_ += count;
    if (count == 0 || (values_.size() >= max_values_ && indexes_.size() >= max_indexes_)) return Status::OK();
    for (int64_t row = 0; row < batch.rows(); ++row) {
      if (failed_[static_cast<size_t>(row)] == 0) continue;
      if (values_.size() < max_values_) values_.push_back(ValueOf(batch, row));
      if (indexes_.size() < max_indexes_) indexes_.push_back(batch.first_row() + row);
    }
    return Status::OK();
  }

  Json ValueOf(const BatchView& batch, int64_t row) const {
    if (domain_.shape == MapDomain::Shape::kValue)
      return ValueJson(batch.column(domain_.columns.front()), row);
    const bool pair = domain_.shape == MapDomain::Shape::kPair;
    Json value = pair ? Json::array() : Json::object();
    for (size_t i = 0; i < domain_.columns.size(); ++i) {
      const ColumnView& column = batch.column(domain_.columns[i]);
      // Pairs come out of numpy's arrays, records out of pandas.
      Json part = ValueJson(column, row, pair ? TimeStyle::kNumpy : TimeStyle::kIso);
      if (pair) {
        value.push_back(std::move(part));
      } else {
        value[names_[i]] = std::move(part);
      }
    }
    return value;
  }

  static Json Percent(int64_t part, int64_t whole) {
    return whole == 0 ? Json(nullptr) : Json(static_cast<double>(part) / static_cast<double>(whole) * 100);
  }

  Json Describe() const {
    const bool counts_missing = domain_.missing != MissingRows::kCounted;
    const bool lists = !format_.exclude_unexpected_values;
    Json result;
    result["element_count"] = elements_;
    result["unexpected_count"] = unexpected_;
    result["unexpected_percent"] = Percent(unexpected_, counts_missing ? considered_ : elements_);
    const auto partial =
        std::min(values_.size(), static_cast<size_t>(std::max(format_.partial_unexpected_count, 0)));
    if (lists)
      result["partial_unexpected_list"] =
          Json(std::vector<Json>(values_.begin(), values_.begin() + static_cast<int64_t>(partial)));
    if (counts_missing) {
      result["missing_count"] = elements_ - considered_;
      result["missing_percent"] = Percent(elements_ - considered_, elements_);
      result["unexpected_percent_total"] = Percent(unexpected_, elements_);
      result["unexpected_percent_nonmissing"] =
          elements_ == 0 ? Json(nullptr) : Percent(unexpected_, considered_);
    }
    if (format_.level == Level::kBasic) return result;
    if (format_.partial_unexpected_count > 0) {
      if (lists) {
        Json counts = CountValues(values_, format_.partial_unexpected_count, nulls_differ_);
        if (!counts.is_null()) result["partial_unexpected_counts"] = std::move(counts);
      }
      const auto shown = std::min(indexes_.size(), static_cast<size_t>(format_.partial_unexpected_count));
      result["partial_unexpected_index_list"] =
          std::vector<int64_t>(indexes_.begin(), indexes_.begin() + static_cast<int64_t>(shown));
    }
    if (format_.level == Level::kSummary) return result;
    if (lists) result["unexpected_list"] = values_;
    result["unexpected_index_list"] = indexes_;
    if (format_.unexpected_index_query) {
      result["unexpected_index_query"] =
          fmt::format("df.filter(items=[{}], axis=0)", fmt::join(indexes_, ", "));
    }
    return result;
  }

  const MapDomain domain_;
  const std::unique_ptr<RowRule> rule_;
  const ResultFormat format_;
  const double mostly_;
  const ConditionSet& conditions_;
  std::vector<std::string> names_;
  bool nulls_differ_ = false;
  size_t max_values_ = 0;
  size_t max_indexes_ = 0;
  int64_t elements_ = 0;
  int64_t considered_ = 0;
  int64_t unexpected_ = 0;
  std::vector<Json> values_;
  std::vector<int64_t> indexes_;
  std::vector<uint8_t> mask_;
  std::vector<uint8_t> failed_;
};

/// Whether a value and another, or a NaN, are one to Python.
bool PythonEqual(const Json& a, const Json& b, bool nulls_differ) {
  return a == b && !(a.is_null() && nulls_differ);
}

/// Python's `a < b`; nullopt where it raises.
std::optional<bool> PythonLess(const Json& a, const Json& b, bool nulls_differ) {
  if (a.is_array() && b.is_array()) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (!PythonEqual(a[i], b[i], nulls_differ)) return PythonLess(a[i], b[i], nulls_differ);
    }
    return false;
  }
  const auto number = [](const Json& value) { return value.is_number() || value.is_null(); };
  if (number(a) && number(b)) return !a.is_null() && !b.is_null() && a < b;  // nothing is below or above NaN
  if (a.type() != b.type()) return std::nullopt;
  return a < b;
}

/// Sort as Python does lists of up to 64: where NaN is among the values the way decides the result. False
/// where the values have no order.
template <typename T, typename Less>
bool PythonSort(std::vector<T>& list, const Less& less) {
  bool ordered = true;
  const auto below = [&](const T& a, const T& b) {
    const std::optional<bool> is_less = less(a, b);
    ordered = ordered && is_less.has_value();
    return is_less.value_or(false);
  };
  size_t run = 2;
  if (list.size() < 2) return true;
  if (below(list[1], list[0])) {
    while (run < list.size() && below(list[run], list[run - 1])) ++run;
    std::reverse(list.begin(), list.begin() + static_cast<int64_t>(run));
  } else {
    while (run < list.size() && !below(list[run], list[run - 1])) ++run;
  }
  for (; run < list.size(); ++run) {
    const T item = list[run];
    size_t low = 0;
    size_t high = run;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (below(item, list[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    std::move_backward(list.begin() + static_cast<int64_t>(low), list.begin() + static_cast<int64_t>(run),
                       list.begin() + static_cast<int64_t>(run) + 1);
    list[low] = item;
  }
  return ordered;
}

Json Key(const Json& value) {
  if (!value.is_object()) return value;
  Json tuple = Json::array();
  for (const auto& [name, part] : value.items()) tuple.push_back(part);
  return tuple;
}

}  // namespace

Json CountValues(const std::vector<Json>& values, int limit, bool nulls_differ) {
  std::vector<std::pair<Json, int64_t>> counts;
  for (const Json& value : values) {
    Json key = Key(value);
    const auto known =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == key; });
    if (known != counts.end() && !(key.is_null() && nulls_differ)) {
      ++known->second;
    } else {
      counts.emplace_back(std::move(key), 1);
    }
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (counts.size() > static_cast<size_t>(limit)) counts.resize(static_cast<size_t>(limit));
  const bool sortable = PythonSort(counts, [&](const auto& a, const auto& b) -> std::optional<bool> {
    if (a.second != b.second) return a.second > b.second;
    return PythonLess(a.first, b.first, nulls_differ);
  });
  if (!sortable) return nullptr;
  Json list = Json::array();
  for (auto& [value, count] : counts) list.push_back(Json{{"value", std::move(value)}, {"count", count}});
  return list;
}

Result<RowSet> DomainRows(const BatchView& batch, const MapDomain& domain, std::vector<uint8_t>& buffer,
                          int64_t* in_condition) {
  ARROW_ASSIGN_OR_RAISE(const RowSet rows, batch.condition(domain.condition));
  if (in_condition != nullptr) *in_condition = rows.count;
  if (domain.missing == MissingRows::kCounted || domain.missing == MissingRows::kKept) return rows;
  const bool any = domain.missing != MissingRows::kDropIfAll;
  int64_t missing = 0;
  for (const int column : domain.columns) {
    const int64_t here = batch.column(column).missing();
    missing = any ? missing + here : here == 0 ? 0 : std::max(missing, here);
    if (!any && here == 0) break;
  }
  if (missing == 0) return rows;
  const auto size = static_cast<size_t>(batch.rows());
  buffer.assign(size, any ? 1 : 0);
  for (const int column : domain.columns) {
    const uint8_t* present = batch.column(column).present();
    if (present == nullptr && any) continue;
    for (size_t i = 0; i < size; ++i) {
      const uint8_t here = present == nullptr ? 1 : present[i];
      buffer[i] = any ? buffer[i] & here : buffer[i] | here;
    }
  }
  if (rows.bytes != nullptr) {
    for (size_t i = 0; i < size; ++i) buffer[i] &= rows.bytes[i];
  }
  return RowSet{buffer.data(), CountSet(buffer.data(), batch.rows())};
}

Result<std::unique_ptr<Check>> MakeMapCheck(const CheckContext& context, MapDomain domain,
                                            std::unique_ptr<RowRule> rule) {
  ARROW_ASSIGN_OR_RAISE(domain.condition, context.Condition());
  return std::make_unique<MapCheck>(context, std::move(domain), std::move(rule));
}

Result<std::unique_ptr<Check>> MakeColumnMapCheck(const CheckContext& context, std::unique_ptr<RowRule> rule,
                                                  MissingRows missing) {
  MapDomain domain;
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  domain.columns = {column};
  domain.missing = missing;
  return MakeMapCheck(context, std::move(domain), std::move(rule));
}

Result<MissingRows> ReadIgnoreRowIf(const CheckContext& context) {
  const std::string text = context.text("ignore_row_if");
  if (text.empty() || text == "both_values_are_missing" || text == "all_values_are_missing") {
    return MissingRows::kDropIfAll;
  }
  if (text == "either_value_is_missing" || text == "any_value_is_missing") return MissingRows::kDropIfAny;
  return MissingRows::kKept;
}

}  // namespace ingesta::expect
