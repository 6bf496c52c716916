// Row conditions: which rows an expectation looks at, in the forms that GX 1.24 has: condition objects, its
// old `col("x") > 5` texts, and the expressions of pandas' query() that compare columns with values. A
// missing value meets `!=` and `not in` alone, as in pandas. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/comparison.h"
#include "ingesta/expect/json.h"

namespace ingesta::expect {

/// A condition as it was written, before it meets a schema.
struct ConditionNode {
  enum class Kind { kAnd, kOr, kNot, kCompare, kCompareColumns, kIn, kIsNull };
  Kind kind = Kind::kAnd;
  std::vector<ConditionNode> children;  ///< of kAnd, kOr, kNot
  std::string column;
  std::string other;  ///< of kCompareColumns
  CompareOp op = CompareOp::kEqual;
  std::vector<Json> values;  ///< of kCompare (one) and kIn
};

/// kInvalidConfig says what is wrong. `parser` is the kwarg condition_parser, "" where there is none.
Result<ConditionNode> ReadCondition(const Json& condition, const std::string& parser);
/// The texts of `col("x")...` and of pandas' query().
Result<ConditionNode> ParseConditionText(std::string_view text);

/// The conditions of a suite, each once, bound to a schema.
class ConditionSet {
 public:
  explicit ConditionSet(const arrow::Schema& schema) : schema_(schema) {}
  /// The condition's id. kInvalidConfig.
  Result<int> Add(const Json& condition, const std::string& parser);
  size_t size() const { return bound_.size(); }
  /// The columns that condition `id` reads; none for -1.
  std::vector<int> columns(int id) const;
  /// Sets out[row] to 1 where the condition holds, else 0.
  Status Judge(int id, const BatchView& batch, uint8_t* out) const;

 private:
  struct Bound {
    ConditionNode::Kind kind = ConditionNode::Kind::kAnd;
    std::vector<Bound> children;
    int column = -1;
    int other = -1;
    CompareOp op = CompareOp::kEqual;
    std::vector<Comparison> comparisons;
  };
  Result<Bound> Bind(const ConditionNode& node) const;
  Status BindValues(const ConditionNode& node, Bound& bound) const;
  static void Collect(const Bound& bound, std::vector<int>& columns);
  Status JudgeNode(const Bound& bound, const BatchView& batch, uint8_t* out) const;

  const arrow::Schema& schema_;
  std::vector<std::string> keys_;
  std::vector<Bound> bound_;
};

/// `a op b` of two columns: out[row] = 1 where it holds at rows where both are present, else undefined.
/// kInvalidConfig (found out at Make already) where the types have no order.
Status CheckComparable(const arrow::DataType& a, const arrow::DataType& b, bool order);
void CompareColumns(const ColumnView& a, const ColumnView& b, CompareOp op, uint8_t* out);

}  // namespace ingesta::expect
