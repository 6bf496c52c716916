#include "ingesta/pipeline/switch_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/config/arrow_schema.h"
#include "ingesta/pipeline/object_keys.h"

namespace ingesta::pipeline {
namespace {

/// Replace every partition's object by this run's. A partition that has no rows any more gets the file
/// without rows: no permission to delete is needed, and no reader finds a file missing that it has just
/// listed.
Status ReplacePartitions(const DatasetRecord& dataset, const RunSpool& spool, ObjectStore& store) {
  const DatasetFile* empty = nullptr;
  std::set<std::string> written;
  for (const DatasetFile& file : dataset.files) {
    if (file.placeholder && file.format == "parquet") empty = &file;
    if (!file.replaces) continue;
    RETURN_NOT_OK(WithPrefix(
        store.ReplaceFile(spool.folder() + "/" + file.spool_path, file.key, file.content_type, file.crc32),
        dataset.name));
    written.insert(file.key);
  }
  if (empty == nullptr || dataset.shape.partition_by.by_run_date()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto objects, store.List(fmt::format("parquet/{}/", dataset.name)));
  const std::string file_name = dataset.name + empty->extension;
  for (const StoredObject& object : objects) {
    const bool is_partition =
        object.key.ends_with("/" + file_name) && object.key.find('=') != std::string::npos;
    if (!is_partition || written.count(object.key) != 0 || object.size == empty->bytes) continue;
    RETURN_NOT_OK(store.ReplaceFile(spool.folder() + "/" + empty->spool_path, object.key, empty->content_type,
                                    empty->crc32));
  }
  return Status::OK();
}

/// What was said of tables before they were switched: of those that hold the run's rows already.
std::vector<catalog::TableChange> HeldTables(const RunRecord& record) {
  std::vector<catalog::TableChange> held;
  for (const catalog::TableChange& table : record.tables) {
    const auto dataset = std::find_if(record.datasets.begin(), record.datasets.end(),
                                      [&](const DatasetRecord& one) { return one.name == table.dataset; });
    const bool is_held =
        table.kind == "iceberg" && dataset != record.datasets.end() && !dataset->Writes("iceberg");
    if (is_held) held.push_back(table);
  }
  return held;
}

}  // namespace

catalog::DatasetVersion VersionOf(const DatasetRecord& dataset, const RunSpool& spool) {
  catalog::DatasetVersion version;
  version.name = dataset.name;
  version.schema = config::ArrowSchema(dataset.shape.columns);
  version.primary_key = dataset.shape.primary_key;
  version.write_disposition = dataset.shape.write_disposition;
  version.partition_by = dataset.shape.partition_by;
  version.content_digest = dataset.content_digest;
  for (const DatasetFile& file : dataset.files) {
    if (file.placeholder) continue;
    catalog::PublishedFile published{.format = file.format,
                                     .key = file.key,
                                     .local_path = spool.folder() + "/" + file.spool_path,
                                     .extension = file.extension,
                                     .rows = file.rows,
                                     .bytes = file.bytes,
                                     .partition = file.partition};
    if (!PathExists(published.local_path)) published.local_path.clear();
    version.files.push_back(std::move(published));
  }
  return version;
}

Status SwitchTables(RunRecord& record, const RunSpool& spool, ObjectStore& store, catalog::Catalog& catalog,
                    bool superseded, const Logger& log) {
  catalog::RunVersion run{.pipeline = record.pipeline,
                          .run_id = record.run_id,
                          .timestamp = record.timestamp,
                          .scratch_folder = spool.folder(),
                          .superseded = superseded,
                          .datasets = {}};
  for (const DatasetRecord& dataset : record.datasets) {
    if (dataset.shape.columns.empty()) continue;  // recorded by a version that knew no tables
    if (superseded && dataset.shape.write_disposition == "replace") continue;
    if (!superseded) RETURN_NOT_OK(ReplacePartitions(dataset, spool, store));
    run.datasets.push_back(VersionOf(dataset, spool));
    if (dataset.shape.write_disposition == "merge" && !dataset.Writes("iceberg")) {
      log.Info(fmt::format("{}: `merge` is for the Iceberg table, which its formats leave out: each of the "
                           "other files holds this run alone",
                           dataset.name),
               {{"stage", "catalog"}, {"dataset", dataset.name}});
    }
  }
  record.catalog = catalog.Describe();
  record.superseded = superseded;
  if (superseded) {
    log.Warning(fmt::format(
        "run {} is older than the tables: its files are kept; of its rows only those come in that take no "
        "other's place (appended ones, and merged ones with a new key)",
        record.run_id));
  }
  if (run.datasets.empty()) return Status::OK();
  std::vector<catalog::TableChange> tables = HeldTables(record);
  ARROW_ASSIGN_OR_RAISE(const auto changed, catalog.Commit(run));
  tables.insert(tables.end(), changed.begin(), changed.end());
  record.tables = std::move(tables);
  return Status::OK();
}

}  // namespace ingesta::pipeline
