// What type a column has, by the names of numpy and pandas. The columns' declared types decide, so no value
// is looked at; the result has the form that GX's has for such a column.
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ingesta/expect/bounds.h"
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"

namespace ingesta::expect {
namespace {

/// The dtype that pandas gives a column without missing values.
std::string DtypeName(const arrow::DataType& type) {
  switch (KindOf(type)) {
    case ValueKind::kInt:
      return type.ToString();
    case ValueKind::kFloat:
      return type.id() == arrow::Type::FLOAT ? "float32" : "float64";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kString:
      return "str";
    case ValueKind::kTimestamp: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      static constexpr const char* kUnits[] = {"s", "ms", "us", "ns"};
      const char* unit = kUnits[static_cast<int>(timestamp.unit())];
      return HasZone(type) ? fmt::format("datetime64[{}, {}]", unit, timestamp.timezone())
                           : fmt::format("datetime64[{}]", unit);
    }
    default:
      return "object";
  }
}

/// A name in the form of DtypeName; nullopt where neither numpy nor Python knows it.
std::optional<std::string> KnownName(const std::string& name) {
  static const std::pair<const char*, const char*> kAliases[] = {{"int", "int64"},
                                                                 {"int_", "int64"},
                                                                 {"long", "int64"},
                                                                 {"i8", "int64"},
                                                                 {"i4", "int32"},
                                                                 {"float", "float64"},
                                                                 {"float_", "float64"},
                                                                 {"double", "float64"},
                                                                 {"f8", "float64"},
                                                                 {"f4", "float32"},
                                                                 {"single", "float32"},
                                                                 {"bool_", "bool"},
                                                                 {"string_types", "str"},
                                                                 {"object_", "object"},
                                                                 {"O", "object"},
                                                                 {"datetime64", "datetime64"},
                                                                 {"M8", "datetime64"},
                                                                 {"Timestamp", "time"},
                                                                 {"DatetimeTZDtype", "zoned"}};
  for (const auto& [alias, meaning] : kAliases) {
    if (name == alias) return meaning;
  }
  static const char* const kPlain[] = {"int64",  "int32",  "int16",   "int8",    "uint64",     "uint32",
                                       "uint16", "uint8",  "float64", "float32", "float16",    "bool",
                                       "str",    "object", "bytes",   "complex", "complex128", "timedelta64"};
  const bool plain =
      std::any_of(std::begin(kPlain), std::end(kPlain), [&](const char* known) { return name == known; });
  if (plain || name.rfind("datetime64[", 0) == 0) return name;
  return std::nullopt;
}

bool IsObject(ValueKind kind) {
  return kind == ValueKind::kDate || kind == ValueKind::kDecimal || kind == ValueKind::kOther;
}

/// Fails at every row, or at none.
class ConstantRule final : public RowRule {
 public:
  explicit ConstantRule(bool holds) : holds_(holds) {}
  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    for (int64_t i = 0; i < batch.rows() && !holds_; ++i) failed[i] = rows.Has(i) ? 1 : 0;
    return Status::OK();
  }

 private:
  const bool holds_;
};

class TypeCheck final : public Check {
 public:
  TypeCheck(const CheckContext& context, int column, std::vector<std::string> wanted,
            std::unique_ptr<Check> rows, std::string observed, bool is_list)
      : format_(context.format),
        column_(column),
        kind_(KindOf(*context.schema.field(column)->type())),
        dtype_(DtypeName(*context.schema.field(column)->type())),
        wanted_(std::move(wanted)),
        rows_(std::move(rows)),
        observed_(std::move(observed)),
        is_list_(is_list) {}

  Status Update(const BatchView& batch, std::vector<uint8_t>*) override {
    missing_ += batch.column(column_).missing();
    return rows_->Update(batch, nullptr);
  }
  Result<CheckResult> Finish() override {
    const bool object = IsObject(kind_) || (kind_ == ValueKind::kBool && missing_ > 0);
    // GX asks each value of such a column, unless `object` alone is asked for.
    if (object && (is_list_ || !Wants("object"))) return rows_->Finish();
    const std::string shown = object ? "object_" : observed_;
    return Observed(object || Matches(), Json{{"observed_value", shown}}, format_);
  }

 private:
  bool Wants(std::string_view name) const {
    return std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
  }
  bool Matches() const {
    // pandas makes floats of whole numbers where some are missing.
    if (kind_ == ValueKind::kInt && missing_ > 0 && Wants("float64")) return true;
    if (observed_ == "Timestamp" && !is_list_ && Wants("time")) return true;
    return Wants(dtype_) || (kind_ == ValueKind::kTimestamp && dtype_.back() == ']' && Wants("datetime64") &&
                             dtype_.find(',') == std::string::npos);
  }

