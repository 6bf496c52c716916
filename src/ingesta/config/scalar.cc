#include "ingesta/config/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "ingesta/config/column_type.h"
#include "ingesta/config/nearest.h"

namespace ingesta::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t size;
};

constexpr std::array<Unit, 5> kDurationUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 8> kSizeUnits = {{{"B", 1},
                                             {"KB", 1000},
                                             {"MB", 1'000'000},
                                             {"GB", 1'000'000'000},
                                             {"KiB", 1 << 10},
                                             {"MiB", 1 << 20},
                                             {"GiB", 1 << 30},
                                             {"TiB", int64_t{1} << 40}}};

/// The number at the start of `text`, which is then left with the rest.
std::optional<double> TakeNumber(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

std::string Expected(const Node& node, const Schema& schema) {
  return fmt::format("expected {}, but {} came", ExpectedText(schema), ShowNode(node));
}

std::optional<OptionValue> ReadInt(const Node& node, const Schema& schema, Complaint* complaint) {
  std::string_view text = node.text;
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  if (error == std::errc::result_out_of_range) {
    complaint->message = fmt::format("the number {} is too large", ShowNode(node));
  } else {
    complaint->message = Expected(node, schema);
  }
  return std::nullopt;
}

std::optional<OptionValue> ReadDouble(const Node& node, const Schema& schema, Complaint* complaint) {
  const std::string_view text = node.text;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  complaint->message = Expected(node, schema);
  return std::nullopt;
}

std::optional<OptionValue> ReadFraction(const Node& node, const Schema& schema, Complaint* complaint) {
  std::string_view text = node.text;
  const auto number = TakeNumber(text);
  if (!number || !(text.empty() || text == "%")) {
    complaint->message = Expected(node, schema);
    return std::nullopt;
  }
  const double value = text.empty() ? *number : *number / 100;
  if (value >= 0 && value <= 1) return value;
  complaint->message = fmt::format("{} is out of range: 0 to 1, or 0% to 100%", ShowNode(node));
  if (value > 1 && text.empty() && *number <= 100)
    complaint->hint = fmt::format("did you mean `{}%`?", *number);
  return std::nullopt;
}

template <size_t N>
std::optional<int64_t> ReadWithUnit(const Node& node, const Schema& schema, const std::array<Unit, N>& units,
                                    std::string_view example, Complaint* complaint) {
  std::string_view text = node.text;
  const auto number = TakeNumber(text);
  while (number && !text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& candidate) { return candidate.name == text; });
  if (number && unit != units.end()) {
    const double value = *number * static_cast<double>(unit->size);
    constexpr double kTooLarge = 4e18;
    if (std::abs(value) < kTooLarge) return static_cast<int64_t>(std::llround(value));
    complaint->message = fmt::format("{} is too large", ShowNode(node));
    return std::nullopt;
  }
  complaint->message = Expected(node, schema);
  if (!number) return std::nullopt;
  std::string names;
  for (const Unit& candidate : units) names += fmt::format("{}{}", names.empty() ? "" : ", ", candidate.name);
  complaint->hint = text.empty() ? fmt::format("the unit is missing: {}{}? units: {}",
                                               node.raw.empty() ? node.text : "30", example, names)
                                 : fmt::format("units: {}", names);
  return std::nullopt;
}

std::optional<OptionValue> ReadEnum(const Node& node, const Schema& schema, Complaint* complaint) {
  const auto has = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), node.text) != list.end();
  };
  if (has(schema.choices)) return node.text;
  if (has(schema.later)) {
    complaint->message = fmt::format("{}: not supported by this version", ShowNode(node));
    complaint->hint = SuggestFrom("", "valid values", schema.choices);
  } else {
    complaint->message = fmt::format("{} is no valid value", ShowNode(node));
    complaint->hint = SuggestFrom(node.raw.empty() ? node.text : "", "valid values", schema.choices);
  }
  return std::nullopt;
}

