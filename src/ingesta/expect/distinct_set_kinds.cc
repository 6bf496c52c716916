// A column's different values against a set, and its most common values.
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "ingesta/expect/aggregate.h"
#include "ingesta/expect/distinct.h"
#include "ingesta/expect/values.h"

namespace ingesta::expect {
namespace {

// GX's MAX_DISTINCT_VALUES.
constexpr size_t kMaxListed = 20;
// GX lists every most common value; this many bound the memory.
constexpr size_t kMaxModes = 1000;

enum class Relation { kInSet, kContainsSet, kEqualsSet };

class DistinctSetCheck final : public AggregateCheck {
 public:
  DistinctSetCheck(const CheckContext& context, int column, int condition, ValueSet set, Relation relation)
      : AggregateCheck(context, column, condition),
        set_(std::move(set)),
        relation_(relation),
        seen_(set_.distinct().size(), false),
        others_(column, type(), context.memory) {}

  Result<CheckResult> Finish() override {
    int64_t unexpected = 0;
    Json unexpected_list = Json::array();
    const bool text = KindOf(type()) == ValueKind::kString;
    RETURN_NOT_OK(others_.ForEachGroup([&](const KeyGroup& group) {
      if (!text && static_cast<size_t>(unexpected) < kMaxListed)
        unexpected_list.push_back(KeyJson(type(), group.key, true));
      ++unexpected;
      return true;
    }));
    for (const std::string& value : smallest_) unexpected_list.push_back(value);
    int64_t missing = 0;
    Json missing_list = Json::array();
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i]) continue;
      if (static_cast<size_t>(missing) < kMaxListed) missing_list.push_back(set_.distinct()[i]);
      ++missing;
    }
    return Judge(unexpected, std::move(unexpected_list), missing, std::move(missing_list));
  }

 private:
  Result<CheckResult> Judge(int64_t unexpected, Json unexpected_list, int64_t missing,
                            Json missing_list) const {
    const bool inside = relation_ != Relation::kContainsSet;
    const bool whole = relation_ != Relation::kInSet;
    const bool lists = format().partial_unexpected_count > 0;
    Json result{{"observed_value", nullptr}};
    if (inside) result["unexpected_count"] = unexpected;
    if (whole) result["missing_count"] = missing;
    if (inside && lists) result["partial_unexpected_list"] = std::move(unexpected_list);
    if (whole && lists) result["partial_missing_list"] = std::move(missing_list);
    const bool success = (!inside || unexpected == 0) && (!whole || missing == 0);
    return Observed(success, std::move(result), format());
  }

  Status Observe(const ColumnView& column, const BatchView& batch, const RowSet& rows) override {
    ColumnKeys(column, keys_);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      const ValueKey key = keys_[static_cast<size_t>(i)];
      const int index = set_.IndexOf(key);
      if (index >= 0) {
        seen_[static_cast<size_t>(index)] = true;
      } else if (relation_ != Relation::kContainsSet) {
        others_.Add(key, batch.first_row() + i);
        if (column.kind() == ValueKind::kString) KeepSmallest(column.texts()[i]);
      }
    }
    return Status::OK();
  }

  void KeepSmallest(std::string_view text) {
    if (smallest_.size() == kMaxListed && text >= *smallest_.rbegin()) return;
    smallest_.emplace(text);
    if (smallest_.size() > kMaxListed) smallest_.erase(std::prev(smallest_.end()));
  }

  const ValueSet set_;
  const Relation relation_;
  std::vector<bool> seen_;
  DistinctKeys others_;  ///< what is not in the set
  std::set<std::string, std::less<>> smallest_;
  std::vector<ValueKey> keys_;
};

/// pandas' mode(): the values with the most rows. Texts are fetched in a second pass, as keys don't show
/// them.
class ModeCheck final : public AggregateCheck {
 public:
  ModeCheck(const CheckContext& context, int column, int condition, ValueSet set, bool ties_okay)
      : AggregateCheck(context, column, condition),
        set_(std::move(set)),
        ties_okay_(ties_okay),
        keys_(column, type(), context.memory) {}

