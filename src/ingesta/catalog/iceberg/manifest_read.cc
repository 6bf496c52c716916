// Manifests and manifest lists, reading half: by field ids, so that any writer's will do.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "ingesta/catalog/iceberg/avro.h"
#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/manifest_schema.h"

namespace ingesta::iceberg {
namespace {

template <typename T>
std::optional<T> Find(const AvroValue& record, int id) {
  const AvroValue* value = record.Field(id);
  const T* found = value == nullptr ? nullptr : value->As<T>();
  return found == nullptr ? std::nullopt : std::optional<T>(*found);
}

template <typename T>
Result<T> Need(const AvroValue& record, int id) {
  std::optional<T> found = Find<T>(record, id);
  if (!found) return Corrupt(fmt::format("a manifest's field {} is absent or of another type", id));
  return std::move(*found);
}

/// A number that is a count, a size or a choice.
Result<int64_t> NeedNumber(const AvroValue& record, int id,
                           int64_t highest = std::numeric_limits<int64_t>::max()) {
  ARROW_ASSIGN_OR_RAISE(const int64_t number, Need<int64_t>(record, id));
  if (number < 0 || number > highest) return Corrupt(fmt::format("a manifest's field {} is {}", id, number));
  return number;
}

template <typename Value>
Status ReadMap(const AvroValue& file, int id, int key_id, std::map<int, Value>& map) {
  const AvroValue* value = file.Field(id);
  if (value == nullptr || value->is_null()) return Status::OK();
  const auto* items = value->As<AvroArray>();
  if (items == nullptr) return Corrupt(fmt::format("a manifest's field {} is no map", id));
  for (const AvroValue& item : *items) {
    ARROW_ASSIGN_OR_RAISE(const int64_t key, Need<int64_t>(item, key_id));
    ARROW_ASSIGN_OR_RAISE(Value number, Need<Value>(item, key_id + 1));
    map[static_cast<int>(key)] = std::move(number);
  }
  return Status::OK();
}

template <typename Number>
Status ReadList(const AvroValue& file, int id, std::vector<Number>& list) {
  const AvroValue* value = file.Field(id);
  if (value == nullptr || value->is_null()) return Status::OK();
  const auto* items = value->As<AvroArray>();
  if (items == nullptr) return Corrupt(fmt::format("a manifest's field {} is no list", id));
  for (const AvroValue& item : *items) {
    const int64_t* number = item.As<int64_t>();
    if (number == nullptr)
      return Corrupt(fmt::format("a manifest's field {} has an item of another type", id));
    list.push_back(static_cast<Number>(*number));
  }
  return Status::OK();
}

Result<DataFile> ReadFileRecord(const AvroValue& record, const PartitionSpec& spec,
                                const std::vector<TypePtr>& partition_types) {
  DataFile file;
  if (const auto content = Find<int64_t>(record, FileIds::kContent)) {  // absent in format version 1
    ARROW_ASSIGN_OR_RAISE(const int64_t checked, NeedNumber(record, FileIds::kContent, 2));
    file.content = static_cast<FileContent>(checked);
  }
  ARROW_ASSIGN_OR_RAISE(file.path, Need<std::string>(record, FileIds::kPath));
  ARROW_ASSIGN_OR_RAISE(file.format, Need<std::string>(record, FileIds::kFormat));
  const AvroValue* partition = record.Field(FileIds::kPartition);
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const AvroValue* value = partition == nullptr ? nullptr : partition->Field(spec.fields[i].field_id);
    ARROW_ASSIGN_OR_RAISE(Literal literal, PartitionFromAvro(*partition_types[i], value));
    file.partition.push_back(std::move(literal));
  }
  ARROW_ASSIGN_OR_RAISE(file.rows, NeedNumber(record, FileIds::kRows));
  ARROW_ASSIGN_OR_RAISE(file.bytes, NeedNumber(record, FileIds::kBytes));
  RETURN_NOT_OK(ReadMap(record, FileIds::kColumnBytes, 117, file.column_bytes));
  RETURN_NOT_OK(ReadMap(record, FileIds::kValues, 119, file.values));
  RETURN_NOT_OK(ReadMap(record, FileIds::kNulls, 121, file.nulls));
  RETURN_NOT_OK(ReadMap(record, FileIds::kNans, 138, file.nans));
  RETURN_NOT_OK(ReadMap(record, FileIds::kLower, 126, file.lower_bounds));
  RETURN_NOT_OK(ReadMap(record, FileIds::kUpper, 129, file.upper_bounds));
  file.key_metadata = Find<std::string>(record, FileIds::kKeyMetadata);
  RETURN_NOT_OK(ReadList(record, FileIds::kSplitOffsets, file.split_offsets));
  RETURN_NOT_OK(ReadList(record, FileIds::kEqualityIds, file.equality_ids));
  if (const auto order = Find<int64_t>(record, FileIds::kSortOrder))
    file.sort_order_id = static_cast<int>(*order);
  file.referenced_data_file = Find<std::string>(record, FileIds::kReferencedFile);
  return file;
}

Result<ManifestEntry> ReadEntry(const AvroValue& record, const ManifestFile& manifest,
                                const PartitionSpec& spec, const std::vector<TypePtr>& partition_types) {
  ManifestEntry entry;
  ARROW_ASSIGN_OR_RAISE(const int64_t status, NeedNumber(record, EntryIds::kStatus, 2));
  entry.status = static_cast<EntryStatus>(status);
  entry.snapshot_id = Find<int64_t>(record, EntryIds::kSnapshotId).value_or(manifest.added_snapshot_id);
  entry.sequence_number = Find<int64_t>(record, EntryIds::kSequence);
  entry.file_sequence_number = Find<int64_t>(record, EntryIds::kFileSequence);
  const bool inherits = entry.status == EntryStatus::kAdded || manifest.sequence_number == 0;
  if (!entry.sequence_number && !inherits)
    return Corrupt("a manifest's old entry without its sequence number");
  if (!entry.sequence_number) entry.sequence_number = manifest.sequence_number;
  // Older writers left the file's own number out of old entries.
  if (!entry.file_sequence_number) {
    entry.file_sequence_number = inherits ? manifest.sequence_number : *entry.sequence_number;
  }
  const AvroValue* file = record.Field(EntryIds::kDataFile);
  if (file == nullptr) return Corrupt("a manifest's entry without a data file");
  ARROW_ASSIGN_OR_RAISE(entry.file, ReadFileRecord(*file, spec, partition_types));
  return entry;
}

Status ReadSummaries(const AvroValue& record, std::vector<PartitionSummary>& summaries) {
  const AvroValue* value = record.Field(ListIds::kPartitions);
  const auto* items = value == nullptr ? nullptr : value->As<AvroArray>();
  if (items == nullptr) return Status::OK();
  for (const AvroValue& item : *items) {
    PartitionSummary summary;
    ARROW_ASSIGN_OR_RAISE(summary.contains_null, Need<bool>(item, SummaryIds::kContainsNull));
    summary.contains_nan = Find<bool>(item, SummaryIds::kContainsNan);
    summary.lower = Find<std::string>(item, SummaryIds::kLower);
    summary.upper = Find<std::string>(item, SummaryIds::kUpper);
    summaries.push_back(std::move(summary));
  }
  return Status::OK();
}

Result<ManifestFile> ReadListLine(const AvroValue& record) {
  ManifestFile file;
  ARROW_ASSIGN_OR_RAISE(file.path, Need<std::string>(record, ListIds::kPath));
  ARROW_ASSIGN_OR_RAISE(file.length, NeedNumber(record, ListIds::kLength));
  ARROW_ASSIGN_OR_RAISE(const int64_t spec,
                        NeedNumber(record, ListIds::kSpec, std::numeric_limits<int>::max()));
  file.spec_id = static_cast<int>(spec);
  const auto content = Find<int64_t>(record, ListIds::kContent).value_or(0);
  if (content != 0 && content != 1) return Corrupt("a manifest of neither data nor deletes");
  file.deletes = content == 1;
  file.sequence_number = Find<int64_t>(record, ListIds::kSequence).value_or(0);
  file.min_sequence_number = Find<int64_t>(record, ListIds::kMinSequence).value_or(0);
  file.added_snapshot_id = Find<int64_t>(record, ListIds::kSnapshot).value_or(0);
  file.added_files = Find<int64_t>(record, ListIds::kAddedFiles);
  file.existing_files = Find<int64_t>(record, ListIds::kExistingFiles);
  file.deleted_files = Find<int64_t>(record, ListIds::kDeletedFiles);
  file.added_rows = Find<int64_t>(record, ListIds::kAddedRows);
  file.existing_rows = Find<int64_t>(record, ListIds::kExistingRows);
  file.deleted_rows = Find<int64_t>(record, ListIds::kDeletedRows);
  file.key_metadata = Find<std::string>(record, ListIds::kKeyMetadata);
  RETURN_NOT_OK(ReadSummaries(record, file.partitions));
  return file;
}

}  // namespace

Result<std::vector<ManifestEntry>> ReadManifest(std::string bytes, const ManifestFile& file,
                                                const PartitionSpec& spec,
                                                const std::vector<TypePtr>& partition_types) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, AvroReader::Open(std::move(bytes)));
  std::vector<ManifestEntry> entries;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto record, reader->Next());
    if (!record) return entries;
    ARROW_ASSIGN_OR_RAISE(ManifestEntry entry, ReadEntry(*record, file, spec, partition_types));
    entries.push_back(std::move(entry));
  }
}

Result<std::vector<ManifestFile>> ReadManifestList(std::string bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, AvroReader::Open(std::move(bytes)));
  std::vector<ManifestFile> files;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto record, reader->Next());
    if (!record) return files;
    ARROW_ASSIGN_OR_RAISE(ManifestFile file, ReadListLine(*record));
    files.push_back(std::move(file));
  }
}

}  // namespace ingesta::iceberg
