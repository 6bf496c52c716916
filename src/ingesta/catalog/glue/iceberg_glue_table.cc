#include "ingesta/catalog/glue/iceberg_glue_table.h"

#include <fmt/format.h>

#include <utility>

namespace ingesta::catalog {
namespace {

using iceberg::TypeId;

std::string NestedTypeOf(const iceberg::Type& type) {
  if (type.id == TypeId::kList) return fmt::format("array<{}>", GlueTypeOf(*type.fields.at(0).type));
  if (type.id == TypeId::kMap) {
    return fmt::format("map<{},{}>", GlueTypeOf(*type.fields.at(0).type),
                       GlueTypeOf(*type.fields.at(1).type));
  }
  std::string members;
  for (const iceberg::Field& field : type.fields) {
    members += fmt::format("{}{}:{}", members.empty() ? "" : ",", field.name, GlueTypeOf(*field.type));
  }
  return fmt::format("struct<{}>", members);
}

/// Glue takes 255 characters without control characters.
std::string Comment(std::string doc) {
  size_t characters = 0;
  for (size_t i = 0; i < doc.size(); ++i) {
    if (static_cast<unsigned char>(doc[i]) < 0x20) doc[i] = ' ';
    const bool starts_one = (static_cast<unsigned char>(doc[i]) & 0xC0U) != 0x80U;
    if (starts_one && ++characters > 255) return doc.substr(0, i);
  }
  return doc;
}

}  // namespace

std::string GlueTypeOf(const iceberg::Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "bigint";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDecimal:
      return fmt::format("decimal({},{})", type.precision, type.scale);
    case TypeId::kDate:
      return "date";
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return "timestamp";
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
      return "string";
    case TypeId::kFixed:
    case TypeId::kBinary:
      return "binary";
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return NestedTypeOf(type);
  }
  return "string";
}

aws::GlueTable PointAt(aws::GlueTable existing, const std::string& name,
                       const iceberg::TableMetadata& metadata, const std::string& location,
                       const std::string& previous) {
  aws::GlueTable table = std::move(existing);
  table.name = name;
  table.table_type = "EXTERNAL_TABLE";
  table.parameters["table_type"] = "ICEBERG";
  table.parameters[kMetadataLocation] = location;
  if (!previous.empty()) table.parameters[kPreviousMetadataLocation] = previous;
  table.storage.location = metadata.location;
  table.storage.columns.clear();
  for (const iceberg::Field& field : metadata.current_schema().fields) {
    table.storage.columns.push_back(
        {.name = field.name,
         .type = GlueTypeOf(*field.type),
         .comment = Comment(field.doc),
         .parameters = {{"iceberg.field.current", "true"},
                        {"iceberg.field.id", std::to_string(field.id)},
                        {"iceberg.field.optional", field.required ? "false" : "true"}}});
  }
  return table;
}

std::string MetadataLocationOf(const aws::GlueTable& table) {
  const auto found = table.parameters.find(kMetadataLocation);
  return found == table.parameters.end() ? "" : found->second;
}

}  // namespace ingesta::catalog
