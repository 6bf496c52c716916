// Compaction: which files are put together, and their successors.
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/edited_rows.h"
#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/maintenance.h"
#include "ingesta/catalog/iceberg/new_files.h"
#include "ingesta/catalog/iceberg/parallel.h"
#include "ingesta/catalog/iceberg/position_deletes.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/catalog/iceberg/try_again.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {
namespace {

struct BinFile {
  const LiveFile* file = nullptr;
  std::vector<RowEdit> deleted;
};

/// Files that become one.
struct Bin {
  bool routed = false;  ///< of other partition specs: their rows find their partitions one by one
  std::vector<BinFile> files;
  int64_t bytes = 0;
};

/// The rows of a bin's files, one file after the other.
class BinRows final : public columnar::RowSource {
 public:
  BinRows(ObjectStore& store, const Bin& bin, const Schema& schema, std::shared_ptr<arrow::Schema> columns,
          std::string scratch)
      : store_(store),
        bin_(bin),
        schema_(schema),
        columns_(std::move(columns)),
        scratch_(std::move(scratch)) {}
  ~BinRows() override { (void)RemoveFile(scratch_); }

  const std::shared_ptr<arrow::Schema>& schema() const override { return columns_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (true) {
      if (rows_ == nullptr) {
        if (next_ == bin_.files.size()) return std::shared_ptr<arrow::RecordBatch>();
        RETURN_NOT_OK(OpenNext());
      }
      ARROW_ASSIGN_OR_RAISE(auto batch, rows_->Next());
      if (batch != nullptr) return batch;
      rows_.reset();
    }
  }

 private:
  Status OpenNext() {
    const BinFile& next = bin_.files[next_++];
    const std::string& location = next.file->file.path;
    const auto key = store_.KeyOf(location);
    if (!key) return Unsupported(fmt::format("{} lies outside of {}", location, store_.Uri()));
    RETURN_NOT_OK(RemoveFile(scratch_));
    ARROW_ASSIGN_OR_RAISE(const std::string path, store_.FetchFile(*key, scratch_));
    ARROW_ASSIGN_OR_RAISE(reader_, DataFileReader::Open(path, location));
    ARROW_ASSIGN_OR_RAISE(auto rows, reader_->Read(schema_.fields));
    rows_ = std::make_unique<EditedRows>(std::move(rows), next.deleted, nullptr, nullptr);
    return Status::OK();
  }

  ObjectStore& store_;
  const Bin& bin_;
  const Schema& schema_;
  const std::shared_ptr<arrow::Schema> columns_;
  const std::string scratch_;
  size_t next_ = 0;
  std::unique_ptr<DataFileReader> reader_;
  std::unique_ptr<EditedRows> rows_;
};

/// One computation against one state of the table.
class Compaction {
 public:
  Compaction(ObjectStore& store, const CompactOptions& options, const LoadedTable& base, std::string folder)
      : store_(store), options_(options), metadata_(base.metadata), folder_(std::move(folder)) {}

  /// Choose the files.
  Status Choose(CompactResult& result);
  /// Write their successors, and what commits them.
  Result<TableOperation> Write(const std::string& table, NewFiles& files, CompactResult& result);

 private:
  Status Collect(CompactResult& result, RowPartitions& partitions, std::vector<std::vector<BinFile>>& groups);
  void SortByKey(std::vector<BinFile>& files) const;
  void Pack(const std::vector<BinFile>& files, bool routed);