std::optional<OptionValue> ReadColumnType(const Node& node, const Schema& schema, Complaint* complaint) {
  if (ParseColumnType(node.text)) return node.text;
  complaint->message = ColumnTypeComplaint(node.text, ShowNode(node));
  const std::string meant = ColumnTypeFor(node.text);
  const std::string list =
      SuggestFrom(meant.empty() && node.raw.empty() ? node.text : "", "types", schema.choices);
  complaint->hint = meant.empty() ? list : fmt::format("did you mean `{}`? {}", meant, list);
  return std::nullopt;
}

bool IsNumber(SchemaType type) {
  return type == SchemaType::kInt || type == SchemaType::kDouble || type == SchemaType::kBool ||
         type == SchemaType::kIntList;
}

std::string RangeText(const Schema& schema) {
  const auto show = [&](int64_t value) { return ShowValue(value, schema.type); };
  if (schema.min && schema.max) return fmt::format("{} to {}", show(*schema.min), show(*schema.max));
  return schema.min ? fmt::format("at least {}", show(*schema.min))
                    : fmt::format("at most {}", show(*schema.max));
}

bool InRange(const OptionValue& value, const Schema& schema) {
  const auto inside = [&](auto number) {
    using Number = decltype(number);
    return (!schema.min || number >= static_cast<Number>(*schema.min)) &&
           (!schema.max || number <= static_cast<Number>(*schema.max));
  };
  if (const auto* i = std::get_if<int64_t>(&value)) return inside(*i);
  if (const auto* d = std::get_if<double>(&value)) return inside(*d);
  if (const auto* m = std::get_if<Millis>(&value)) return inside(static_cast<int64_t>(m->count()));
  return true;
}

std::optional<OptionValue> ReadByType(const Node& node, const Schema& schema, Complaint* complaint) {
  switch (schema.type) {
    case SchemaType::kBool:
      if (node.text == "true" || node.text == "True" || node.text == "TRUE") return true;
      if (node.text == "false" || node.text == "False" || node.text == "FALSE") return false;
      complaint->message = Expected(node, schema);
      return std::nullopt;
    case SchemaType::kInt:
    case SchemaType::kIntList:
      return ReadInt(node, schema, complaint);
    case SchemaType::kDouble:
      return ReadDouble(node, schema, complaint);
    case SchemaType::kEnum:
      return ReadEnum(node, schema, complaint);
    case SchemaType::kDuration:
      if (const auto value = ReadWithUnit(node, schema, kDurationUnits, "s", complaint))
        return Millis(*value);
      return std::nullopt;
    case SchemaType::kSize:
      if (const auto value = ReadWithUnit(node, schema, kSizeUnits, "MiB", complaint)) return *value;
      return std::nullopt;
    case SchemaType::kFraction:
      return ReadFraction(node, schema, complaint);
    case SchemaType::kColumnType:
      return ReadColumnType(node, schema, complaint);
    default:
      return node.text;
  }
}

}  // namespace

std::optional<OptionValue> ReadScalar(const Node& node, const Schema& schema, Complaint* complaint) {
  // Inside {...} a ${NAME} can't stand without quotes, so there they say nothing.
  if (IsNumber(schema.type) && !node.plain && node.raw.empty()) {
    complaint->message =
        fmt::format("expected {}, but the text {} came", ExpectedText(schema), ShowNode(node));
    complaint->hint = "remove the quotes";
    return std::nullopt;
  }
  auto value = ReadByType(node, schema, complaint);
  if (value && !InRange(*value, schema)) {
    complaint->message = fmt::format("{} is out of range: {}", ShowNode(node), RangeText(schema));
    return std::nullopt;
  }
  return value;
}

namespace {

template <typename Value>
Result<Value> ParseText(const std::string& text, SchemaType type) {
  const Schema schema{.key = "", .type = type, .min = 0};
  Complaint complaint;
  const auto value = ReadScalar(Node::Scalar(text, {}, /*plain=*/true), schema, &complaint);
  if (value) return std::get<Value>(*value);
  return MakeError(ErrorCode::kUsage, complaint.message, complaint.hint);
}

}  // namespace

Result<Millis> ParseDuration(const std::string& text) {
  return ParseText<Millis>(text, SchemaType::kDuration);
}

Result<int64_t> ParseSize(const std::string& text) {
  return ParseText<int64_t>(text, SchemaType::kSize);
}

}  // namespace ingesta::config
