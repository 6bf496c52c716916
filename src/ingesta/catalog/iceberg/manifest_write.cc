// Manifests and manifest lists, writing half.
#include <algorithm>
#include <cmath>
#include <utility>

#include "ingesta/catalog/iceberg/avro.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/manifest_schema.h"

namespace ingesta::iceberg {
namespace {

template <typename T>
AvroValue OrNull(const std::optional<T>& value) {
  return value ? AvroValue(*value) : AvroValue();
}

/// The record type of a field, also within an optional one.
const AvroNode& TypeBelow(const AvroNode& record, int id) {
  const AvroNode* type = record.fields[record.by_id.at(id)].type;
  if (type->kind == AvroKind::kUnion) type = type->branches.back();
  if (type->kind == AvroKind::kArray) type = type->branches.front();
  return *type;
}

template <typename Value>
AvroValue MapToAvro(const AvroNode& file, int id, const std::map<int, Value>& map) {
  if (map.empty()) return {};
  const AvroNode& pair = TypeBelow(file, id);
  AvroArray items;
  for (const auto& [key, value] : map) items.push_back(AvroValue::Record(pair, {key, value}));
  return items;
}

template <typename Number>
AvroValue ListToAvro(const std::vector<Number>& list) {
  if (list.empty()) return {};
  AvroArray items;
  for (const Number number : list) items.emplace_back(number);
  return items;
}

AvroValue FileToAvro(const AvroNode& type, const DataFile& file,
                     const std::vector<TypePtr>& partition_types) {
  AvroArray partition;
  for (size_t i = 0; i < partition_types.size(); ++i) {
    partition.push_back(PartitionToAvro(*partition_types[i], file.partition[i]));
  }
  return AvroValue::Record(
      type, {static_cast<int>(file.content), file.path, file.format,
             AvroValue::Record(TypeBelow(type, FileIds::kPartition), std::move(partition)), file.rows,
             file.bytes, MapToAvro(type, FileIds::kColumnBytes, file.column_bytes),
             MapToAvro(type, FileIds::kValues, file.values), MapToAvro(type, FileIds::kNulls, file.nulls),
             MapToAvro(type, FileIds::kNans, file.nans), MapToAvro(type, FileIds::kLower, file.lower_bounds),
             MapToAvro(type, FileIds::kUpper, file.upper_bounds), OrNull(file.key_metadata),
             ListToAvro(file.split_offsets), ListToAvro(file.equality_ids), OrNull(file.sort_order_id),
             OrNull(file.referenced_data_file)});
}

/// Over all entries, deleted ones too, as readers that look for those go by it.
PartitionSummary Summarize(const std::vector<ManifestEntry>& entries, size_t field, const Type& type) {
  PartitionSummary summary;
  const bool has_nans = type.id == TypeId::kFloat || type.id == TypeId::kDouble;
  if (has_nans) summary.contains_nan = false;
  const Literal* lower = nullptr;
  const Literal* upper = nullptr;
  for (const ManifestEntry& entry : entries) {
    const Literal& value = entry.file.partition[field];
    if (IsNull(value)) {
      summary.contains_null = true;
    } else if (has_nans && std::isnan(std::get<double>(value))) {
      summary.contains_nan = true;
    } else {
      if (lower == nullptr || CompareLiterals(type, value, *lower) < 0) lower = &value;
      if (upper == nullptr || CompareLiterals(type, value, *upper) > 0) upper = &value;
    }
  }
  if (lower != nullptr) summary.lower = SerializeLiteral(type, TruncateLower(type, *lower));
  if (upper != nullptr) {
    if (const auto cut = TruncateUpper(type, *upper)) summary.upper = SerializeLiteral(type, *cut);
  }
  return summary;
}

ManifestFile Describe(const std::vector<ManifestEntry>& entries, const ManifestContext& context) {
  ManifestFile file{.spec_id = context.spec->id,
                    .deletes = context.deletes,
                    .sequence_number = context.sequence_number,
                    .min_sequence_number = context.sequence_number,
                    .added_snapshot_id = context.snapshot_id,
                    .added_files = 0,
                    .existing_files = 0,
                    .deleted_files = 0,
                    .added_rows = 0,
                    .existing_rows = 0,
                    .deleted_rows = 0};
  for (const ManifestEntry& entry : entries) {
    if (entry.live()) {
      file.min_sequence_number =
          std::min(file.min_sequence_number, entry.sequence_number.value_or(context.sequence_number));
    }
    auto& files = entry.status == EntryStatus::kAdded     ? file.added_files
                  : entry.status == EntryStatus::kDeleted ? file.deleted_files
                                                          : file.existing_files;
    auto& rows = entry.status == EntryStatus::kAdded     ? file.added_rows
                 : entry.status == EntryStatus::kDeleted ? file.deleted_rows
                                                         : file.existing_rows;
    files = *files + 1;
    rows = *rows + entry.file.rows;
  }
  for (size_t i = 0; i < context.partition_types.size(); ++i) {
    file.partitions.push_back(Summarize(entries, i, *context.partition_types[i]));
  }
  return file;
}

AvroValue SummariesToAvro(const AvroNode& list, const std::vector<PartitionSummary>& summaries) {
  if (summaries.empty()) return {};
  const AvroNode& type = TypeBelow(list, ListIds::kPartitions);
  AvroArray items;
  for (const PartitionSummary& summary : summaries) {
    items.push_back(AvroValue::Record(type, {summary.contains_null, OrNull(summary.contains_nan),
                                             OrNull(summary.lower), OrNull(summary.upper)}));
  }
  return items;
}

}  // namespace

Result<WrittenManifest> WriteManifest(const std::vector<ManifestEntry>& entries,
                                      const ManifestContext& context, Random& random) {
  for (const ManifestEntry& entry : entries) {
    if (entry.file.partition.size() != context.partition_types.size()) {
      return MakeError(ErrorCode::kInternal, entry.file.path + " has a partition of another spec");
    }
  }
  ARROW_ASSIGN_OR_RAISE(
      AvroWriter writer,
      AvroWriter::Create(ManifestEntrySchema(*context.spec, context.partition_types),
                         {{"schema", DumpJson(SchemaToJson(*context.schema))},
                          {"schema-id", std::to_string(context.schema->id)},
                          {"partition-spec", DumpJson(PartitionFieldsToJson(*context.spec))},
                          {"partition-spec-id", std::to_string(context.spec->id)},
                          {"format-version", "2"},
                          {"content", context.deletes ? "deletes" : "data"}},
                         AvroCodec::kDeflate, random));
  const AvroNode& type = writer.root();
  for (const ManifestEntry& entry : entries) {
    RETURN_NOT_OK(writer.Append(AvroValue::Record(
        type, {static_cast<int>(entry.status), entry.snapshot_id.value_or(context.snapshot_id),
               OrNull(entry.sequence_number), OrNull(entry.file_sequence_number),
               FileToAvro(TypeBelow(type, EntryIds::kDataFile), entry.file, context.partition_types)})));
  }
  WrittenManifest manifest;
  manifest.file = Describe(entries, context);
  ARROW_ASSIGN_OR_RAISE(manifest.bytes, writer.Finish());
  manifest.file.length = static_cast<int64_t>(manifest.bytes.size());
  return manifest;
}

Result<std::string> WriteManifestList(const std::vector<ManifestFile>& manifests, int64_t snapshot_id,
                                      std::optional<int64_t> parent_id, int64_t sequence_number,
                                      Random& random) {
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"snapshot-id", std::to_string(snapshot_id)},
      {"sequence-number", std::to_string(sequence_number)},
      {"format-version", "2"}};
  metadata.emplace_back("parent-snapshot-id", parent_id ? std::to_string(*parent_id) : "null");
  ARROW_ASSIGN_OR_RAISE(AvroWriter writer,
                        AvroWriter::Create(ManifestListSchema(), metadata, AvroCodec::kDeflate, random));
  for (const ManifestFile& file : manifests) {
    // A manifest of format version 1 may lack its counts; that it may hold live files must stay so.
    const auto count = [&file](const std::optional<int64_t>& number) {
      return number.value_or(file.may_have_live_files() ? 1 : 0);
    };
    RETURN_NOT_OK(writer.Append(AvroValue::Record(
        writer.root(), {file.path, file.length, file.spec_id, file.deletes ? 1 : 0, file.sequence_number,
                        file.min_sequence_number, file.added_snapshot_id, count(file.added_files),
                        count(file.existing_files), count(file.deleted_files), count(file.added_rows),
                        count(file.existing_rows), count(file.deleted_rows),
                        SummariesToAvro(writer.root(), file.partitions), OrNull(file.key_metadata)})));
  }
  return writer.Finish();
}

}  // namespace ingesta::iceberg
