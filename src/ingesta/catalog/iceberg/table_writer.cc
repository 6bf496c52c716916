#include "ingesta/catalog/iceberg/table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/catalog/iceberg/data_file.h"
#include "ingesta/catalog/iceberg/table_plan.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {
namespace {

void RemoveObjects(ObjectStore& store, const std::vector<std::string>& keys) {
  // What stays behind is an orphan that maintenance finds.
  for (const std::string& key : keys) (void)store.Delete(key);
}

bool BringsSnapshot(const TableOperation& operation, const std::optional<LoadedTable>& base) {
  if (!operation.files.empty() || !operation.removed_files.empty()) return true;
  return operation.mode == WriteMode::kReplace && base && base->metadata.current_snapshot_id.has_value();
}

/// Whether the table still has the columns and partitions that files were written for.
Status CheckShape(const TableOperation& operation, const std::optional<LoadedTable>& base) {
  if (!base) return Status::OK();
  const TableMetadata& metadata = base->metadata;
  if (operation.required_schema_id.value_or(metadata.current_schema_id) == metadata.current_schema_id &&
      operation.required_spec_id.value_or(metadata.default_spec_id) == metadata.default_spec_id) {
    return Status::OK();
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("table '{}' got other columns or partitions meanwhile", operation.table));
}

}  // namespace

struct TableWriter::Pending {
  const TableOperation* operation = nullptr;
  const MakeChange* make_change = nullptr;  ///< instead of an operation
  std::optional<LoadedTable> base;
  NewTable new_table;
  SnapshotIdentity identity;
  std::vector<DataFile> files;
  std::vector<Field> described_fields;  ///< the schema that `files` were described for
  int described_spec_id = -1;
  std::vector<std::string> written;  ///< by the current attempt
  PreparedCommit prepared;
  bool uncertain = false;  ///< an attempt may have been applied, so that nothing may be removed
  bool done = false;       ///< nothing is left to commit: `result` is whole
  TableResult result;
};

int64_t TableWriter::NowMs() const {
  return std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
}

void TableWriter::Pause(int attempt) {
  const int64_t longest =
      std::min<int64_t>(retry_.limit.count(), retry_.base.count() << std::min(attempt, 16));
  clock_.Sleep(Millis(static_cast<int64_t>(random_.Below(static_cast<uint64_t>(longest) + 1))));
}

/// Whether the table has what the operation brings already.
Result<bool> TableWriter::FindDone(Pending& pending) {
  const TableMetadata& metadata = pending.base->metadata;
  TableOutcome outcome = TableOutcome::kUpdated;
  const Snapshot* snapshot = metadata.FindSnapshot(pending.identity.id);
  if (snapshot == nullptr && pending.operation != nullptr) {
    outcome = TableOutcome::kAlreadyDone;
    snapshot = metadata.SnapshotOfRun(pending.operation->run_id);
  }
  if (snapshot == nullptr) return false;
  pending.result.outcome = outcome;
  pending.result.snapshot_id = snapshot->id;
  return true;
}

