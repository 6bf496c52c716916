#include "ingesta/catalog/glue/hive_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ingesta/catalog/glue/hive_merge.h"

namespace ingesta::catalog {
namespace {

/// Other writers change a table between our reading and our writing so often in a row only if they do little
/// else.
constexpr int kMaxTries = 8;
/// Up to so many partitions are read one by one, more by a listing of all.
constexpr size_t kReadSingly = 3;

Status Conflict(std::string message, std::string hint) {
  return MakeError({.code = ErrorCode::kConflict, .stage = Stage::kCatalog, .hint = std::move(hint)},
                   std::move(message));
}

bool IsOurs(const aws::GlueTable& table) {
  return table.parameters.count(kDatasetParameter) != 0;
}

std::string KindOf(const aws::GlueTable& table) {
  const auto kind = table.parameters.find(kKindParameter);
  return kind == table.parameters.end() ? "" : kind->second;
}

bool SameKeys(const aws::GlueTable& a, const aws::GlueTable& b) {
  return std::equal(a.partition_keys.begin(), a.partition_keys.end(), b.partition_keys.begin(),
                    b.partition_keys.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.type == y.type; });
}

}  // namespace

std::string HiveChangeName(HiveChange::Kind kind) {
  switch (kind) {
    case HiveChange::Kind::kUnchanged:
      return "unchanged";
    case HiveChange::Kind::kCreated:
      return "created";
    case HiveChange::Kind::kUpdated:
      return "updated";
    case HiveChange::Kind::kRecreated:
      return "recreated";
  }
  return "";
}

Status HiveRegistry::EnsureDatabase(const std::string& description, const std::string& location_uri) {
  ARROW_ASSIGN_OR_RAISE(const auto there, glue_.GetDatabase(database_));
  if (there.has_value()) return Status::OK();
  const Status created = glue_.CreateDatabase(
      {.name = database_, .description = description, .location_uri = location_uri, .parameters = {}});
  // Another run was faster, or the answer of our own first try was lost.
  return !created.ok() && CodeOf(created) == ErrorCode::kAlreadyExists ? Status::OK() : created;
}

Result<HiveChange::Kind> HiveRegistry::CreateTable(const aws::GlueTable& wanted, bool* taken) {
  aws::CallFacts facts;
  const Status created = glue_.CreateTable(database_, wanted, &facts);
  *taken = !created.ok() && CodeOf(created) == ErrorCode::kAlreadyExists;
  // After a lost answer it is most likely our own table; the next round compares it.
  if (*taken) return facts.maybe_applied ? HiveChange::Kind::kCreated : HiveChange::Kind::kUnchanged;
  ARROW_RETURN_NOT_OK(created);
  return HiveChange::Kind::kCreated;
}

Result<HiveChange> HiveRegistry::PutTable(const aws::GlueTable& wanted) {
  HiveChange change{.table = wanted.name, .table_kind = KindOf(wanted)};
  for (int tries = 0; tries < kMaxTries; ++tries) {
    ARROW_ASSIGN_OR_RAISE(const auto existing, glue_.GetTable(database_, wanted.name));
    if (!existing.has_value()) {
      bool taken = false;
      ARROW_ASSIGN_OR_RAISE(const HiveChange::Kind kind, CreateTable(wanted, &taken));
      if (change.kind != HiveChange::Kind::kRecreated) change.kind = kind;
      if (taken) continue;
      return change;
    }
    if (IsIceberg(*existing)) {
      return Conflict(fmt::format("{}.{} is an Iceberg table", database_, wanted.name),
                      "rename the dataset, or give the tables a database of their own (GLUE_DATABASE)");
    }
    if (!SameKeys(*existing, wanted)) {
      if (!IsOurs(*existing)) {
        return Conflict(
            fmt::format("{}.{} exists with other partition keys and was not made by ingesta", database_,
                        wanted.name),
            fmt::format(
                "delete it with `aws glue delete-table --database-name {} --name {}` (its files stay), "
                "or give the tables a database of their own (GLUE_DATABASE)",
                database_, wanted.name));
      }
      const Status deleted = glue_.DeleteTable(database_, wanted.name);
      if (!deleted.ok() && CodeOf(deleted) != ErrorCode::kNotFound) return deleted;
      change.kind = HiveChange::Kind::kRecreated;
      continue;
    }
    const aws::GlueTable merged = MergeTable(*existing, wanted);
    if (SameTable(*existing, merged)) return change;
    ARROW_RETURN_NOT_OK(RefreshPartitions(*existing, merged, &change));
    aws::CallFacts facts;
    const Status updated = glue_.UpdateTable(database_, merged, {.version_id = existing->version_id}, &facts);
    if (updated.ok() || facts.maybe_applied) {
      if (change.kind == HiveChange::Kind::kUnchanged) change.kind = HiveChange::Kind::kUpdated;
    }
    if (updated.ok()) return change;
    // Changed by another writer, or by our own first try whose answer was lost: the next round sees which.
    if (CodeOf(updated) != ErrorCode::kConflict) return updated;
  }
  return Conflict(fmt::format("{}.{} changes faster than it can be updated", database_, wanted.name),
                  "see which other program writes this table");
}

