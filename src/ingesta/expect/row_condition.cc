#include "ingesta/expect/row_condition.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "ingesta/expect/check.h"
#include "ingesta/expect/values.h"

namespace ingesta::expect {
namespace {

using Kind = ConditionNode::Kind;

Result<CompareOp> ReadOperator(const std::string& text) {
  static const std::pair<const char*, CompareOp> kOps[] = {
      {"==", CompareOp::kEqual},     {"!=", CompareOp::kNotEqual}, {"<", CompareOp::kLess},
      {"<=", CompareOp::kLessEqual}, {">", CompareOp::kGreater},   {">=", CompareOp::kGreaterEqual}};
  for (const auto& [name, op] : kOps) {
    if (text == name) return op;
  }
  return BadExpectation(
      fmt::format("row_condition: `{}` is no operator (==, !=, <, <=, >, >=, IN, NOT_IN)", text));
}

Result<std::string> ColumnOf(const Json& object) {
  const auto column = object.find("column");
  if (column != object.end() && column->is_object() && column->contains("name") &&
      (*column)["name"].is_string()) {
    return (*column)["name"].get<std::string>();
  }
  return BadExpectation("row_condition: a condition needs \"column\": {\"name\": \"...\"}");
}

ConditionNode Not(ConditionNode node) {
  ConditionNode outer;
  outer.kind = Kind::kNot;
  outer.children.push_back(std::move(node));
  return outer;
}

Result<ConditionNode> ReadComparison(const Json& object) {
  ConditionNode node;
  ARROW_ASSIGN_OR_RAISE(node.column, ColumnOf(object));
  const std::string op = object.contains("operator") && object["operator"].is_string()
                             ? object["operator"].get<std::string>()
                             : "";
  const Json parameter = object.contains("parameter") ? object["parameter"] : Json();
  if (op == "IN" || op == "NOT_IN") {
    if (!parameter.is_array()) return BadExpectation("row_condition: IN and NOT_IN need a list as parameter");
    node.kind = Kind::kIn;
    node.values.assign(parameter.begin(), parameter.end());
    return op == "IN" ? node : Not(std::move(node));
  }
  if (!parameter.is_primitive() || parameter.is_null()) {
    return BadExpectation("row_condition: a comparison needs a number, a text or true or false as parameter");
  }
  node.kind = Kind::kCompare;
  ARROW_ASSIGN_OR_RAISE(node.op, ReadOperator(op));
  node.values.push_back(parameter);
  return node;
}

Result<ConditionNode> ReadObject(const Json& object);

Result<ConditionNode> ReadGroup(const Json& object, bool all) {
  ConditionNode node;
  node.kind = all ? Kind::kAnd : Kind::kOr;
  const auto conditions = object.find("conditions");
  if (conditions == object.end() || !conditions->is_array() || conditions->empty()) {
    return BadExpectation("row_condition: `and` and `or` need a list \"conditions\"");
  }
  for (const Json& condition : *conditions) {
    ARROW_ASSIGN_OR_RAISE(ConditionNode child, ReadObject(condition));
    // GX refuses the same.
    if (child.kind == Kind::kOr)
      return BadExpectation("row_condition: an `or` can't stand inside an `and` or `or`");
    node.children.push_back(std::move(child));
  }
  return node;
}

Result<ConditionNode> ReadObject(const Json& object) {
  const std::string type = object.is_object() && object.contains("type") && object["type"].is_string()
                               ? object["type"].get<std::string>()
                               : "";
  if (type == "comparison") return ReadComparison(object);
  if (type == "and" || type == "or") return ReadGroup(object, type == "and");
  if (type == "nullity") {
    ConditionNode node;
    node.kind = Kind::kIsNull;
    ARROW_ASSIGN_OR_RAISE(node.column, ColumnOf(object));
    const auto is_null = object.find("is_null");
    if (is_null == object.end() || !is_null->is_boolean()) {
      return BadExpectation("row_condition: a nullity condition needs \"is_null\": true or false");
    }
    return is_null->get<bool>() ? node : Not(std::move(node));
  }
  if (type == "pass_through" && object.contains("pass_through_filter") &&
      object["pass_through_filter"].is_string()) {
    return ParseConditionText(object["pass_through_filter"].get<std::string>());
  }
  return BadExpectation(
      "row_condition: \"type\" is one of comparison, nullity, and, or, pass_through (with "
      "pass_through_filter)");
}

}  // namespace

Result<ConditionNode> ReadCondition(const Json& condition, const std::string& parser) {
  if (parser == "spark") return BadExpectation("condition_parser: spark needs Spark; use pandas");
  if (!condition.is_string()) return ReadObject(condition);
  // GX makes a pass-through condition out of a text without a parser too.
  return ParseConditionText(condition.get<std::string>());
}

Result<int> ConditionSet::Add(const Json& condition, const std::string& parser) {
  const std::string key = condition.dump() + parser;
  const auto known = std::find(keys_.begin(), keys_.end(), key);
  if (known != keys_.end()) return static_cast<int>(known - keys_.begin());
  ARROW_ASSIGN_OR_RAISE(const ConditionNode node, ReadCondition(condition, parser));
  ARROW_ASSIGN_OR_RAISE(Bound bound, Bind(node));
  keys_.push_back(key);
  bound_.push_back(std::move(bound));
  return static_cast<int>(bound_.size()) - 1;
}

Result<ConditionSet::Bound> ConditionSet::Bind(const ConditionNode& node) const {
  Bound bound;
  bound.kind = node.kind;
  bound.op = node.op;
  for (const ConditionNode& child : node.children) {
    ARROW_ASSIGN_OR_RAISE(Bound made, Bind(child));
    bound.children.push_back(std::move(made));
  }
  if (!node.column.empty()) {
    ARROW_ASSIGN_OR_RAISE(bound.column, FindColumn(schema_, node.column));
  }
  if (!node.other.empty()) {
    ARROW_ASSIGN_OR_RAISE(bound.other, FindColumn(schema_, node.other));
    RETURN_NOT_OK(CheckComparable(*schema_.field(bound.column)->type(), *schema_.field(bound.other)->type(),
                                  node.op != CompareOp::kEqual && node.op != CompareOp::kNotEqual));
  }
  RETURN_NOT_OK(BindValues(node, bound));
  return bound;
}

Status ConditionSet::BindValues(const ConditionNode& node, Bound& bound) const {
  const auto& type = bound.column < 0 ? nullptr : schema_.field(bound.column)->type();
  for (const Json& value : node.values) {
    Literal literal = Literal::FromJson(value);
    // Against times and dates a text is what it says.
    const ValueKind kind = KindOf(*type);
    if (literal.kind() == Literal::Kind::kText && kind == ValueKind::kTimestamp) {
      auto time = Literal::ParseTime(literal.text());
      if (!time) time = Literal::ParseTime(literal.text() + "T00:00:00" + (HasZone(*type) ? "Z" : ""));
      if (time) literal = *time;
    } else if (literal.kind() == Literal::Kind::kText && kind == ValueKind::kDate) {
      if (const auto date = Literal::ParseDate(literal.text())) literal = *date;
    }
    const CompareOp op = node.kind == Kind::kIn ? CompareOp::kEqual : node.op;
    auto comparison = Comparison::Make(*type, op, literal);
    if (!comparison.ok()) return WithPrefix(comparison.status(), "row_condition");
    bound.comparisons.push_back(*std::move(comparison));
  }
  return Status::OK();
}

void ConditionSet::Collect(const Bound& bound, std::vector<int>& columns) {
  for (const int column : {bound.column, bound.other}) {
    if (column >= 0) columns.push_back(column);
  }
  for (const Bound& child : bound.children) Collect(child, columns);
}

std::vector<int> ConditionSet::columns(int id) const {
  std::vector<int> columns;
  if (id >= 0) Collect(bound_[static_cast<size_t>(id)], columns);
  return columns;
}

Status ConditionSet::Judge(int id, const BatchView& batch, uint8_t* out) const {
  return JudgeNode(bound_[static_cast<size_t>(id)], batch, out);
}

Status ConditionSet::JudgeNode(const Bound& bound, const BatchView& batch, uint8_t* out) const {
  const auto rows = static_cast<size_t>(batch.rows());
  std::vector<uint8_t> part(rows);
  if (bound.kind == Kind::kAnd || bound.kind == Kind::kOr || bound.kind == Kind::kNot) {
    const bool all = bound.kind != Kind::kOr;
    std::fill_n(out, rows, all ? 1 : 0);
    for (const Bound& child : bound.children) {
      RETURN_NOT_OK(JudgeNode(child, batch, part.data()));
      for (size_t i = 0; i < rows; ++i) out[i] = all ? out[i] & part[i] : out[i] | part[i];
    }
    if (bound.kind == Kind::kNot) {
      for (size_t i = 0; i < rows; ++i) out[i] ^= 1;
    }
    return Status::OK();
  }
  const ColumnView& column = batch.column(bound.column);
  const uint8_t* present = column.present();
  if (bound.kind == Kind::kIsNull) {
    for (size_t i = 0; i < rows; ++i) out[i] = present == nullptr ? 0 : present[i] ^ 1;
    return Status::OK();
  }
  std::fill_n(out, rows, 0);
  for (const Comparison& comparison : bound.comparisons) {
    comparison.Judge(column, part.data());
    for (size_t i = 0; i < rows; ++i) out[i] |= part[i];
  }
  const uint8_t missing_is = bound.op == CompareOp::kNotEqual ? 1 : 0;
  const ColumnView* other = bound.other < 0 ? nullptr : &batch.column(bound.other);
  if (other != nullptr) CompareColumns(column, *other, bound.op, out);
  for (const ColumnView* side : {&column, other}) {
    const uint8_t* there = side == nullptr ? nullptr : side->present();
    for (size_t i = 0; there != nullptr && i < rows; ++i) out[i] = there[i] != 0 ? out[i] : missing_is;
  }
  return Status::OK();
}

namespace {

bool IsNumber(ValueKind kind) {
  return kind == ValueKind::kBool || kind == ValueKind::kInt || kind == ValueKind::kFloat ||
         kind == ValueKind::kDecimal;
}

template <typename Get>
void CompareWith(int64_t rows, CompareOp op, uint8_t* out, const Get& three_way) {
  for (int64_t i = 0; i < rows; ++i) {
    const int order = three_way(i);
    bool holds = false;
    switch (op) {
      case CompareOp::kEqual:
        holds = order == 0;
        break;
      case CompareOp::kNotEqual:
        holds = order != 0;
        break;
      case CompareOp::kLess:
        holds = order < 0;
        break;
      case CompareOp::kLessEqual:
        holds = order <= 0;
        break;
      case CompareOp::kGreater:
        holds = order > 0;
        break;
      case CompareOp::kGreaterEqual:
        holds = order >= 0;
        break;
    }
    out[i] = holds ? 1 : 0;
  }
}

template <typename T>
int Order(T a, T b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

double NumberAt(const ColumnView& column, int64_t row) {
  if (column.kind() == ValueKind::kFloat) return column.doubles()[row];
  return static_cast<double>(column.ints()[row]);
}

/// Exact: -1, 0, 1 as the decimal is below, at or above `value`.
int DecimalOrder(Int128 unscaled, int scale, double value) {
  const auto scaled = FloorScaled(value, scale);
  if (!scaled) return value > 0 ? -1 : 1;
  if (unscaled != scaled->floor) return Order(unscaled, scaled->floor);
  return scaled->exact ? 0 : -1;
}

Int128 Rescaled(Int128 unscaled, int by) {
  for (; by > 0; --by) unscaled *= 10;
  return unscaled;
}

}  // namespace

Status CheckComparable(const arrow::DataType& a, const arrow::DataType& b, bool order) {
  const ValueKind left = KindOf(a);
  const ValueKind right = KindOf(b);
  const bool zones = left != ValueKind::kTimestamp || right != left || HasZone(a) == HasZone(b);
  if (left != ValueKind::kOther && zones && (left == right || (IsNumber(left) && IsNumber(right))))
    return Status::OK();
  if (!order && left != ValueKind::kOther && right != ValueKind::kOther) return Status::OK();
  return BadExpectation(fmt::format("columns of {} and {} can't be compared", a.ToString(), b.ToString()));
}

void CompareColumns(const ColumnView& a, const ColumnView& b, CompareOp op, uint8_t* out) {
  const int64_t rows = a.size();
  const ValueKind left = a.kind();
  const ValueKind right = b.kind();
  if (left == ValueKind::kString && right == left) {
    return CompareWith(rows, op, out,
                       [x = a.texts(), y = b.texts()](int64_t i) { return Order(x[i], y[i]); });
  }
  if (left == ValueKind::kDecimal && right == left) {
    const int more = b.scale() - a.scale();
    return CompareWith(rows, op, out, [&, x = a.decimals(), y = b.decimals()](int64_t i) {
      return Order(Rescaled(x[i], std::max(more, 0)), Rescaled(y[i], std::max(-more, 0)));
    });
  }
  if (left == ValueKind::kDecimal && IsNumber(right)) {
    return CompareWith(rows, op, out,
                       [&](int64_t i) { return DecimalOrder(a.decimals()[i], a.scale(), NumberAt(b, i)); });
  }
  if (right == ValueKind::kDecimal && IsNumber(left)) {
    return CompareWith(rows, op, out,
                       [&](int64_t i) { return -DecimalOrder(b.decimals()[i], b.scale(), NumberAt(a, i)); });
  }
  if (IsNumber(left) && IsNumber(right) && (left == ValueKind::kFloat || right == ValueKind::kFloat)) {
    return CompareWith(rows, op, out, [&](int64_t i) { return Order(NumberAt(a, i), NumberAt(b, i)); });
  }
  if ((IsNumber(left) && IsNumber(right)) || left == right) {
    return CompareWith(rows, op, out, [x = a.ints(), y = b.ints()](int64_t i) { return Order(x[i], y[i]); });
  }
  std::fill_n(out, rows, op == CompareOp::kNotEqual ? 1 : 0);
}

}  // namespace ingesta::expect
