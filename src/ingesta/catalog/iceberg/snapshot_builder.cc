#include "ingesta/catalog/iceberg/snapshot_builder.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {
namespace {

/// A total after a change: nullopt where the parent did not say what it was before.
std::optional<int64_t> Total(const Snapshot* parent, const std::string& name, int64_t change) {
  if (parent == nullptr) return change;
  const auto found = parent->summary.find(name);
  if (found == parent->summary.end()) return std::nullopt;
  int64_t before = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return before + change;
}

}  // namespace

Result<Snapshot> SnapshotBuilder::Build(const SnapshotRequest& request, SnapshotIdentity& identity) {
  const Snapshot* parent = metadata_.current_snapshot();
  snapshot_id_ = identity.id;
  sequence_number_ = metadata_.last_sequence_number + 1;
  RETURN_NOT_OK(WriteAdded(request, identity));
  ARROW_ASSIGN_OR_RAISE(const std::vector<ManifestFile> old, ListManifests(store_, parent));
  std::set<std::string> chosen(request.removed.begin(), request.removed.end());
  for (const ManifestFile& manifest : old) {
    if (!manifest.may_have_live_files()) continue;
    if (request.mode == WriteMode::kReplace) {
      RETURN_NOT_OK(DeleteAll(manifest));
    } else if (request.mode == WriteMode::kOverwrite && !chosen.empty()) {
      RETURN_NOT_OK(DeleteChosen(manifest, chosen));
    } else {
      manifests_.push_back(manifest);
    }
  }
  if (request.mode == WriteMode::kOverwrite) {
    if (!chosen.empty()) {
      return MakeError(
          ErrorCode::kConflict,
          fmt::format("{} is no longer a file of the table: another commit replaced it", *chosen.begin()));
    }
    RETURN_NOT_OK(RefuseDeletes(old, request));
  }
  Snapshot snapshot{
      .id = snapshot_id_, .sequence_number = sequence_number_, .timestamp_ms = metadata_.last_updated_ms};
  if (parent != nullptr) snapshot.parent_id = parent->id;
  snapshot.schema_id = metadata_.current_schema_id;
  snapshot.summary = Summary(request, parent);
  snapshot.manifest_list =
      fmt::format("{}/metadata/snap-{}-{}.avro", metadata_.location, snapshot.id, MakeUuid(random_));
  ARROW_ASSIGN_OR_RAISE(const std::string list, WriteManifestList(manifests_, snapshot.id, snapshot.parent_id,
                                                                  sequence_number_, random_));
  std::string key;
  RETURN_NOT_OK(Store(snapshot.manifest_list, list, &key));
  written_.push_back(std::move(key));
  return snapshot;
}

Status SnapshotBuilder::WriteAdded(const SnapshotRequest& request, SnapshotIdentity& identity) {
  for (const DataFile& file : request.added) added_.Add(file);
  if (request.added.empty()) return Status::OK();
  if (!identity.added_manifest) {
    std::vector<ManifestEntry> entries;
    for (const DataFile& file : request.added) entries.push_back({.snapshot_id = snapshot_id_, .file = file});
    ARROW_ASSIGN_OR_RAISE(identity.added_manifest, Write(entries, request.added_spec_id, /*deletes=*/false,
                                                         &identity.added_manifest_key));
  }
  identity.added_manifest->sequence_number = sequence_number_;
  identity.added_manifest->min_sequence_number = sequence_number_;
  manifests_.push_back(*identity.added_manifest);
  return Status::OK();
}

void SnapshotBuilder::MarkDeleted(ManifestEntry& entry, const ManifestFile& manifest) {
  entry.status = EntryStatus::kDeleted;
  entry.snapshot_id = snapshot_id_;
  Count& count = entry.file.content == FileContent::kData              ? deleted_
                 : entry.file.content == FileContent::kPositionDeletes ? deleted_position_
                                                                       : deleted_equality_;
  count.Add(entry.file);
  if (entry.file.content != FileContent::kData) return;
  removed_.push_back({.file = entry.file,
                      .spec_id = manifest.spec_id,
                      .sequence_number = entry.sequence_number.value_or(0)});
}

Status SnapshotBuilder::DeleteAll(const ManifestFile& manifest) {
  ARROW_ASSIGN_OR_RAISE(ScannedManifest scanned, ScanManifest(store_, metadata_, manifest));
  std::vector<ManifestEntry> entries;
  for (ManifestEntry& entry : scanned.entries) {
    if (!entry.live()) continue;
    MarkDeleted(entry, manifest);
    entries.push_back(std::move(entry));
  }
  return Rewrite(manifest, entries);
}

Status SnapshotBuilder::DeleteChosen(const ManifestFile& manifest, std::set<std::string>& chosen) {
  ARROW_ASSIGN_OR_RAISE(ScannedManifest scanned, ScanManifest(store_, metadata_, manifest));
  std::vector<ManifestEntry> entries;
  bool any = false;
  for (ManifestEntry& entry : scanned.entries) {
    if (!entry.live()) continue;
    if (chosen.erase(entry.file.path) > 0) {
      any = true;
      MarkDeleted(entry, manifest);
    } else {
      entry.status = EntryStatus::kExisting;
    }
    entries.push_back(std::move(entry));
  }
  if (any) return Rewrite(manifest, entries);
  manifests_.push_back(manifest);
  return Status::OK();
}