  ObjectStore& store_;
  const CompactOptions& options_;
  const TableMetadata& metadata_;
  const std::string folder_;
  SnapshotScan scan_;
  std::unique_ptr<PositionDeletes> deletes_;
  std::vector<Bin> bins_;
  PositionDeletes::Effect effect_;
  std::set<std::string> removed_;
};

/// Candidates by partition; the first group has those of other specs.
Status Compaction::Collect(CompactResult& result, RowPartitions& partitions,
                           std::vector<std::vector<BinFile>>& groups) {
  const auto small =
      static_cast<int64_t>(static_cast<double>(options_.target_file_bytes) * options_.small_fraction);
  groups.resize(1);
  for (const LiveFile& data : scan_.data) {
    if (data.file.format != "PARQUET") continue;
    ARROW_ASSIGN_OR_RAISE(const std::vector<int64_t> deleted, deletes_->Of(data));
    if (deleted.empty() && data.file.bytes >= small) continue;
    if (deletes_->HasEqualityDeletes(data)) {
      result.refused.push_back(data.file.path);
      continue;
    }
    BinFile candidate{.file = &data};
    for (const int64_t position : deleted) candidate.deleted.push_back({.position = position});
    size_t group = 0;
    if (data.spec_id == metadata_.default_spec_id) {
      group = partitions.NumberOf(data.file.partition) + size_t{1};
      if (groups.size() <= group) groups.resize(group + 1);
    }
    groups[group].push_back(std::move(candidate));
  }
  return Status::OK();
}

/// Neighbours in the key become neighbours in a file, so that later merges and queries read fewer files.
void Compaction::SortByKey(std::vector<BinFile>& files) const {
  const Schema& schema = metadata_.current_schema();
  if (schema.identifier_field_ids.empty()) return;
  const Field* key = schema.FindById(schema.identifier_field_ids[0]);
  const auto lower = [key](const BinFile& file) -> Literal {
    const auto bound = file.file->file.lower_bounds.find(key->id);
    if (bound == file.file->file.lower_bounds.end()) return {};
    return ParseLiteral(*key->type, bound->second).ValueOr(Literal());
  };
  std::stable_sort(files.begin(), files.end(), [&](const BinFile& left, const BinFile& right) {
    const Literal a = lower(left);
    const Literal b = lower(right);
    if (IsNull(a) || IsNull(b)) return IsNull(a) && !IsNull(b);
    return CompareLiterals(*key->type, a, b) < 0;
  });
}

void Compaction::Pack(const std::vector<BinFile>& files, bool routed) {
  std::vector<Bin> packed;
  for (const BinFile& file : files) {
    const int64_t bytes = file.file->file.bytes;
    if (packed.empty() || packed.back().bytes + bytes > options_.target_file_bytes) {
      packed.push_back({.routed = routed});
    }
    packed.back().files.push_back(file);
    packed.back().bytes += bytes;
  }
  for (Bin& bin : packed) {
    // One file alone is only worth it where rows of it are deleted, or where it moves to other partitions.
    if (bin.files.size() > 1 || routed || !bin.files[0].deleted.empty()) bins_.push_back(std::move(bin));
  }
}

Status Compaction::Choose(CompactResult& result) {
  ARROW_ASSIGN_OR_RAISE(scan_, ScanSnapshot(store_, metadata_, metadata_.current_snapshot()));
  deletes_ = std::make_unique<PositionDeletes>(store_, metadata_, scan_, folder_ + "/deletes.parquet");
  ARROW_ASSIGN_OR_RAISE(RowPartitions partitions,
                        RowPartitions::Make(metadata_.default_spec(), metadata_.current_schema()));
  std::vector<std::vector<BinFile>> groups;
  RETURN_NOT_OK(Collect(result, partitions, groups));
  for (size_t group = 0; group < groups.size(); ++group) {
    SortByKey(groups[group]);
    Pack(groups[group], group == 0);
  }
  if (bins_.empty()) return Status::OK();
  result.outcome = TableOutcome::kUpdated;
  for (const Bin& bin : bins_) {
    for (const BinFile& file : bin.files) {
      removed_.insert(file.file->file.path);
      result.bytes_before += file.file->file.bytes;
      result.rows += file.file->file.rows - static_cast<int64_t>(file.deleted.size());
    }
  }
  ARROW_ASSIGN_OR_RAISE(effect_, deletes_->EffectOf(removed_));
  result.replaced.assign(removed_.begin(), removed_.end());
  result.replaced.insert(result.replaced.end(), effect_.obsolete.begin(), effect_.obsolete.end());
  return Status::OK();
}

Result<TableOperation> Compaction::Write(const std::string& table, NewFiles& files, CompactResult& result) {
  const Schema& schema = metadata_.current_schema();
  ARROW_ASSIGN_OR_RAISE(const auto columns, ToArrow(schema.fields));
  RETURN_NOT_OK(ForEachOf(bins_.size(), options_.threads, [&](size_t i) -> Status {
    const Bin& bin = bins_[i];
    const std::string scratch = fmt::format("{}/base-{}.parquet", folder_, i);
    const auto open = [&]() -> Result<std::unique_ptr<columnar::RowSource>> {
      return std::make_unique<BinRows>(store_, bin, schema, columns, scratch);
    };
    if (bin.routed) {
      ARROW_ASSIGN_OR_RAISE(RowPartitions partitions, RowPartitions::Make(metadata_.default_spec(), schema));
      return files.WriteRouted(open, partitions);
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, open());
    return files.WriteOne(*rows, bin.files[0].file->file.partition);
  }));
  if (files.rows() != result.rows) {
    return MakeError(ErrorCode::kInternal, fmt::format("compaction of '{}' wrote {} rows instead of {}",
                                                       table, files.rows(), result.rows));
  }
  result.bytes_after = files.bytes();
  result.files_after = static_cast<int64_t>(files.files().size());
  RETURN_NOT_OK(files.Publish());
  return TableOperation{.table = table,
                        .mode = WriteMode::kOverwrite,
                        .files = files.files(),
                        .removed_files = result.replaced,
                        .applied_deletes = effect_.applied,
                        .required_snapshot = metadata_.current_snapshot_id.value_or(0),
                        .required_schema_id = metadata_.current_schema_id,
                        .required_spec_id = metadata_.default_spec_id,
                        .operation = "replace"};
}

/// One try. kConflict, or another error with the base gone, where it is to start again.
Result<CompactResult> CompactOnce(TableCatalog& catalog, ObjectStore& store, Clock& clock, Random& random,
                                  const std::string& table, const LoadedTable& base,
                                  const CompactOptions& options, const std::string& folder) {
  CompactResult result;
  Compaction compaction(store, options, base, folder);
  RETURN_NOT_OK(compaction.Choose(result));
  if (options.dry_run || result.outcome == TableOutcome::kUnchanged) return result;
  columnar::ParquetOptions parquet{.compression = options.compression, .require_field_ids = true};
  parquet.target_file_bytes = options.target_file_bytes + options.target_file_bytes / 4;
  NewFiles files(store, random,
                 {.table_location = base.metadata.location, .folder = folder, .parquet = parquet});
  const auto operation = compaction.Write(table, files, result);
  if (!operation.ok()) {
    files.Discard();  // no commit has named them
    return operation.status();
  }
  const auto committed = TableWriter(catalog, store, clock, random).Commit(*operation);
  if (!committed.ok()) {
    if (CodeOf(committed.status()) == ErrorCode::kConflict) files.Discard();
    return committed.status();
  }
  result.snapshot_id = committed->snapshot_id;
  return result;
}

}  // namespace

Result<CompactResult> TableMaintenance::Compact(const std::string& table, const CompactOptions& options) {
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const LoadedTable base, Load(table));
    const std::string folder = fmt::format("{}/compact-{}", options.scratch, MakeUuid(random_));
    RETURN_NOT_OK(MakeDirs(folder));
    auto result = CompactOnce(catalog_, store_, clock_, random_, table, base, options, folder);
    (void)RemoveTree(folder);
    if (result.ok()) {
      result->attempts = attempt;
      return result;
    }
    const bool overtaken =
        CodeOf(result.status()) == ErrorCode::kConflict || BaseIsGone(catalog_, table, base);
    if (!overtaken || attempt >= options.attempts) return result;
    PauseBeforeRetry(clock_, random_, attempt);
  }
}

}  // namespace ingesta::iceberg
