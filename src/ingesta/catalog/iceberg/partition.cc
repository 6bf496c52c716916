#include "ingesta/catalog/iceberg/partition.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr int64_t kMicrosOfDay = 86'400'000'000;
constexpr int kFirstFieldId = 1000;

bool IsTimestamp(const Type& type) {
  return type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampTz;
}

std::chrono::year_month_day DateOf(int64_t days) {
  return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days}}};
}

int64_t MonthsOf(const std::chrono::year_month_day& date) {
  return (static_cast<int64_t>(static_cast<int>(date.year())) - 1970) * 12 +
         static_cast<unsigned>(date.month()) - 1;
}

Status NotWritten(const std::string& transform) {
  return Unsupported(
      fmt::format("the partition transform '{}' can be read, but not written", transform),
      "write to the table with its own engine, or partition it by identity, day, month or year");
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
    out += safe ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c));
  }
  return out;
}

std::string ValueText(const PartitionField& field, const Type& type, const Literal& value) {
  const int64_t* number = std::get_if<int64_t>(&value);
  if (number != nullptr && TransformFromText(field.transform) == TransformId::kYear) {
    return fmt::format("{:04}", *number + 1970);
  }
  if (number != nullptr && TransformFromText(field.transform) == TransformId::kMonth) {
    const int64_t months = *number + 1970 * 12;
    return fmt::format("{:04}-{:02}", months / 12, months % 12 + 1);
  }
  return LiteralToText(type, value);
}

}  // namespace

TransformId TransformFromText(const std::string& text) {
  static const std::map<std::string, TransformId> kNames = {
      {"identity", TransformId::kIdentity}, {"year", TransformId::kYear}, {"month", TransformId::kMonth},
      {"day", TransformId::kDay},           {"hour", TransformId::kHour}, {"void", TransformId::kVoid},
  };
  if (const auto found = kNames.find(text); found != kNames.end()) return found->second;
  if (text.starts_with("bucket[")) return TransformId::kBucket;
  if (text.starts_with("truncate[")) return TransformId::kTruncate;
  return TransformId::kUnknown;
}

Result<TypePtr> TransformResult(const std::string& transform, const TypePtr& source) {
  const bool has_days = source->id == TypeId::kDate || IsTimestamp(*source);
  switch (TransformFromText(transform)) {
    case TransformId::kIdentity:
    case TransformId::kTruncate:
    case TransformId::kVoid:
      if (!source->nested()) return source;
      break;
    case TransformId::kYear:
    case TransformId::kMonth:
      if (has_days) return MakeType(TypeId::kInt);
      break;
    case TransformId::kDay:
      if (has_days) return MakeType(TypeId::kDate);
      break;
    case TransformId::kHour:
      if (IsTimestamp(*source)) return MakeType(TypeId::kInt);
      break;
    case TransformId::kBucket:
      return MakeType(TypeId::kInt);
    case TransformId::kUnknown:
      return Unsupported(fmt::format("unknown partition transform '{}'", transform),
                         "known are identity, year, month, day, hour, bucket[N], truncate[N], void");
  }
  return Unsupported(
      fmt::format("a column of type {} has no '{}' to partition by", source->ToString(), transform));
}

Result<Literal> ApplyTransform(const std::string& transform, const Type& source, const Literal& value) {
  const TransformId id = TransformFromText(transform);
  if (id == TransformId::kVoid) return Literal();
  if (id != TransformId::kIdentity && id != TransformId::kYear && id != TransformId::kMonth &&
      id != TransformId::kDay) {
    return NotWritten(transform);
  }
  if (IsNull(value) || id == TransformId::kIdentity) return value;
  if (source.id != TypeId::kDate && !IsTimestamp(source)) {
    return Unsupported(
        fmt::format("a column of type {} has no '{}' to partition by", source.ToString(), transform));
  }
  int64_t days = std::get<int64_t>(value);
  if (IsTimestamp(source)) days = days / kMicrosOfDay - (days % kMicrosOfDay < 0 ? 1 : 0);
  if (id == TransformId::kDay) return Literal(days);
  const int64_t months = MonthsOf(DateOf(days));
  if (id == TransformId::kMonth) return Literal(months);
  return Literal(int64_t{static_cast<int>(DateOf(days).year())} - 1970);
}

Result<PartitionSpec> MakePartitionSpec(const std::vector<PartitionColumn>& columns, const Schema& schema,
                                        int spec_id, int last_partition_id) {
  PartitionSpec spec{.id = spec_id};
  for (const PartitionColumn& column : columns) {
    const Field* source = schema.FindByName(column.column);
    if (source == nullptr) {
      return Unsupported(fmt::format("partition by '{}': the table has no such column", column.column));
    }
    const TransformId id = TransformFromText(column.transform);
    if (id == TransformId::kVoid) return NotWritten(column.transform);
    RETURN_NOT_OK(TransformResult(column.transform, source->type).status());
    RETURN_NOT_OK(ApplyTransform(column.transform, *source->type, Literal()).status());
    spec.fields.push_back(
        {.source_id = source->id,
         .field_id =
             std::max(last_partition_id, kFirstFieldId - 1) + 1 + static_cast<int>(spec.fields.size()),
         .name = id == TransformId::kIdentity ? column.column : column.column + "_" + column.transform,
         .transform = column.transform});
  }
  return spec;
}

