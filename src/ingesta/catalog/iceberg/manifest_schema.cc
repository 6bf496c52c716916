#include "ingesta/catalog/iceberg/manifest_schema.h"

#include <fmt/format.h>

#include <cmath>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

Json Required(const char* name, int id, Json type) {
  return Json{{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

Json Optional(const char* name, int id, Json type) {
  return Json{{"name", name},
              {"type", Json::array({"null", std::move(type)})},
              {"default", nullptr},
              {"field-id", id}};
}

Json RecordType(std::string name, Json fields) {
  return Json{{"type", "record"}, {"name", std::move(name)}, {"fields", std::move(fields)}};
}

Json IntMap(int key_id, int value_id, const char* value_type) {
  return Json{
      {"type", "array"},
      {"items",
       RecordType(fmt::format("k{}_v{}", key_id, value_id),
                  Json::array({Required("key", key_id, "int"), Required("value", value_id, value_type)}))},
      {"logicalType", "map"}};
}

Json ListType(int element_id, const char* type) {
  return Json{{"type", "array"}, {"items", type}, {"element-id", element_id}};
}

int64_t DecimalWidth(int precision) {
  return static_cast<int64_t>(std::ceil((precision * std::log2(10.0) + 1) / 8));
}

Json PartitionAvroType(const Type& type, int field_id) {
  switch (type.id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "long";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDate:
      return Json{{"type", "int"}, {"logicalType", "date"}};
    case TypeId::kTime:
      return Json{{"type", "long"}, {"logicalType", "time-micros"}};
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return Json{{"type", "long"},
                  {"logicalType", "timestamp-micros"},
                  {"adjust-to-utc", type.id == TypeId::kTimestampTz}};
    case TypeId::kDecimal:
      return Json{{"type", "fixed"},
                  {"name", fmt::format("decimal_{}_{}_{}", type.precision, type.scale, field_id)},
                  {"size", DecimalWidth(type.precision)},
                  {"logicalType", "decimal"},
                  {"precision", type.precision},
                  {"scale", type.scale}};
    case TypeId::kUuid:
      return Json{{"type", "fixed"},
                  {"name", fmt::format("uuid_fixed_{}", field_id)},
                  {"size", 16},
                  {"logicalType", "uuid"}};
    case TypeId::kFixed:
      return Json{{"type", "fixed"},
                  {"name", fmt::format("fixed_{}_{}", type.length, field_id)},
                  {"size", type.length}};
    case TypeId::kBinary:
      return "bytes";
    default:
      return "string";
  }
}

/// Avro's names are letters, digits and `_`; other characters as Iceberg's writers spell them.
std::string AvroName(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (letter || (digit && !out.empty())) {
      out += c;
    } else {
      out += digit ? fmt::format("_{}", c) : fmt::format("_x{:X}", static_cast<uint8_t>(c));
    }
  }
  return out;
}

Json PartitionRecord(const PartitionSpec& spec, const std::vector<TypePtr>& types) {
  Json fields = Json::array();
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const std::string name = AvroName(spec.fields[i].name);
    fields.push_back(Optional(name.c_str(), spec.fields[i].field_id,
                              PartitionAvroType(*types[i], spec.fields[i].field_id)));
  }
  return RecordType("r102", std::move(fields));
}

}  // namespace

std::string ManifestEntrySchema(const PartitionSpec& spec, const std::vector<TypePtr>& types) {
  const Json file =
      RecordType("r2", Json::array({Required("content", FileIds::kContent, "int"),
                                    Required("file_path", FileIds::kPath, "string"),
                                    Required("file_format", FileIds::kFormat, "string"),
                                    Required("partition", FileIds::kPartition, PartitionRecord(spec, types)),
                                    Required("record_count", FileIds::kRows, "long"),
                                    Required("file_size_in_bytes", FileIds::kBytes, "long"),
                                    Optional("column_sizes", FileIds::kColumnBytes, IntMap(117, 118, "long")),
                                    Optional("value_counts", FileIds::kValues, IntMap(119, 120, "long")),
                                    Optional("null_value_counts", FileIds::kNulls, IntMap(121, 122, "long")),
                                    Optional("nan_value_counts", FileIds::kNans, IntMap(138, 139, "long")),
                                    Optional("lower_bounds", FileIds::kLower, IntMap(126, 127, "bytes")),
                                    Optional("upper_bounds", FileIds::kUpper, IntMap(129, 130, "bytes")),
                                    Optional("key_metadata", FileIds::kKeyMetadata, "bytes"),
                                    Optional("split_offsets", FileIds::kSplitOffsets, ListType(133, "long")),
                                    Optional("equality_ids", FileIds::kEqualityIds, ListType(136, "int")),
                                    Optional("sort_order_id", FileIds::kSortOrder, "int"),
                                    Optional("referenced_data_file", FileIds::kReferencedFile, "string")}));
  return DumpJson(RecordType("manifest_entry",
                             Json::array({Required("status", EntryIds::kStatus, "int"),
                                          Optional("snapshot_id", EntryIds::kSnapshotId, "long"),
                                          Optional("sequence_number", EntryIds::kSequence, "long"),
                                          Optional("file_sequence_number", EntryIds::kFileSequence, "long"),
                                          Required("data_file", EntryIds::kDataFile, file)})));
}

