#include "ingesta/catalog/glue/hive_types.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ingesta/base/arrow_field.h"

namespace ingesta::catalog {
namespace {

constexpr size_t kMaxComment = 255;

Status NoHiveType(const arrow::DataType& type) {
  return MakeError({.code = ErrorCode::kInvalidConfig,
                    .stage = Stage::kCatalog,
                    .hint = "give the column another type, such as string or decimal"},
                   fmt::format("Hive has no type for {}", type.ToString()));
}

Result<std::string> NestedType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    ARROW_ASSIGN_OR_RAISE(const std::string key, HiveType(*map.key_type()));
    ARROW_ASSIGN_OR_RAISE(const std::string item, HiveType(*map.item_type()));
    return fmt::format("map<{},{}>", key, item);
  }
  if (type.id() == arrow::Type::STRUCT) {
    std::string members;
    for (const auto& field : type.fields()) {
      ARROW_ASSIGN_OR_RAISE(const std::string member, HiveType(*field->type()));
      members += fmt::format("{}{}:{}", members.empty() ? "" : ",", HiveName(field->name()), member);
    }
    return fmt::format("struct<{}>", members);
  }
  ARROW_ASSIGN_OR_RAISE(const std::string item, HiveType(*type.field(0)->type()));
  return fmt::format("array<{}>", item);
}

Result<std::vector<aws::GlueColumn>> Columns(const arrow::Schema& schema, bool typed) {
  std::vector<aws::GlueColumn> columns;
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    aws::GlueColumn column{.name = HiveName(field->name()),
                           .type = "string",
                           .comment = ColumnComment(*field),
                           .parameters = {}};
    if (typed) {
      Result<std::string> type = HiveType(*field->type());
      if (!type.ok()) return WithPrefix(type.status(), fmt::format("column `{}`", field->name()));
      column.type = *std::move(type);
    }
    if (!names.insert(column.name).second) {
      return MakeError({.code = ErrorCode::kInvalidConfig,
                        .stage = Stage::kCatalog,
                        .hint = "rename one of them: Hive's names have no case"},
                       fmt::format("two columns are called `{}` in the catalog", column.name));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// `text` without control characters, cut to `limit` characters between two of them.
std::string OneLine(std::string text, size_t limit) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_one = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts_one && ++characters > limit) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Result<std::string> HiveType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT8:
      return "tinyint";
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
      return "smallint";
    case arrow::Type::INT32:
    case arrow::Type::UINT16:
      return "int";
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return "bigint";
    case arrow::Type::UINT64:
      return "decimal(20,0)";
    case arrow::Type::FLOAT:
      return "float";
    case arrow::Type::DOUBLE:
      return "double";
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.precision() > 38 || decimal.scale() < 0) return NoHiveType(type);
      return fmt::format("decimal({},{})", decimal.precision(), decimal.scale());
    }
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return "date";
    case arrow::Type::TIMESTAMP:
      return "timestamp";
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return "string";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return "binary";
    case arrow::Type::DICTIONARY:
      return HiveType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return NestedType(type);
    default:
      return NoHiveType(type);
  }
}

std::string TrinoCastType(const arrow::DataType& type) {
  const Result<std::string> hive = HiveType(type);
  if (!hive.ok() || *hive == "string" || *hive == "binary" || hive->find('<') != std::string::npos) return "";
  if (*hive == "timestamp") return "timestamp(3)";
  if (*hive == "int") return "integer";
  if (*hive == "float") return "real";
  return *hive;
}

std::string HiveName(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // The bytes of letters beyond ASCII stay: a name that Athena must quote is better than a wrong one.
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) >= 0x80);
    if (!plain) c = '_';
  }
  return text;
}

std::string ColumnComment(const arrow::Field& field) {
  std::string text = FieldMetadata(field, "comment");
  if (!text.empty()) return OneLine(std::move(text), kMaxComment);
  text = FieldMetadata(field, "description");
  const std::string path = FieldMetadata(field, "path");
  const std::string source = path.empty() ? "" : fmt::format("source: {}", path);
  if (text.empty() || source.empty()) return OneLine(text + source, kMaxComment);
  return OneLine(fmt::format("{} ({})", text, source), kMaxComment);
}

Result<std::vector<aws::GlueColumn>> TypedColumns(const arrow::Schema& schema) {
  return Columns(schema, /*typed=*/true);
}

Result<std::vector<aws::GlueColumn>> TextColumns(const arrow::Schema& schema) {
  return Columns(schema, /*typed=*/false);
}

}  // namespace ingesta::catalog
