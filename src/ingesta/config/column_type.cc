#include "ingesta/config/column_type.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <map>

namespace ingesta::config {
namespace {

using Kind = ColumnType::Kind;

constexpr int kMaxPrecision = 38;

struct NamedKind {
  std::string_view name;
  Kind kind;
};

constexpr std::array<NamedKind, 9> kKinds = {{{"string", Kind::kString},
                                              {"int32", Kind::kInt32},
                                              {"int64", Kind::kInt64},
                                              {"double", Kind::kDouble},
                                              {"bool", Kind::kBool},
                                              {"date", Kind::kDate},
                                              {"timestamp", Kind::kTimestamp},
                                              {"decimal", Kind::kDecimal},
                                              {"json", Kind::kJson}}};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool IsDecimal(std::string_view text) {
  return text.substr(0, 7) == "decimal";
}

/// Precision and scale as written, whatever they are.
std::optional<ColumnType> ReadDecimal(std::string_view text) {
  const size_t comma = text.find(',');
  if (text.substr(0, 8) != "decimal(" || text.back() != ')' || comma == std::string_view::npos)
    return std::nullopt;
  const auto precision = Number(Trim(text.substr(8, comma - 8)));
  const auto scale = Number(Trim(text.substr(comma + 1, text.size() - comma - 2)));
  if (!precision || !scale) return std::nullopt;
  return ColumnType{Kind::kDecimal, *precision, *scale};
}

bool HasGoodPrecision(const ColumnType& type) {
  return type.precision >= 1 && type.precision <= kMaxPrecision;
}

}  // namespace

std::string ColumnType::ToString() const {
  if (kind == Kind::kDecimal) return fmt::format("decimal({},{})", precision, scale);
  for (const NamedKind& named : kKinds) {
    if (named.kind == kind) return std::string(named.name);
  }
  return "";
}

std::optional<ColumnType> ParseColumnType(std::string_view text) {
  if (IsDecimal(text)) {
    const auto type = ReadDecimal(text);
    return type && HasGoodPrecision(*type) && type->scale <= type->precision ? type : std::nullopt;
  }
  for (const NamedKind& named : kKinds) {
    if (named.name == text) return ColumnType{named.kind, 0, 0};
  }
  return std::nullopt;
}

std::string ColumnTypeComplaint(std::string_view text, std::string_view shown) {
  if (!IsDecimal(text)) return fmt::format("{} is no column type", shown);
  const auto type = ReadDecimal(text);
  if (!type) {
    return fmt::format("{} is no decimal type: write its precision and scale, such as decimal(18,2)", shown);
  }
  if (!HasGoodPrecision(*type))
    return fmt::format("the precision of {} must be 1 to {}", shown, kMaxPrecision);
  return fmt::format("the scale of {} must be 0 to its precision, {}", shown, type->precision);
}

std::string ColumnTypeFor(std::string_view text) {
  static const std::map<std::string, std::string, std::less<>> kOtherNames = {{"text", "string"},
                                                                              {"varchar", "string"},
                                                                              {"char", "string"},
                                                                              {"str", "string"},
                                                                              {"int", "int64"},
                                                                              {"integer", "int64"},
                                                                              {"bigint", "int64"},
                                                                              {"long", "int64"},
                                                                              {"smallint", "int32"},
                                                                              {"float", "double"},
                                                                              {"real", "double"},
                                                                              {"number", "double"},
                                                                              {"float64", "double"},
                                                                              {"boolean", "bool"},
                                                                              {"datetime", "timestamp"},
                                                                              {"timestamptz", "timestamp"},
                                                                              {"numeric", "decimal(18,2)"},
                                                                              {"money", "decimal(18,2)"},
                                                                              {"object", "json"},
                                                                              {"array", "json"},
                                                                              {"complex", "json"}};
  std::string folded;
  for (const char c : text) folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = kOtherNames.find(folded);
  return found == kOtherNames.end() ? "" : found->second;
}

}  // namespace ingesta::config