std::string ManifestListSchema() {
  const Json summary =
      RecordType("r508", Json::array({Required("contains_null", SummaryIds::kContainsNull, "boolean"),
                                      Optional("contains_nan", SummaryIds::kContainsNan, "boolean"),
                                      Optional("lower_bound", SummaryIds::kLower, "bytes"),
                                      Optional("upper_bound", SummaryIds::kUpper, "bytes")}));
  const Json summaries{{"type", "array"}, {"items", summary}, {"element-id", 508}};
  return DumpJson(RecordType("manifest_file",
                             Json::array({Required("manifest_path", ListIds::kPath, "string"),
                                          Required("manifest_length", ListIds::kLength, "long"),
                                          Required("partition_spec_id", ListIds::kSpec, "int"),
                                          Required("content", ListIds::kContent, "int"),
                                          Required("sequence_number", ListIds::kSequence, "long"),
                                          Required("min_sequence_number", ListIds::kMinSequence, "long"),
                                          Required("added_snapshot_id", ListIds::kSnapshot, "long"),
                                          Required("added_files_count", ListIds::kAddedFiles, "int"),
                                          Required("existing_files_count", ListIds::kExistingFiles, "int"),
                                          Required("deleted_files_count", ListIds::kDeletedFiles, "int"),
                                          Required("added_rows_count", ListIds::kAddedRows, "long"),
                                          Required("existing_rows_count", ListIds::kExistingRows, "long"),
                                          Required("deleted_rows_count", ListIds::kDeletedRows, "long"),
                                          Optional("partitions", ListIds::kPartitions, summaries),
                                          Optional("key_metadata", ListIds::kKeyMetadata, "bytes")})));
}

AvroValue PartitionToAvro(const Type& type, const Literal& value) {
  if (IsNull(value)) return {};
  if (const bool* boolean = std::get_if<bool>(&value)) return {*boolean};
  if (const int64_t* number = std::get_if<int64_t>(&value)) return {*number};
  if (const double* number = std::get_if<double>(&value)) return {*number};
  std::string bytes = std::get<std::string>(value);
  if (type.id == TypeId::kDecimal) {
    const auto width = static_cast<size_t>(DecimalWidth(type.precision));
    const char sign = !bytes.empty() && (static_cast<uint8_t>(bytes[0]) & 0x80) != 0 ? '\xff' : '\0';
    if (bytes.size() < width) bytes.insert(0, width - bytes.size(), sign);
  }
  return {std::move(bytes)};
}

Result<Literal> PartitionFromAvro(const Type& type, const AvroValue* value) {
  if (value == nullptr || value->is_null()) return Literal();
  Literal literal;
  if (const auto* boolean = value->As<bool>()) literal = *boolean;
  if (const auto* number = value->As<int64_t>()) literal = *number;
  if (const auto* number = value->As<double>()) literal = *number;
  if (const auto* bytes = value->As<std::string>()) literal = *bytes;
  if (type.id == TypeId::kDecimal && std::holds_alternative<std::string>(literal)) {
    return ParseLiteral(type, std::get<std::string>(literal));
  }
  if (IsNull(literal) || !IsOfType(type, literal)) {
    return Corrupt(fmt::format("a partition value that is no {}", type.ToString()));
  }
  return literal;
}

}  // namespace ingesta::iceberg
