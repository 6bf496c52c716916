#include "ingesta/expect/bounds.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

namespace ingesta::expect {

bool Bounds::Crossed() const {
  if (!min || !max) return false;
  if (min->kind() != max->kind()) return true;
  if (min->kind() == Literal::Kind::kNumber) return min->number() > max->number();
  return min->micros() > max->micros();
}

Result<bool> Bounds::Hold(double value) const {
  for (const auto& bound : {std::cref(min), std::cref(max)}) {
    if (bound.get() && bound.get()->kind() != Literal::Kind::kNumber) {
      return BadExpectation(
          fmt::format("the observed number {} has no order against {}", value, bound.get()->Describe()));
    }
  }
  if (min && !(strict_min ? value > min->number() : value >= min->number())) return false;
  return !max || (strict_max ? value < max->number() : value <= max->number());
}

std::vector<KwargSpec> BoundKwargs(KwargType type) {
  return {{.name = "min_value", .type = type, .nullable = true},
          {.name = "max_value", .type = type, .nullable = true},
          {.name = "strict_min", .type = KwargType::kBool, .nullable = true},
          {.name = "strict_max", .type = KwargType::kBool, .nullable = true}};
}

Result<Bounds> ReadBounds(const CheckContext& context) {
  Bounds bounds;
  if (context.has("min_value")) {
    ARROW_ASSIGN_OR_RAISE(bounds.min, Literal::FromBound(context.kwarg("min_value")));
  }
  if (context.has("max_value")) {
    ARROW_ASSIGN_OR_RAISE(bounds.max, Literal::FromBound(context.kwarg("max_value")));
  }
  bounds.strict_min = context.flag("strict_min");
  bounds.strict_max = context.flag("strict_max");
  return bounds;
}

Status CheckBounds(const Bounds& bounds, const arrow::DataType& type) {
  if (bounds.min) RETURN_NOT_OK(Comparison::Make(type, CompareOp::kGreater, *bounds.min).status());
  if (bounds.max) RETURN_NOT_OK(Comparison::Make(type, CompareOp::kLess, *bounds.max).status());
  return Status::OK();
}

Result<CheckResult> JudgeObserved(const Bounds& bounds, std::optional<double> number, Json observed,
                                  const ResultFormat& format) {
  if (!number) return Observed(false, Json{{"observed_value", nullptr}}, format);
  ARROW_ASSIGN_OR_RAISE(const bool success, bounds.Hold(*number));
  return Observed(success, Json{{"observed_value", std::move(observed)}}, format);
}

Json NothingObserved(const arrow::DataType& type) {
  return KindOf(type) == ValueKind::kTimestamp ? Json("NaT") : Json(nullptr);
}

CheckResult Observed(bool success, Json result, const ResultFormat& format) {
  if (format.level == ResultFormat::Level::kBooleanOnly) result = Json::object();
  return {success, std::move(result)};
}

}  // namespace ingesta::expect
