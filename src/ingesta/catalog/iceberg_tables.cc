#include "ingesta/catalog/iceberg_tables.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ingesta/base/arrow_field.h"
#include "ingesta/base/fs.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kContentType = "application/vnd.apache.parquet";
/// Times that all tables of a run are prepared because another writer came before the first switch.
constexpr int kAttempts = 20;

/// Whether `file` has the planned columns under the planned ids.
bool HasFieldIds(const arrow::Schema& file, const arrow::Schema& planned) {
  return std::all_of(planned.fields().begin(), planned.fields().end(), [&](const auto& field) {
    const auto there = file.GetFieldByName(field->name());
    return there != nullptr &&
           FieldMetadata(*there, columnar::kFieldIdKey) == FieldMetadata(*field, columnar::kFieldIdKey);
  });
}

bool IsMerge(const DatasetVersion& dataset) {
  return dataset.write_disposition == "merge";
}

iceberg::WriteMode ModeOf(const DatasetVersion& dataset) {
  return dataset.write_disposition == "append" ? iceberg::WriteMode::kAppend : iceberg::WriteMode::kReplace;
}

std::string ChangeName(const iceberg::TableResult& result, const DatasetVersion& dataset) {
  switch (result.outcome) {
    case iceberg::TableOutcome::kCreated:
      return "created";
    case iceberg::TableOutcome::kUnchanged:
    case iceberg::TableOutcome::kAlreadyDone:
      return "unchanged";
    case iceberg::TableOutcome::kUpdated:
      break;
  }
  if (IsMerge(dataset)) return "merged";
  return dataset.write_disposition == "append" ? "appended" : "replaced";
}

TableChange ChangeOf(const iceberg::TableResult& result, const DatasetVersion& dataset) {
  TableChange change{.dataset = dataset.name,
                     .table = result.table,
                     .kind = "iceberg",
                     .change = ChangeName(result, dataset),
                     .rows = 0,
                     .snapshot = "",
                     .merged = std::nullopt};
  const iceberg::Snapshot* snapshot = result.state.metadata.current_snapshot();
  if (snapshot == nullptr) return change;
  change.snapshot = std::to_string(snapshot->id);
  const auto total = snapshot->summary.find("total-records");
  change.rows = total == snapshot->summary.end() ? -1 : std::atoll(total->second.c_str());
  return change;
}

/// In a snapshot's summary: what the table holds, columns and partitions included.
constexpr const char* kContentDigest = "ingesta.content-digest";

std::string ContentDigest(const DatasetVersion& dataset) {
  const config::PartitionSpec& partition = dataset.partition_by;
  const std::string shape = fmt::format(
      "{}\n{}\n{}\n{}\n{}", dataset.schema->ToString(/*show_metadata=*/true),
      fmt::join(dataset.primary_key, ","), partition.column, partition.transform, partition.timezone);
  return fmt::format("{}-{:08x}", dataset.content_digest, Crc32(shape));
}

MergedRows RowsOf(const iceberg::MergeCounts& counts) {
  return {.inserted = counts.inserted,
          .updated = counts.updated,
          .unchanged = counts.unchanged + counts.kept,
          .repeated = counts.repeated};
}

}  // namespace

/// What is to be done for one dataset.
struct IcebergTables::Work {
  const DatasetVersion* dataset = nullptr;
  std::optional<iceberg::TableOperation> operation;  ///< nullopt: nothing to commit
  std::optional<iceberg::MergeRequest> merge;
  iceberg::PlannedMerge plan;  ///< of `merge`
  Result<iceberg::TableResult> result = iceberg::TableResult();
};

bool HasIceberg(const DatasetVersion& dataset) {
  return std::any_of(dataset.files.begin(), dataset.files.end(),
                     [](const PublishedFile& file) { return file.format == "iceberg"; });
}

std::string IcebergTables::PublicationId(const RunVersion& run) {
  return fmt::format("{}@{}", run.run_id, run.timestamp);
}

Result<std::shared_ptr<arrow::Schema>> IcebergTables::PlanSchema(const std::string& dataset,
                                                                 const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<iceberg::LoadedTable> table, tables_.Load(dataset));
  return iceberg::AssignFieldIds(table ? std::optional(table->metadata) : std::nullopt, schema);
}

