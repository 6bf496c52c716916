// ListTables: what each table of a dataset holds, by the objects in the store, the runs' manifests, and the
// catalog (see lake_history.h).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ingesta/aws/glue.h"
#include "ingesta/catalog/glue/hive_tables.h"
#include "ingesta/catalog/hive_lake.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/lake_history.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

/// What a folder holds of a table: its objects, and what the manifests say about their rows.
struct Contents {
  std::optional<int64_t> rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;

  void Add(const StoredObject& object, std::optional<int64_t> object_rows) {
    ++files;
    bytes += object.size;
    rows = rows && object_rows ? std::optional(*rows + *object_rows) : std::nullopt;
  }
};

class TableLister {
 public:
  TableLister(const DatasetHistory& history, ObjectStore& store, const LakeAccess& access)
      : history_(history), store_(store), access_(access), name_(history.dataset.name) {}

  Result<std::vector<TableInfo>> List();

 private:
  TableInfo Info(const std::string& kind, const std::string& folder) const;
  void SetRun(TableInfo& info, const DatasetRun* run) const;
  void SetContents(TableInfo& info, const Contents& contents) const;
  std::optional<int64_t> RowsOf(const std::string& key) const;
  Status AddIceberg();
  Status AddText(const std::string& format, const std::string& folder);
  Status AddSymlink();
  Status AddParquet();
  /// Prefixes of the keys that the Parquet table consists of.
  Result<std::vector<std::string>> ParquetPrefixes() const;
  Status AskGlue();
  Result<bool> IsRegistered(const std::string& table) const;

  const DatasetHistory& history_;
  ObjectStore& store_;
  const LakeAccess& access_;
  const std::string& name_;
  std::map<std::string, int64_t> rows_;  ///< by key, of the run that wrote it last
  std::vector<TableInfo> tables_;
};

TableInfo TableLister::Info(const std::string& kind, const std::string& folder) const {
  TableInfo info;
  info.pipeline = history_.pipeline;
  info.dataset = name_;
  info.name = HiveTableName(name_, kind == "iceberg" ? "" : kind);
  info.kind = kind;
  info.location = store_.Uri(folder);
  return info;
}

void TableLister::SetRun(TableInfo& info, const DatasetRun* run) const {
  if (run == nullptr) return;
  info.run_id = run->run_id;
  info.run_time = RunTime(run->timestamp);
}

void TableLister::SetContents(TableInfo& info, const Contents& contents) const {
  info.rows = contents.rows;
  info.files = contents.files;
  info.bytes = contents.bytes;
}

std::optional<int64_t> TableLister::RowsOf(const std::string& key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

Status TableLister::AddIceberg() {
  ARROW_ASSIGN_OR_RAISE(const auto table, access_.tables->Load(name_));
  if (!table) return Status::OK();
  TableInfo info = Info("iceberg", "");
  const auto key = store_.KeyOf(table->metadata.location);
  info.location = key ? store_.Uri(*key + "/") : table->metadata.location;
  info.rows = info.files = info.bytes = 0;
  if (const iceberg::Snapshot* snapshot = table->metadata.current_snapshot(); snapshot != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const TableHistory states, HistoryOf(history_, store_, access_));
    for (const HistoryEntry& entry : states.entries) {
      if (!entry.current) continue;
      info.rows = entry.rows;
      info.files = entry.files;
      info.bytes = entry.bytes;
      info.snapshot = entry.snapshot;
      info.run_id = entry.run_id;
      info.run_time = entry.run_time.empty() ? entry.time : RunTime(entry.run_time);
    }
  }
  tables_.push_back(std::move(info));
  return Status::OK();
}

Status TableLister::AddText(const std::string& format, const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto objects, store_.List(folder));
  Contents contents;
  for (const StoredObject& object : objects) {
    if (object.key.find("." + format, folder.size()) != std::string::npos) {
      contents.Add(object, RowsOf(object.key));
    }
  }
  if (contents.files == 0) return Status::OK();
  TableInfo info = Info(format, folder);
  SetContents(info, contents);
  SetRun(info, history_.Newest(format));
  tables_.push_back(std::move(info));
  return Status::OK();
}

Status TableLister::AddSymlink() {
  ARROW_ASSIGN_OR_RAISE(const auto targets, SymlinkTargets(name_, store_));
  if (!targets) return Status::OK();
  const std::string key = SymlinkKey(name_);
  TableInfo info = Info("csv_actual", key.substr(0, key.rfind('/') + 1));
  Contents contents;
  for (const std::string& target : *targets) {
    ARROW_ASSIGN_OR_RAISE(const auto object, store_.Head(target));
    if (object) contents.Add(*object, RowsOf(target));
    for (const DatasetRun& run : history_.runs) {
      const bool holds = std::any_of(run.files.begin(), run.files.end(),
                                     [&](const PublishedFile& file) { return file.key == target; });
      if (holds) SetRun(info, &run);
    }
  }
  SetContents(info, contents);
  tables_.push_back(std::move(info));
  return Status::OK();
}