Result<std::vector<TypePtr>> PartitionTypes(const PartitionSpec& spec, const std::vector<Schema>& schemas) {
  std::vector<TypePtr> types;
  for (const PartitionField& field : spec.fields) {
    // The newest schema first: a source column may have been widened, or dropped.
    const Field* source = nullptr;
    for (auto schema = schemas.rbegin(); schema != schemas.rend() && source == nullptr; ++schema) {
      source = schema->FindById(field.source_id);
    }
    if (source == nullptr) {
      types.push_back(MakeType(TypeId::kString));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(TypePtr type, TransformResult(field.transform, source->type));
    types.push_back(std::move(type));
  }
  return types;
}

Result<Literal> CommonPartitionValue(const PartitionField& field, const Type& source,
                                     const std::optional<Literal>& min, const std::optional<Literal>& max,
                                     std::optional<int64_t> nulls, int64_t rows) {
  if (TransformFromText(field.transform) == TransformId::kVoid) return Literal();
  if (nulls == rows) return Literal();
  if (!min || !max || !nulls) {
    return Unsupported(
        fmt::format("partition '{}': the file has no statistics that name its partition", field.name));
  }
  ARROW_ASSIGN_OR_RAISE(Literal first, ApplyTransform(field.transform, source, *min));
  ARROW_ASSIGN_OR_RAISE(const Literal last, ApplyTransform(field.transform, source, *max));
  // Bounds may be -0.0 and 0.0 for the same zeros: Variant's == takes them for one value.
  if (*nulls > 0 || first != last) {
    return Unsupported(
        fmt::format("partition '{}': the file holds rows of several partitions, from {} to {}{}", field.name,
                    LiteralToText(source, *min), LiteralToText(source, *max), *nulls > 0 ? " and null" : ""),
        "write the rows of each partition to files of their own");
  }
  return first;
}

Result<std::string> PartitionPath(const PartitionSpec& spec, const std::vector<TypePtr>& types,
                                  const PartitionValues& values) {
  if (values.size() != spec.fields.size() || types.size() != values.size()) {
    return MakeError(ErrorCode::kInternal, "a partition of another spec");
  }
  std::string path;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) path += '/';
    path += Escaped(spec.fields[i].name) + "=" + Escaped(ValueText(spec.fields[i], *types[i], values[i]));
  }
  return path;
}

Result<std::vector<PartitionField>> PartitionFieldsFromJson(const Json& json) {
  if (!json.is_array()) return Corrupt("a partition spec's fields must be a list");
  std::vector<PartitionField> fields;
  for (const Json& member : json) {
    PartitionField field;
    if (Member(member, "source-id") == nullptr && Member(member, "source-ids") != nullptr) {
      return Unsupported("a partition field of several columns is not one of Iceberg's format version 2");
    }
    ARROW_ASSIGN_OR_RAISE(field.source_id, GetInt32(member, "source-id"));
    // Absent in format version 1: numbered by their place.
    ARROW_ASSIGN_OR_RAISE(const auto id, FindInt(member, "field-id"));
    field.field_id = static_cast<int>(id.value_or(kFirstFieldId + static_cast<int>(fields.size())));
    ARROW_ASSIGN_OR_RAISE(field.name, GetString(member, "name"));
    ARROW_ASSIGN_OR_RAISE(field.transform, GetString(member, "transform"));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<PartitionSpec> PartitionSpecFromJson(const Json& json) {
  PartitionSpec spec;
  ARROW_ASSIGN_OR_RAISE(spec.id, GetInt32(json, "spec-id"));
  ARROW_ASSIGN_OR_RAISE(const Json* fields, GetArray(json, "fields"));
  ARROW_ASSIGN_OR_RAISE(spec.fields, PartitionFieldsFromJson(*fields));
  return spec;
}

Json PartitionFieldsToJson(const PartitionSpec& spec) {
  Json fields = Json::array();
  for (const PartitionField& field : spec.fields) {
    fields.push_back(Json{{"source-id", field.source_id},
                          {"field-id", field.field_id},
                          {"name", field.name},
                          {"transform", field.transform}});
  }
  return fields;
}

Json PartitionSpecToJson(const PartitionSpec& spec) {
  return Json{{"spec-id", spec.id}, {"fields", PartitionFieldsToJson(spec)}};
}

}  // namespace ingesta::iceberg