// A file that was written while the table could not be asked, or before somebody else changed its columns, is
// written once more under the table's ids.
Result<iceberg::NewDataFile> IcebergTables::WithFieldIds(const RunVersion& run, iceberg::NewDataFile file,
                                                         const arrow::Schema& planned) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, columnar::ParquetReader::Open(file.local_path));
  if (HasFieldIds(*reader->schema(), planned)) return file;
  const std::string stem = std::filesystem::path(file.local_path).stem().string();
  const std::string path = fmt::format("{}/{}-ids.parquet", run.scratch_folder, stem);
  std::filesystem::remove(path);  // of a try that was cut off
  columnar::ParquetOptions options;
  options.require_field_ids = true;
  const auto schema = std::make_shared<arrow::Schema>(planned);
  ARROW_ASSIGN_OR_RAISE(const auto writer, columnar::ParquetWriter::Create(path, schema, options));
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader->Read());
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) break;
    arrow::ArrayVector columns;
    for (const auto& field : schema->fields()) columns.push_back(batch->GetColumnByName(field->name()));
    ARROW_RETURN_NOT_OK(
        writer->Write(arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns))));
  }
  ARROW_ASSIGN_OR_RAISE(const std::vector<columnar::ParquetFile> written, writer->Close());
  const uint32_t crc32 = written.front().crc32;
  file.local_path = path;
  if (file.key.empty()) return file;  // the table takes its rows, not the file
  // By its content: other ids are another object.
  file.key = fmt::format("{}{}-{:08x}.parquet", file.key.substr(0, file.key.rfind('/') + 1),
                         std::filesystem::path(file.key).stem().string(), crc32);
  ARROW_RETURN_NOT_OK(store_.PublishFile(path, file.key, kContentType, crc32));
  return file;
}

Result<std::vector<iceberg::NewDataFile>> IcebergTables::FilesOf(const RunVersion& run,
                                                                 const DatasetVersion& dataset,
                                                                 const arrow::Schema& planned) {
  std::vector<iceberg::NewDataFile> files;
  for (const PublishedFile& published : dataset.files) {
    if (published.format != "iceberg" || published.rows == 0) continue;
    iceberg::NewDataFile file{
        .key = published.key, .local_path = published.local_path, .partition = std::nullopt};
    if (file.local_path.empty() && file.key.empty()) {
      return MakeError(
          ErrorCode::kNotFound,
          fmt::format("the rows to merge into table '{}' are gone from the spool", dataset.name));
    }
    if (file.local_path.empty()) {
      const std::string scratch =
          run.scratch_folder + "/" + std::filesystem::path(file.key).filename().string();
      std::filesystem::remove(scratch);
      ARROW_ASSIGN_OR_RAISE(file.local_path, store_.FetchFile(file.key, scratch));
    }
    ARROW_ASSIGN_OR_RAISE(file, WithFieldIds(run, std::move(file), planned));
    files.push_back(std::move(file));
  }
  return files;
}

Result<iceberg::TableOperation> IcebergTables::OperationOf(const RunVersion& run,
                                                           const DatasetVersion& dataset) {
  iceberg::TableOperation operation;
  operation.table = dataset.name;
  operation.mode = ModeOf(dataset);
  ARROW_ASSIGN_OR_RAISE(operation.schema, PlanSchema(dataset.name, *dataset.schema));
  if (!dataset.partition_by.by_run_date()) {
    operation.partition_by = {{dataset.partition_by.column, dataset.partition_by.transform}};
  }
  operation.identifier_columns = dataset.primary_key;
  ARROW_ASSIGN_OR_RAISE(operation.files, FilesOf(run, dataset, *operation.schema));
  operation.run_id = PublicationId(run);
  operation.summary = {{"ingesta.pipeline", run.pipeline}, {"ingesta.timestamp", run.timestamp}};
  operation.properties = {{"write.parquet.compression-codec", "zstd"}};
  const bool is_whole = operation.mode == iceberg::WriteMode::kReplace && !IsMerge(dataset);
  if (is_whole && !dataset.content_digest.empty()) operation.summary[kContentDigest] = ContentDigest(dataset);
  return operation;
}

Result<std::optional<TableChange>> IcebergTables::Held(const DatasetVersion& dataset) {
  if (dataset.write_disposition != "replace" || dataset.content_digest.empty()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::optional<iceberg::LoadedTable> table, tables_.Load(dataset.name));
  if (!table) return std::nullopt;
  const iceberg::Snapshot* snapshot = table->metadata.current_snapshot();
  if (snapshot == nullptr) return std::nullopt;
  const auto digest = snapshot->summary.find(kContentDigest);
  if (digest == snapshot->summary.end() || digest->second != ContentDigest(dataset)) return std::nullopt;
  tables_.Reaffirm(dataset.name, *table);
  iceberg::TableResult held;
  held.outcome = iceberg::TableOutcome::kUnchanged;
  held.table = dataset.name;
  held.state = *table;
  return ChangeOf(held, dataset);
}