Result<std::vector<std::string>> TableLister::ParquetPrefixes() const {
  const std::string table = HiveTableName(name_, "parquet");
  std::vector<std::string> prefixes;
  if (access_.glue != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const auto partitions,
                          RegisteredPartitions(*access_.glue, access_.database, table));
    for (const aws::GluePartition& partition : partitions) {
      if (auto key = store_.KeyOf(partition.storage.location)) prefixes.push_back(*std::move(key));
    }
  }
  if (prefixes.empty()) prefixes.push_back("parquet/" + name_ + "/");
  return prefixes;
}

Status TableLister::AddParquet() {
  ARROW_ASSIGN_OR_RAISE(const auto objects, store_.List("parquet/" + name_ + "/"));
  ARROW_ASSIGN_OR_RAISE(const auto prefixes, ParquetPrefixes());
  Contents contents;
  for (const StoredObject& object : objects) {
    const bool belongs = object.key.ends_with(".parquet") &&
                         std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
                           return object.key.starts_with(prefix);
                         });
    if (belongs) contents.Add(object, RowsOf(object.key));
  }
  if (contents.files == 0) return Status::OK();
  TableInfo info = Info("parquet", "parquet/" + name_ + "/");
  SetContents(info, contents);
  SetRun(info, history_.Newest("parquet"));
  tables_.push_back(std::move(info));
  return Status::OK();
}

// By name, as a run does: to list tables is a permission more.
Result<bool> TableLister::IsRegistered(const std::string& table) const {
  ARROW_ASSIGN_OR_RAISE(const auto found, access_.glue->GetTable(access_.database, table));
  return found.has_value();
}

// Views exist in Glue alone; of the other tables Glue says whether it has them.
Status TableLister::AskGlue() {
  for (TableInfo& info : tables_) {
    ARROW_ASSIGN_OR_RAISE(info.registered, IsRegistered(info.name));
  }
  const HiveDataset hive = HiveDatasetOf(CurrentVersion(history_), store_);
  for (const CsvView& view : CsvViews(hive)) {
    TableInfo info;
    info.pipeline = history_.pipeline;
    info.dataset = name_;
    info.name = view.name;
    info.kind = "view";
    info.location = view.table;
    const auto base = std::find_if(tables_.begin(), tables_.end(),
                                   [&](const TableInfo& table) { return table.name == view.table; });
    if (base != tables_.end()) {
      info.rows = base->rows;
      info.run_id = base->run_id;
      info.run_time = base->run_time;
    }
    ARROW_ASSIGN_OR_RAISE(info.registered, IsRegistered(view.name));
    tables_.push_back(std::move(info));
  }
  return Status::OK();
}

Result<std::vector<TableInfo>> TableLister::List() {
  for (const DatasetRun& run : history_.runs) {
    for (const PublishedFile& file : run.files) {
      if (run.switched || file.format != "parquet") rows_.emplace(file.key, file.rows);
    }
  }
  if (!history_.dataset.partition_by.by_run_date()) {
    // Partitions that the newest run has not are files without rows now.
    const DatasetRun* newest = history_.Newest("parquet");
    for (auto& [key, rows] : rows_) {
      const bool partition = key.starts_with("parquet/");
      const bool current =
          newest != nullptr && std::any_of(newest->files.begin(), newest->files.end(),
                                           [&](const PublishedFile& file) { return file.key == key; });
      if (partition && !current) rows = 0;
    }
  }
  ARROW_RETURN_NOT_OK(AddIceberg());
  ARROW_RETURN_NOT_OK(AddText("csv", name_ + "/"));
  ARROW_RETURN_NOT_OK(AddSymlink());
  ARROW_RETURN_NOT_OK(AddText("json", "json/" + name_ + "/"));
  ARROW_RETURN_NOT_OK(AddParquet());
  if (access_.glue != nullptr) ARROW_RETURN_NOT_OK(AskGlue());
  return std::move(tables_);
}

}  // namespace

Result<std::vector<TableInfo>> ListTables(const DatasetHistory& history, ObjectStore& store,
                                          const LakeAccess& access) {
  return TableLister(history, store, access).List();
}

}  // namespace ingesta::catalog