// The new files hold rows as they were read from the old ones: a delete that was not applied would be lost.
Status SnapshotBuilder::RefuseDeletes(const std::vector<ManifestFile>& manifests,
                                      const SnapshotRequest& request) const {
  const std::set<std::string> applied(request.applied_deletes.begin(), request.applied_deletes.end());
  for (const ManifestFile& manifest : manifests) {
    if (!manifest.deletes || !manifest.may_have_live_files()) continue;
    ARROW_ASSIGN_OR_RAISE(const ScannedManifest scanned, ScanManifest(store_, metadata_, manifest));
    for (const ManifestEntry& entry : scanned.entries) {
      if (!entry.live() || applied.count(entry.file.path) > 0) continue;
      const LiveFile deletes{.file = entry.file,
                             .spec_id = manifest.spec_id,
                             .sequence_number = entry.sequence_number.value_or(0)};
      for (const LiveFile& data : removed_) {
        if (!DeleteApplies(deletes, data, metadata_)) continue;
        return Unsupported(
            fmt::format("{} has rows that {} deletes", data.file.path, deletes.file.path),
            "another engine left delete files: run Athena's `OPTIMIZE <table> REWRITE DATA USING "
            "BIN_PACK` over the table, then try again");
      }
    }
  }
  return Status::OK();
}

Status SnapshotBuilder::Rewrite(const ManifestFile& old, const std::vector<ManifestEntry>& entries) {
  if (entries.empty()) return Status::OK();
  std::string key;
  ARROW_ASSIGN_OR_RAISE(ManifestFile manifest, Write(entries, old.spec_id, old.deletes, &key));
  written_.push_back(std::move(key));
  manifests_.push_back(std::move(manifest));
  return Status::OK();
}

Result<ManifestFile> SnapshotBuilder::Write(const std::vector<ManifestEntry>& entries, int spec_id,
                                            bool deletes, std::string* key) {
  ManifestContext context{.schema = &metadata_.current_schema(),
                          .spec = metadata_.FindSpec(spec_id),
                          .deletes = deletes,
                          .snapshot_id = snapshot_id_,
                          .sequence_number = sequence_number_};
  ARROW_ASSIGN_OR_RAISE(context.partition_types, PartitionTypes(*context.spec, metadata_.schemas));
  ARROW_ASSIGN_OR_RAISE(WrittenManifest manifest, WriteManifest(entries, context, random_));
  manifest.file.path = fmt::format("{}/metadata/{}-m0.avro", metadata_.location, MakeUuid(random_));
  RETURN_NOT_OK(Store(manifest.file.path, manifest.bytes, key));
  return std::move(manifest.file);
}

Status SnapshotBuilder::Store(const std::string& location, const std::string& bytes, std::string* key) {
  const auto found = store_.KeyOf(location);
  if (!found) {
    return Unsupported(
        fmt::format("the table's location {} lies outside of {}", metadata_.location, store_.Uri()),
        "the table's files must be in the pipeline's own store");
  }
  *key = *found;
  return store_.Write(*found, bytes, std::nullopt).status();
}

std::map<std::string, std::string> SnapshotBuilder::Summary(const SnapshotRequest& request,
                                                            const Snapshot* parent) const {
  std::map<std::string, std::string> summary = request.summary;
  summary["operation"] = !request.operation.empty()           ? request.operation
                         : request.mode == WriteMode::kAppend ? "append"
                                                              : "overwrite";
  const auto set = [&summary](const char* name, int64_t number) {
    if (number != 0) summary[name] = std::to_string(number);
  };
  set("added-data-files", added_.files);
  set("added-records", added_.rows);
  set("added-files-size", added_.bytes);
  set("deleted-data-files", deleted_.files);
  set("deleted-records", deleted_.rows);
  set("removed-files-size", deleted_.bytes + deleted_position_.bytes + deleted_equality_.bytes);
  set("removed-delete-files", deleted_position_.files + deleted_equality_.files);
  set("removed-position-delete-files", deleted_position_.files);
  set("removed-equality-delete-files", deleted_equality_.files);
  set("removed-position-deletes", deleted_position_.rows);
  set("removed-equality-deletes", deleted_equality_.rows);
  const std::pair<const char*, int64_t> changes[] = {
      {"total-data-files", added_.files - deleted_.files},
      {"total-records", added_.rows - deleted_.rows},
      {"total-files-size", added_.bytes - deleted_.bytes - deleted_position_.bytes - deleted_equality_.bytes},
      {"total-delete-files", -deleted_position_.files - deleted_equality_.files},
      {"total-position-deletes", -deleted_position_.rows},
      {"total-equality-deletes", -deleted_equality_.rows}};
  for (const auto& [name, change] : changes) {
    if (const auto total = Total(parent, name, change)) summary[name] = std::to_string(*total);
  }
  return summary;
}

}  // namespace ingesta::iceberg
