#include "ingesta/catalog/iceberg/position_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr char kOptimizeHint[] =
    "another engine left delete files: run Athena's `OPTIMIZE <table> REWRITE DATA USING BIN_PACK` over the "
    "table, then try again";

Status CheckNoNulls(const arrow::RecordBatch& rows) {
  if (rows.column(0)->null_count() == 0 && rows.column(1)->null_count() == 0) return Status::OK();
  return Corrupt("a position delete without file path or position");
}

}  // namespace

Status RefuseEqualityDeletes(const LiveFile& data) {
  return Unsupported(fmt::format("{} has rows that equality deletes may delete", data.file.path),
                     kOptimizeHint);
}

Result<const PositionDeletes::ByPath*> PositionDeletes::Read(const LiveFile& deletes) {
  const std::string& location = deletes.file.path;
  if (const auto found = files_.find(location); found != files_.end()) return &found->second;
  if (deletes.file.format != "PARQUET") {
    return Unsupported(
        fmt::format("{}: delete files of format {} are not read", location, deletes.file.format),
        kOptimizeHint);
  }
  const auto key = store_.KeyOf(location);
  if (!key) return Unsupported(fmt::format("{} lies outside of {}", location, store_.Uri()));
  ARROW_ASSIGN_OR_RAISE(const std::string path, store_.FetchFile(*key, scratch_));
  ARROW_ASSIGN_OR_RAISE(const auto reader, DataFileReader::Open(path, location));
  const std::vector<Field> fields = {
      {.id = kDeletedFilePathId, .name = "file_path", .type = MakeType(TypeId::kString)},
      {.id = kDeletedPositionId, .name = "pos", .type = MakeType(TypeId::kLong)}};
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader->Read(fields));
  ByPath by_path;
  std::vector<int64_t>* positions = nullptr;
  std::string last;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) break;
    const Status whole = CheckNoNulls(*batch);
    if (!whole.ok()) return WithPrefix(whole, location);
    const auto& paths = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& numbers = static_cast<const arrow::Int64Array&>(*batch->column(1));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      if (positions == nullptr || paths.GetView(row) != last) {
        last = paths.GetView(row);
        positions = &by_path[last];
      }
      positions->push_back(numbers.Value(row));
    }
  }
  RETURN_NOT_OK(RemoveFile(scratch_));
  return &(files_[location] = std::move(by_path));
}

Result<std::vector<int64_t>> PositionDeletes::Of(const LiveFile& data) {
  std::vector<int64_t> positions;
  for (const LiveFile* deletes : DeletesOf(scan_, data, metadata_)) {
    if (deletes->file.content != FileContent::kPositionDeletes) continue;
    ARROW_ASSIGN_OR_RAISE(const ByPath* by_path, Read(*deletes));
    const auto found = by_path->find(data.file.path);
    if (found == by_path->end()) continue;
    positions.insert(positions.end(), found->second.begin(), found->second.end());
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

bool PositionDeletes::HasEqualityDeletes(const LiveFile& data) const {
  const std::vector<const LiveFile*> found = DeletesOf(scan_, data, metadata_);
  return std::any_of(found.begin(), found.end(), [](const LiveFile* deletes) {
    return deletes->file.content == FileContent::kEqualityDeletes;
  });
}

Result<PositionDeletes::Effect> PositionDeletes::EffectOf(const std::set<std::string>& removed) {
  std::set<std::string> live;
  std::set<std::string> applied;
  for (const LiveFile& data : scan_.data) {
    if (removed.count(data.file.path) == 0) {
      live.insert(data.file.path);
      continue;
    }
    for (const LiveFile* deletes : DeletesOf(scan_, data, metadata_)) {
      if (deletes->file.content == FileContent::kPositionDeletes) applied.insert(deletes->file.path);
    }
  }
  Effect effect;
  for (const LiveFile& deletes : scan_.deletes) {
    if (applied.count(deletes.file.path) == 0) continue;
    effect.applied.push_back(deletes.file.path);
    ARROW_ASSIGN_OR_RAISE(const ByPath* by_path, Read(deletes));
    const bool named = std::any_of(by_path->begin(), by_path->end(),
                                   [&live](const auto& entry) { return live.count(entry.first) > 0; });
    if (!named) effect.obsolete.push_back(deletes.file.path);
  }
  return effect;
}

}  // namespace ingesta::iceberg