  const ResultFormat format_;
  const int column_;
  const ValueKind kind_;
  const std::string dtype_;
  const std::vector<std::string> wanted_;
  const std::unique_ptr<Check> rows_;
  const std::string observed_;
  const bool is_list_;
  int64_t missing_ = 0;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context, const Json& names, bool is_list) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const arrow::DataType& type = *context.schema.field(column)->type();
  std::vector<std::string> wanted;
  bool python_int = false;
  for (const Json& name : names) {
    // To Python true and false are integers, though none of numpy's.
    python_int = python_int || name == Json("int") || name == Json("long");
    if (auto known = KnownName(name.get<std::string>())) wanted.push_back(*std::move(known));
  }
  if (wanted.empty())
    return BadExpectation(fmt::format("{} names no type that numpy or Python has", names.dump()));
  const ValueKind kind = KindOf(type);
  const bool wants_bool = python_int || std::find(wanted.begin(), wanted.end(), "bool") != wanted.end();
  const bool holds = kind == ValueKind::kBool && wants_bool;
  ARROW_ASSIGN_OR_RAISE(auto rows, MakeColumnMapCheck(context, std::make_unique<ConstantRule>(holds)));
  std::string observed = DtypeName(type);
  if (kind == ValueKind::kTimestamp) observed = HasZone(type) ? "Timestamp" : "datetime64";
  return std::make_unique<TypeCheck>(context, column, std::move(wanted), std::move(rows), std::move(observed),
                                     is_list);
}

/// expect_column_type_to_be: the dtype's whole name.
class DtypeCheck final : public Check {
 public:
  DtypeCheck(const ResultFormat& format, int column, const arrow::DataType& type, std::string wanted)
      : format_(format),
        column_(column),
        kind_(KindOf(type)),
        dtype_(DtypeName(type)),
        wanted_(std::move(wanted)) {}

  Status Update(const BatchView& batch, std::vector<uint8_t>*) override {
    missing_ += batch.column(column_).missing();
    return Status::OK();
  }
  Result<CheckResult> Finish() override {
    std::string seen = dtype_;
    if (missing_ > 0 && kind_ == ValueKind::kBool) seen = "object";
    if (missing_ > 0 && kind_ == ValueKind::kInt && wanted_ != dtype_) seen = "float64";
    const bool naive_time = kind_ == ValueKind::kTimestamp && seen.find(',') == std::string::npos;
    const bool success = wanted_ == seen || (naive_time && wanted_ == "datetime64");
    return Observed(success, Json{{"observed_value", seen}}, format_);
  }

 private:
  const ResultFormat format_;
  const int column_;
  const ValueKind kind_;
  const std::string dtype_;
  const std::string wanted_;
  int64_t missing_ = 0;
};

Result<std::unique_ptr<Check>> MakeDtype(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  const auto wanted = KnownName(context.text("type_"));
  if (!wanted) return BadExpectation(fmt::format("`{}` is no type of pandas", context.text("type_")));
  return std::make_unique<DtypeCheck>(context.format, column, *context.schema.field(column)->type(), *wanted);
}

}  // namespace

std::vector<ExpectationKind> TypeKinds() {
  return {
      {.type = "expect_column_values_to_be_of_type",
       .summary = "A column has a type of numpy or pandas",
       .summary_es = "Una columna tiene un tipo de numpy o pandas",
       .kwargs = {{.name = "type_", .required = true}},
       .make =
           [](const CheckContext& context) {
             return Make(context, Json::array({context.kwarg("type_")}), false);
           }},
      {.type = "expect_column_values_to_be_in_type_list",
       .summary = "A column has one of several types",
       .summary_es = "Una columna tiene uno de varios tipos",
       .kwargs = {{.name = "type_list", .type = KwargType::kTextList, .required = true}},
       .make = [](const CheckContext& context) { return Make(context, context.kwarg("type_list"), true); }},
      {.type = "expect_column_type_to_be",
       .summary = "A column has a dtype of pandas, by its whole name",
       .summary_es = "Una columna tiene un dtype de pandas, por su nombre completo",
       .domain = Domain::kTable,
       .kwargs = {{.name = "column", .type = KwargType::kColumn, .required = true},
                  {.name = "type_", .required = true}},
       .make = MakeDtype}};
}

}  // namespace ingesta::expect