Status TableWriter::Prepare(Pending& pending) {
  pending.written.clear();
  ARROW_ASSIGN_OR_RAISE(pending.base, catalog_.Load(pending.result.table));
  if (pending.base) {
    pending.result.state = *pending.base;
    ARROW_ASSIGN_OR_RAISE(pending.done, FindDone(pending));
    if (pending.done) return Status::OK();
  }
  Change change;
  if (pending.make_change != nullptr) {
    if (!pending.base) {
      return MakeError(ErrorCode::kNotFound, fmt::format("there is no table '{}'", pending.result.table));
    }
    ARROW_ASSIGN_OR_RAISE(auto made, (*pending.make_change)(pending.base->metadata));
    pending.done = !made.has_value() || made->updates.empty();
    if (pending.done) return Status::OK();
    change = *std::move(made);
    change.requirements.push_back(
        {.kind = RequirementKind::kTableUuid, .uuid = pending.base->metadata.table_uuid});
  } else {
    if (!pending.base && pending.new_table.location.empty()) {
      ARROW_ASSIGN_OR_RAISE(pending.new_table.location, catalog_.NewTableLocation(pending.result.table));
      pending.new_table.uuid = MakeUuid(random_);
    }
    ARROW_ASSIGN_OR_RAISE(TablePlan plan,
                          PlanTable(*pending.operation, pending.base, pending.new_table, NowMs()));
    change = std::move(plan.change);
    if (BringsSnapshot(*pending.operation, pending.base)) {
      RETURN_NOT_OK(BuildSnapshot(pending, plan.draft, change));
    }
    pending.done = change.updates.empty();
    if (pending.done) return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(pending.prepared,
                        catalog_.Prepare(pending.result.table, pending.base, std::move(change)));
  return Status::OK();
}

/// Read the files' footers, once unless the table's columns or partitions change in between.
Status TableWriter::DescribeFiles(Pending& pending, const TableMetadata& draft) {
  const Schema& schema = draft.current_schema();
  if (pending.described_spec_id == draft.default_spec_id &&
      SameFields(pending.described_fields, schema.fields)) {
    return Status::OK();
  }
  pending.files.clear();
  for (const NewDataFile& file : pending.operation->files) {
    ARROW_ASSIGN_OR_RAISE(DataFile described, DescribeDataFile(file.local_path, store_.Location(file.key),
                                                               schema, draft.default_spec(), file.partition));
    pending.files.push_back(std::move(described));
  }
  pending.described_fields = schema.fields;
  pending.described_spec_id = draft.default_spec_id;
  if (pending.identity.added_manifest) {
    pending.written.push_back(pending.identity.added_manifest_key);
    pending.identity.added_manifest.reset();
  }
  return Status::OK();
}

Status TableWriter::BuildSnapshot(Pending& pending, const TableMetadata& draft, Change& change) {
  const TableOperation& operation = *pending.operation;
  const int64_t current = draft.current_snapshot_id.value_or(0);
  if (operation.required_snapshot && *operation.required_snapshot != current) {
    return MakeError(ErrorCode::kConflict,
                     fmt::format("table '{}' is at snapshot {}, no longer at {}", operation.table, current,
                                 *operation.required_snapshot));
  }
  RETURN_NOT_OK(CheckShape(operation, pending.base));
  RETURN_NOT_OK(DescribeFiles(pending, draft));
  SnapshotRequest request{.mode = operation.mode,
                          .added = pending.files,
                          .added_spec_id = draft.default_spec_id,
                          .removed = operation.removed_files,
                          .applied_deletes = operation.applied_deletes,
                          .operation = operation.operation,
                          .summary = operation.summary};
  if (!operation.run_id.empty()) request.summary[kRunIdSummary] = operation.run_id;
  SnapshotBuilder builder(store_, random_, draft);
  auto snapshot = builder.Build(request, pending.identity);
  pending.written.insert(pending.written.end(), builder.written().begin(), builder.written().end());
  RETURN_NOT_OK(snapshot.status());
  if (pending.base) {
    change.requirements.push_back(
        {.kind = RequirementKind::kRefSnapshotId, .number = draft.current_snapshot_id, .ref = kMainBranch});
  }
  change.updates.emplace_back(update::AddSnapshot{*std::move(snapshot)});
  change.updates.emplace_back(update::SetSnapshotRef{.snapshot_id = pending.identity.id});
  return Status::OK();
}

/// Remove what an attempt wrote that was surely not applied.
void TableWriter::Abandon(Pending& pending, bool with_manifest) {
  if (pending.uncertain) return;
  if (!pending.prepared.table.empty()) catalog_.Discard(pending.prepared);
  pending.prepared = {};
  RemoveObjects(store_, pending.written);
  pending.written.clear();
  if (with_manifest && pending.identity.added_manifest) {
    RemoveObjects(store_, {pending.identity.added_manifest_key});
    pending.identity.added_manifest.reset();
  }
}

/// Whether a swap whose answer was lost was applied after all.
Result<bool> TableWriter::LookUp(Pending& pending) {
  ARROW_ASSIGN_OR_RAISE(auto table, catalog_.Load(pending.result.table));
  if (!table) return false;
  bool applied = table->metadata.FindSnapshot(pending.identity.id) != nullptr;
  if (pending.prepared.next.FindSnapshot(pending.identity.id) == nullptr) {
    applied = IsInHistory(*table, pending.prepared.metadata_location, pending.prepared.next.last_updated_ms);
  }
  if (applied) pending.result.state = *std::move(table);
  return applied;
}

Result<TableResult> TableWriter::Finish(Pending& pending, std::optional<Result<LoadedTable>> swapped) {
  while (!pending.done) {
    if (!swapped) swapped = catalog_.Swap(pending.prepared);
    ++pending.result.attempts;
    const Status status = swapped->status();
    bool applied = status.ok();
    if (applied) {
      pending.result.state = *std::move(*swapped);
    } else if (CodeOf(status) != ErrorCode::kConflict) {
      pending.uncertain = true;
      const Result<bool> looked_up = LookUp(pending);
      applied = looked_up.ok() && *looked_up;
      if (!applied && !IsRetryable(status)) return status;
    }
    if (applied) {
      pending.result.outcome = pending.prepared.base ? TableOutcome::kUpdated : TableOutcome::kCreated;
      if (pending.result.state.metadata.FindSnapshot(pending.identity.id) != nullptr) {
        pending.result.snapshot_id = pending.identity.id;
      }
      break;
    }
    const bool last = pending.result.attempts >= retry_.attempts;
    Abandon(pending, /*with_manifest=*/last);
    if (last) {
      return WithPrefix(status, fmt::format("table '{}': gave up after {} tries", pending.result.table,
                                            pending.result.attempts));
    }
    Pause(pending.result.attempts);
    const Status prepared = Prepare(pending);
    if (!prepared.ok()) {
      Abandon(pending, /*with_manifest=*/true);
      return prepared;
    }
    swapped.reset();
  }
  return std::move(pending.result);
}

Result<std::vector<Result<TableResult>>> TableWriter::CommitAll(
    const std::vector<TableOperation>& operations) {
  std::vector<Pending> all(operations.size());
  for (size_t i = 0; i < operations.size(); ++i) {
    all[i].operation = &operations[i];
    all[i].result.table = operations[i].table;
    all[i].identity.id = static_cast<int64_t>((random_.Next() >> 1) | 1);
    const Status prepared = Prepare(all[i]);
    if (!prepared.ok()) {
      for (size_t made = 0; made <= i; ++made) Abandon(all[made], /*with_manifest=*/true);
      return WithPrefix(prepared, fmt::format("table '{}'", operations[i].table));
    }
  }
  std::vector<PreparedCommit> commits;
  for (const Pending& pending : all) {
    if (!pending.done) commits.push_back(pending.prepared);
  }
  std::vector<Result<LoadedTable>> swapped = catalog_.SwapAll(commits);
  std::vector<Result<TableResult>> results;
  size_t next = 0;
  for (Pending& pending : all) {
    if (pending.done) {
      results.emplace_back(std::move(pending.result));
    } else {
      results.push_back(Finish(pending, std::move(swapped[next++])));
    }
  }
  return results;
}

Result<TableResult> TableWriter::Commit(const TableOperation& operation) {
  ARROW_ASSIGN_OR_RAISE(std::vector<Result<TableResult>> results, CommitAll({operation}));
  return std::move(results[0]);
}

Result<TableResult> TableWriter::Update(const std::string& table, const MakeChange& make_change) {
  Pending pending;
  pending.make_change = &make_change;
  pending.result.table = table;
  RETURN_NOT_OK(Prepare(pending));
  return Finish(pending, std::nullopt);
}

Result<TableResult> TableWriter::EditSchema(const std::string& table, const std::vector<SchemaEdit>& edits) {
  return Update(table, [&edits](const TableMetadata& metadata) -> Result<std::optional<Change>> {
    ARROW_ASSIGN_OR_RAISE(Schema schema, iceberg::EditSchema(metadata, edits));
    Change change;
    AddSchemaUpdates(metadata, std::move(schema), change);
    return std::optional<Change>(std::move(change));
  });
}

Result<TableResult> TableWriter::RollBack(const std::string& table, int64_t snapshot_id) {
  return Update(table, [&](const TableMetadata& metadata) -> Result<std::optional<Change>> {
    if (metadata.FindSnapshot(snapshot_id) == nullptr) {
      return MakeError(ErrorCode::kNotFound,
                       fmt::format("table '{}' has no snapshot {}", table, snapshot_id));
    }
    if (metadata.current_snapshot_id == snapshot_id) return std::optional<Change>();
    Change change;
    change.requirements.push_back({.kind = RequirementKind::kRefSnapshotId,
                                   .number = metadata.current_snapshot_id,
                                   .ref = kMainBranch});
    change.updates.emplace_back(update::SetSnapshotRef{.snapshot_id = snapshot_id});
    return std::optional<Change>(std::move(change));
  });
}

}  // namespace ingesta::iceberg