  std::vector<int> ReplayColumns() const override {
    return KindOf(type()) == ValueKind::kString ? DomainColumns() : std::vector<int>{};
  }
  Result<bool> EndPass() override {
    RETURN_NOT_OK(FindModes());
    return KindOf(type()) == ValueKind::kString && !rows_of_modes_.empty();
  }
  Status Replay(const BatchView& batch) override {
    const ColumnView& view = batch.column(column());
    while (next_ < rows_of_modes_.size() && rows_of_modes_[next_] < batch.first_row() + batch.rows()) {
      listed_.push_back(std::string(view.texts()[rows_of_modes_[next_++] - batch.first_row()]));
    }
    return Status::OK();
  }
  Result<CheckResult> Finish() override {
    if (KindOf(type()) == ValueKind::kString) std::sort(listed_.begin(), listed_.end());
    const bool success = ties_okay_ ? in_set_ > 0 : modes_ == 1 && in_set_ == 1;
    return Observed(success, Json{{"observed_value", listed_}}, format());
  }

 private:
  Status Observe(const ColumnView&, const BatchView& batch, const RowSet& rows) override {
    keys_.Add(batch, rows);
    return Status::OK();
  }

  Status FindModes() {
    int64_t most = 0;
    RETURN_NOT_OK(keys_.ForEachGroup([&](const KeyGroup& group) {
      most = std::max(most, group.count);
      return true;
    }));
    const bool text = KindOf(type()) == ValueKind::kString;
    RETURN_NOT_OK(keys_.ForEachGroup([&](const KeyGroup& group) {
      if (group.count != most) return true;
      ++modes_;
      in_set_ += set_.Contains(group.key) ? 1 : 0;
      if (text && rows_of_modes_.size() < kMaxModes) rows_of_modes_.push_back(group.first_row);
      if (!text && listed_.size() < kMaxModes) listed_.push_back(KeyJson(type(), group.key, true));
      return true;
    }));
    std::sort(rows_of_modes_.begin(), rows_of_modes_.end());
    return Status::OK();
  }

  const ValueSet set_;
  const bool ties_okay_;
  DistinctKeys keys_;
  int64_t modes_ = 0;
  int64_t in_set_ = 0;
  std::vector<int64_t> rows_of_modes_;
  size_t next_ = 0;
  std::vector<Json> listed_;
};

Result<ValueSet> ReadSet(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  if (KindOf(type) == ValueKind::kOther)
    return BadExpectation(fmt::format("columns of type {} are not checked", type.ToString()));
  return ValueSet(type, context.kwarg("value_set"));
}

Result<std::unique_ptr<Check>> MakeSet(const CheckContext& context, Relation relation) {
  ARROW_ASSIGN_OR_RAISE(ValueSet set, ReadSet(context));
  if (relation == Relation::kInSet && set.distinct().empty()) return BadExpectation("value_set is empty");
  return MakeAggregate<DistinctSetCheck>(context, std::move(set), relation);
}

Result<std::unique_ptr<Check>> MakeMode(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(ValueSet set, ReadSet(context));
  return MakeAggregate<ModeCheck>(context, std::move(set), context.flag("ties_okay"));
}

const KwargSpec kValueSet = {.name = "value_set", .type = KwargType::kList, .required = true};

}  // namespace

std::vector<ExpectationKind> DistinctSetKinds() {
  return {{.type = "expect_column_distinct_values_to_be_in_set",
           .summary = "Every value that occurs belongs to a set",
           .summary_es = "Todo valor que aparece pertenece a un conjunto",
           .domain = Domain::kColumnAggregate,
           .kwargs = {kValueSet},
           .make = [](const CheckContext& context) { return MakeSet(context, Relation::kInSet); }},
          {.type = "expect_column_distinct_values_to_contain_set",
           .summary = "Every value of a set occurs",
           .summary_es = "Todo valor de un conjunto aparece",
           .domain = Domain::kColumnAggregate,
           .kwargs = {kValueSet},
           .make = [](const CheckContext& context) { return MakeSet(context, Relation::kContainsSet); }},
          {.type = "expect_column_distinct_values_to_equal_set",
           .summary = "The values that occur are those of a set",
           .summary_es = "Los valores que aparecen son los de un conjunto",
           .domain = Domain::kColumnAggregate,
           .kwargs = {kValueSet},
           .make = [](const CheckContext& context) { return MakeSet(context, Relation::kEqualsSet); }},
          {.type = "expect_column_most_common_value_to_be_in_set",
           .summary = "The most common value belongs to a set",
           .summary_es = "El valor más frecuente pertenece a un conjunto",
           .domain = Domain::kColumnAggregate,
           .kwargs = {kValueSet, {.name = "ties_okay", .type = KwargType::kBool, .nullable = true}},
           .make = MakeMode}};
}

}  // namespace ingesta::expect