Result<iceberg::MergeRequest> IcebergTables::MergeOf(const RunVersion& run, const DatasetVersion& dataset) {
  ARROW_ASSIGN_OR_RAISE(const iceberg::TableOperation operation, OperationOf(run, dataset));
  iceberg::MergeRequest request{.table = operation.table,
                                .files = {},
                                .key_columns = dataset.primary_key,
                                .last_row_wins = true,
                                .keep_existing = run.superseded,
                                .delete_files = {},
                                .delete_keys = nullptr,
                                .run_id = operation.run_id,
                                .scratch = run.scratch_folder,
                                .schema = operation.schema,
                                .partition_by = operation.partition_by,
                                .summary = operation.summary,
                                .properties = operation.properties};
  for (const iceberg::NewDataFile& file : operation.files) request.files.push_back(file.local_path);
  return request;
}

Result<IcebergTables::Work> IcebergTables::Plan(const RunVersion& run, const DatasetVersion& dataset) {
  Work work;
  work.dataset = &dataset;
  if (!IsMerge(dataset)) {
    ARROW_ASSIGN_OR_RAISE(work.operation, OperationOf(run, dataset));
    return work;
  }
  ARROW_ASSIGN_OR_RAISE(work.merge, MergeOf(run, dataset));
  ARROW_ASSIGN_OR_RAISE(work.plan, merger_.Plan(*work.merge));
  work.operation = std::move(work.plan.operation);
  work.result = work.plan.result;
  return work;
}

Result<std::vector<IcebergTables::Work>> IcebergTables::PlanAll(const RunVersion& run) {
  std::vector<Work> all;
  for (const DatasetVersion& dataset : run.datasets) {
    if (!HasIceberg(dataset)) continue;
    auto work = Plan(run, dataset);
    if (!work.ok()) {
      for (Work& made : all) merger_.Finish(made.plan, /*unused=*/true);
      return work.status();
    }
    all.push_back(*std::move(work));
  }
  return all;
}

/// Switch all tables, each with its result in `work.result`. An error: none was.
Status IcebergTables::Switch(std::vector<Work>& all) {
  std::vector<iceberg::TableOperation> operations;
  for (const Work& work : all) {
    if (work.operation) operations.push_back(*work.operation);
  }
  auto committed = writer_.CommitAll(operations);
  size_t next = 0;
  for (Work& work : all) {
    if (work.operation && committed.ok()) work.result = std::move((*committed)[next++]);
    merger_.Finish(work.plan, !committed.ok() || iceberg::TableMerger::IsUnused(work.result));
  }
  return committed.status();
}

/// What became of one table. A merge that another writer overtook is computed anew, by itself.
Result<TableChange> IcebergTables::Finish(Work& work) {
  iceberg::MergeCounts counts = work.plan.counts;
  if (work.merge && CodeOf(work.result.status()) == ErrorCode::kConflict) {
    ARROW_ASSIGN_OR_RAISE(iceberg::MergeResult merged, merger_.Merge(*work.merge));
    counts = merged.counts;
    work.result = std::move(merged.table);
  }
  RETURN_NOT_OK(WithPrefix(work.result.status(), "table " + work.dataset->name));
  TableChange change = ChangeOf(*work.result, *work.dataset);
  const bool done_before = work.result->outcome == iceberg::TableOutcome::kAlreadyDone;
  const bool untouched = done_before || work.result->outcome == iceberg::TableOutcome::kUnchanged;
  if (untouched) tables_.Reaffirm(work.dataset->name, work.result->state);
  if (work.merge && !done_before) change.merged = RowsOf(counts);
  return change;
}

Result<std::vector<TableChange>> IcebergTables::Commit(const RunVersion& run) {
  std::vector<Work> all;
  Status switched;
  int attempts = 0;
  do {
    ARROW_ASSIGN_OR_RAISE(all, PlanAll(run));
    switched = Switch(all);
  } while (CodeOf(switched) == ErrorCode::kConflict && ++attempts < kAttempts);
  RETURN_NOT_OK(switched);
  std::vector<TableChange> changes;
  for (Work& work : all) {
    ARROW_ASSIGN_OR_RAISE(TableChange change, Finish(work));
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace ingesta::catalog