Status HiveRegistry::RefreshPartitions(const aws::GlueTable& existing, const aws::GlueTable& merged,
                                       HiveChange* change) {
  // Engines hold a partition's columns against the table's. Partitions go first: where this ends half-way,
  // the table still differs, and the next run does it again.
  const bool needed =
      !merged.partition_keys.empty() && !SameColumns(existing.storage.columns, merged.storage.columns);
  if (!needed) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto partitions, glue_.GetPartitions(database_, merged.name));
  std::vector<aws::GluePartition> changed;
  for (const aws::GluePartition& partition : partitions) {
    aws::GluePartition with_columns = partition;
    with_columns.storage.columns = merged.storage.columns;
    if (!SamePartition(partition, with_columns)) changed.push_back(std::move(with_columns));
  }
  return UpdatePartitions(merged.name, changed, change);
}

Status HiveRegistry::UpdatePartitions(const std::string& table,
                                      const std::vector<aws::GluePartition>& changed, HiveChange* change) {
  for (const aws::GluePartition& partition : changed) {
    ARROW_RETURN_NOT_OK(glue_.UpdatePartition(database_, table, partition));
    ++change->partitions_updated;
  }
  return Status::OK();
}

Result<std::vector<aws::GluePartition>> HiveRegistry::ReadPartitions(
    const std::string& table, const std::vector<aws::GluePartition>& wanted) {
  if (wanted.size() > kReadSingly) return glue_.GetPartitions(database_, table);
  std::vector<aws::GluePartition> there;
  for (const aws::GluePartition& partition : wanted) {
    ARROW_ASSIGN_OR_RAISE(auto found, glue_.GetPartition(database_, table, partition.values));
    if (found.has_value()) there.push_back(*std::move(found));
  }
  return there;
}

Status HiveRegistry::PutPartitions(const std::string& table,
                                   const std::vector<aws::GluePartition>& partitions, HiveChange* change) {
  std::vector<aws::GluePartition> pending = partitions;
  for (int tries = 0; tries < kMaxTries && !pending.empty(); ++tries) {
    ARROW_ASSIGN_OR_RAISE(const auto there, ReadPartitions(table, pending));
    std::map<std::vector<std::string>, const aws::GluePartition*> by_values;
    for (const aws::GluePartition& partition : there) by_values[partition.values] = &partition;
    std::vector<aws::GluePartition> absent;
    std::vector<aws::GluePartition> changed;
    for (aws::GluePartition& partition : pending) {
      const auto found = by_values.find(partition.values);
      if (found == by_values.end()) {
        absent.push_back(std::move(partition));
        continue;
      }
      aws::GluePartition merged = MergePartition(*found->second, partition);
      if (!SamePartition(*found->second, merged)) changed.push_back(std::move(merged));
    }
    ARROW_RETURN_NOT_OK(UpdatePartitions(table, changed, change));
    pending.clear();
    if (absent.empty()) break;
    aws::CallFacts facts;
    ARROW_ASSIGN_OR_RAISE(const auto failures, glue_.BatchCreatePartition(database_, table, absent, &facts));
    std::set<std::vector<std::string>> taken;
    for (const aws::GluePartitionFailure& failure : failures) {
      if (failure.code != "AlreadyExistsException") {
        return MakeError({.code = ErrorCode::kHttpStatus, .stage = Stage::kCatalog, .hint = ""},
                         fmt::format("glue:BatchCreatePartition {}.{} ({}): {}: {}", database_, table,
                                     fmt::join(failure.values, "/"), failure.code, failure.message));
      }
      taken.insert(failure.values);
    }
    // Made by another run meanwhile, or by our own first try: compared in the next round.
    change->partitions_created += static_cast<int>(absent.size() - (facts.maybe_applied ? 0 : taken.size()));
    for (aws::GluePartition& partition : absent) {
      if (taken.count(partition.values) != 0) pending.push_back(std::move(partition));
    }
  }
  if (pending.empty()) return Status::OK();
  return Conflict(fmt::format("the partitions of {}.{} come and go meanwhile", database_, table),
                  "see which other program writes this table");
}

Status HiveRegistry::DropPartitions(const std::string& table, const std::vector<std::string>& values,
                                    HiveChange* change) {
  std::vector<std::vector<std::string>> gone;
  for (const std::string& value : values) gone.push_back({value});
  ARROW_ASSIGN_OR_RAISE(const auto failures, glue_.BatchDeletePartition(database_, table, gone));
  for (const aws::GluePartitionFailure& failure : failures) {
    if (failure.code == "EntityNotFoundException") continue;
    return MakeError({.code = ErrorCode::kHttpStatus, .stage = Stage::kCatalog, .hint = ""},
                     fmt::format("glue:BatchDeletePartition {}.{} ({}): {}: {}", database_, table,
                                 fmt::join(failure.values, "/"), failure.code, failure.message));
  }
  change->partitions_dropped += static_cast<int>(gone.size() - failures.size());
  return Status::OK();
}

Result<std::vector<HiveChange>> HiveRegistry::Publish(const HiveDataset& dataset) {
  ARROW_ASSIGN_OR_RAISE(const auto tables, HiveTables(dataset, database_));
  std::vector<HiveChange> changes;
  for (const aws::GlueTable& table : tables) {
    ARROW_ASSIGN_OR_RAISE(HiveChange change, PutTable(table));
    if (change.table_kind == "parquet" && !table.partition_keys.empty()) {
      std::vector<aws::GluePartition> partitions;
      for (const HivePartition& partition : dataset.partitions) {
        partitions.push_back(PartitionOf(table, partition));
      }
      ARROW_RETURN_NOT_OK(PutPartitions(table.name, partitions, &change));
      ARROW_RETURN_NOT_OK(DropPartitions(table.name, dataset.gone_partitions, &change));
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace ingesta::catalog
