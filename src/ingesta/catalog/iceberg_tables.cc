#include "ingesta/catalog/iceberg_tables.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ingesta/base/arrow_field.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kContentType = "application/vnd.apache.parquet";

/// Whether `file` has the planned columns under the planned ids.
bool HasFieldIds(const arrow::Schema& file, const arrow::Schema& planned) {
  return std::all_of(planned.fields().begin(), planned.fields().end(), [&](const auto& field) {
    const auto there = file.GetFieldByName(field->name());
    return there != nullptr &&
           FieldMetadata(*there, columnar::kFieldIdKey) == FieldMetadata(*field, columnar::kFieldIdKey);
  });
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
  return dataset.write_disposition == "append" ? "appended" : "replaced";
}

TableChange ChangeOf(const iceberg::TableResult& result, const DatasetVersion& dataset) {
  TableChange change{.dataset = dataset.name,
                     .table = result.table,
                     .kind = "iceberg",
                     .change = ChangeName(result, dataset),
                     .rows = 0,
                     .snapshot = ""};
  const iceberg::Snapshot* snapshot = result.state.metadata.current_snapshot();
  if (snapshot == nullptr) return change;
  change.snapshot = std::to_string(snapshot->id);
  const auto total = snapshot->summary.find("total-records");
  change.rows = total == snapshot->summary.end() ? -1 : std::atoll(total->second.c_str());
  return change;
}

}  // namespace

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
  const std::string name = std::filesystem::path(file.key).stem().string() + "-ids.parquet";
  const std::string path = run.scratch_folder + "/" + name;
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
  file.key = file.key.substr(0, file.key.rfind('/') + 1) + name;
  file.local_path = path;
  ARROW_RETURN_NOT_OK(store_.PublishFile(path, file.key, kContentType, written.front().crc32));
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
  return operation;
}

Result<std::vector<TableChange>> IcebergTables::Commit(const RunVersion& run) {
  std::vector<iceberg::TableOperation> operations;
  std::vector<const DatasetVersion*> datasets;
  for (const DatasetVersion& dataset : run.datasets) {
    if (!HasIceberg(dataset)) continue;
    ARROW_ASSIGN_OR_RAISE(iceberg::TableOperation operation, OperationOf(run, dataset));
    operations.push_back(std::move(operation));
    datasets.push_back(&dataset);
  }
  ARROW_ASSIGN_OR_RAISE(const auto results, writer_.CommitAll(operations));
  std::vector<TableChange> changes;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) return WithPrefix(results[i].status(), "table " + datasets[i]->name);
    changes.push_back(ChangeOf(*results[i], *datasets[i]));
  }
  return changes;
}

}  // namespace ingesta::catalog
