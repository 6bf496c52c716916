// A table that tests merge into and maintain: rows as JSON, read back as text; delete files as other engines
// leave them; a store that dates its objects by the test's clock; a catalog that others commit to in between.
#pragma once

#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/maintenance.h"
#include "ingesta/catalog/iceberg/merge.h"
#include "ingesta/catalog/iceberg/position_deletes.h"
#include "ingesta/catalog/iceberg/scan.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/catalog/iceberg/table_test_fixture.h"

namespace ingesta::iceberg {

/// The local store, but an object's age is by the test's clock.
class DatedStore final : public ObjectStore {
 public:
  DatedStore(ObjectStore& store, Clock& clock) : store_(store), clock_(clock) {}
  const std::string& kind() const override { return store_.kind(); }
  std::string Uri(const std::string& key) const override { return store_.Uri(key); }
  std::string Location(const std::string& key) const override { return store_.Location(key); }
  std::optional<std::string> KeyOf(const std::string& location) const override {
    return store_.KeyOf(location);
  }
  Result<std::optional<StoredObject>> Head(const std::string& key) override { return store_.Head(key); }
  Result<std::optional<Document>> Read(const std::string& key) override { return store_.Read(key); }
  Result<std::string> FetchFile(const std::string& key, const std::string& scratch) override {
    if (!download) return store_.FetchFile(key, scratch);
    ARROW_ASSIGN_OR_RAISE(const std::string path, store_.FetchFile(key, scratch));
    std::error_code error;
    std::filesystem::copy_file(path, scratch, error);
    return error ? MakeError(ErrorCode::kIo, error.message()) : Result<std::string>(scratch);
  }
  Status PublishFile(const std::string& path, const std::string& key, const std::string& type,
                     uint32_t crc32) override {
    Date(key);
    return store_.PublishFile(path, key, type, crc32);
  }
  Status ReplaceFile(const std::string& path, const std::string& key, const std::string& type,
                     uint32_t crc32) override {
    Date(key);
    return store_.ReplaceFile(path, key, type, crc32);
  }
  Result<std::string> Write(const std::string& key, const std::string& text,
                            const std::optional<std::string>& expected, Durability /*durability*/) override {
    Date(key);
    return store_.Write(key, text, expected, Durability::kVolatile);
  }
  Result<std::vector<StoredObject>> List(const std::string& prefix) override {
    ARROW_ASSIGN_OR_RAISE(auto objects, store_.List(prefix));
    const std::lock_guard lock(mutex_);
    for (StoredObject& object : objects) object.modified = dates_[object.key];
    return objects;
  }
  Status Delete(const std::string& key) override { return store_.Delete(key); }

  bool download = false;  ///< as a remote store, FetchFile makes a copy

 private:
  void Date(const std::string& key) {
    const std::lock_guard lock(mutex_);
    dates_[key] = clock_.Now();
  }

  ObjectStore& store_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, SystemTime> dates_;
};

/// Runs `before_prepare` and `before_swap` in front of those steps of each commit, and loses the answers to
/// the swaps that `loses_answer` says.
class InterruptedCatalog final : public TableCatalog {
 public:
  explicit InterruptedCatalog(TableCatalog& catalog) : catalog_(catalog) {}
  Result<std::string> NewTableLocation(const std::string& name) override {
    return catalog_.NewTableLocation(name);
  }
  Result<std::optional<LoadedTable>> Load(const std::string& name) override { return catalog_.Load(name); }
  Result<PreparedCommit> Prepare(const std::string& name, const std::optional<LoadedTable>& base,
                                 Change change) override {
    if (const auto hook = before_prepare) hook();
    return catalog_.Prepare(name, base, std::move(change));
  }
  Result<LoadedTable> Swap(const PreparedCommit& prepared) override {
    if (const auto hook = before_swap) hook();  // which may replace itself
    auto swapped = catalog_.Swap(prepared);
    if (loses_answer && loses_answer()) {
      return MakeError({.code = ErrorCode::kIo, .retryable = true}, "the answer was lost");
    }
    return swapped;
  }
  void Discard(const PreparedCommit& prepared) override { catalog_.Discard(prepared); }

  std::function<void()> before_prepare;
  std::function<void()> before_swap;
  std::function<bool()> loses_answer;

 private:
  TableCatalog& catalog_;
};

class MergeTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    local_ = std::move(store_);
    auto dated = std::make_unique<DatedStore>(*local_, clock_);
    dated_ = dated.get();
    store_ = std::move(dated);
    catalog_ = std::make_unique<FilesystemCatalog>(*store_, clock_);
  }

  static std::shared_ptr<arrow::Schema> Articles() {
    return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("dia", arrow::date32()),
                          arrow::field("texto", arrow::utf8())});
  }

  /// A local Parquet file with the table's field ids; `rows` are JSON arrays, a text a column.
  std::string LocalFile(const std::shared_ptr<arrow::Schema>& schema, const std::vector<std::string>& rows,
                        int64_t row_group_rows = 3) {
    const auto table = Load();
    auto with_ids = AssignFieldIds(table ? std::optional(table->metadata) : std::nullopt, *schema);
    EXPECT_OK(with_ids.status());
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < rows.size(); ++i) {
      arrays.push_back(
          arrow::json::ArrayFromJSONString(schema->field(static_cast<int>(i))->type(), rows[i]).ValueOrDie());
    }
    return LocalFile(arrow::RecordBatch::Make(*with_ids, arrays[0]->length(), arrays), row_group_rows);
  }
  std::string LocalFile(const std::shared_ptr<arrow::RecordBatch>& rows, int64_t row_group_rows) {
    EXPECT_OK(MakeDirs(root_ + "/spool"));
    const std::string path = root_ + "/spool/" + std::to_string(files_++) + ".parquet";
    auto writer = columnar::ParquetWriter::Create(
        path, rows->schema(), {.row_group_rows = row_group_rows, .require_field_ids = true});
    EXPECT_OK(writer.status());
    EXPECT_OK((*writer)->Write(rows));
    EXPECT_OK((*writer)->Close().status());
    return path;
  }

  MergeRequest Request(const std::vector<std::string>& files, const std::string& run_id = "") {
    return {
        .table = "t", .files = files, .key_columns = {"id"}, .run_id = run_id, .scratch = root_ + "/scratch"};
  }
  MergeRequest Request(const std::vector<std::string>& rows, const std::shared_ptr<arrow::Schema>& schema) {
    return Request({LocalFile(schema, rows)});
  }
  TableMerger Merger(MergeOptions options = {}) { return {*catalog_, *store_, clock_, random_, options}; }
  TableMaintenance Maintenance() { return {*catalog_, *store_, clock_, random_}; }

  static std::shared_ptr<arrow::RecordBatch> Keys(const std::string& ids) {
    const auto array = arrow::json::ArrayFromJSONString(arrow::int64(), ids).ValueOrDie();
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), array->length(),
                                    {array});
  }

  /// The rows of a snapshot, each as `value|value|...` in the current columns, sorted. Delete files are
  /// applied as they were written here, not as the code under test reads them.
  std::vector<std::string> RowsOf(const Snapshot* snapshot) {
    std::vector<std::string> lines;
    const auto table = Load();
    auto scan = ScanSnapshot(*store_, table->metadata, snapshot);
    EXPECT_OK(scan.status());
    if (!scan.ok()) return lines;
    std::set<std::pair<std::string, int64_t>> gone;
    for (const LiveFile& deletes : scan->deletes) {
      gone.insert(left_deletes_[deletes.file.path].begin(), left_deletes_[deletes.file.path].end());
    }
    for (const LiveFile& data : scan->data) {
      auto reader = DataFileReader::Open(*local_->FetchFile(*store_->KeyOf(data.file.path), ""), "");
      EXPECT_OK(reader.status());
      if (!reader.ok()) continue;
      auto rows = (*reader)->Read(table->metadata.current_schema().fields);
      EXPECT_OK(rows.status());
      int64_t position = 0;
      while (const auto batch = (*rows)->Next().ValueOrDie()) {
        for (int64_t row = 0; row < batch->num_rows(); ++row, ++position) {
          if (gone.count({data.file.path, position}) == 0) lines.push_back(Line(*batch, row));
        }
      }
      EXPECT_EQ(position, data.file.rows);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::vector<std::string> Rows() { return RowsOf(Load()->metadata.current_snapshot()); }

  static std::string Line(const arrow::RecordBatch& batch, int64_t row) {
    std::string line;
    for (int column = 0; column < batch.num_columns(); ++column) {
      line += (column == 0 ? "" : "|") + batch.column(column)->GetScalar(row).ValueOrDie()->ToString();
    }
    return line;
  }

  SnapshotScan Scan() {
    const auto table = Load();
    auto scan = ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot());
    EXPECT_OK(scan.status());
    return *std::move(scan);
  }
  std::set<std::string> LivePaths() {
    std::set<std::string> paths;
    for (const LiveFile& data : Scan().data) paths.insert(data.file.path);
    return paths;
  }
  /// Keys of the objects below the table's data folder.
  std::set<std::string> DataKeys() {
    std::set<std::string> keys;
    for (const StoredObject& object : *store_->List(prefix_ + "t/data/")) keys.insert(object.key);
    return keys;
  }
  const std::map<std::string, std::string>& Summary(const LoadedTable& table) {
    return table.metadata.current_snapshot()->summary;
  }

  /// Commit a delete file as Athena's DELETE leaves it: rows (file, position), sorted, of one partition.
  void LeaveDeletes(std::vector<std::pair<std::string, int64_t>> rows, const LiveFile& like,
                    FileContent content = FileContent::kPositionDeletes) {
    std::sort(rows.begin(), rows.end());
    const auto table = Load();
    const std::string name = "deletes-" + std::to_string(files_++) + ".parquet";
    const std::string location = table->metadata.location + "/data/" + name;
    left_deletes_[location] = rows;
    WriteDeleteFile(rows, prefix_ + "t/data/" + name);
    DataFile file{.content = content,
                  .path = location,
                  .partition = like.file.partition,
                  .rows = static_cast<int64_t>(rows.size()),
                  .bytes = 100};
    if (content == FileContent::kEqualityDeletes) file.equality_ids = {1};
    CommitDeletes(*table, file, like.spec_id);
  }

  /// Whether one of the live delete files that were left here names the row.
  bool IsLeftDeleted(const SnapshotScan& scan, const std::string& path, int64_t position) {
    return std::any_of(scan.deletes.begin(), scan.deletes.end(), [&](const LiveFile& deletes) {
      const auto& rows = left_deletes_[deletes.file.path];
      return std::find(rows.begin(), rows.end(), std::pair(path, position)) != rows.end();
    });
  }

  /// Make a snapshot that has the delete file as well.
  void CommitDeletes(const LoadedTable& table, const DataFile& file, int spec_id) {
    const TableMetadata& metadata = table.metadata;
    const auto id = static_cast<int64_t>(random_.Next() >> 1);
    const ManifestContext context{
        .schema = &metadata.current_schema(),
        .spec = metadata.FindSpec(spec_id),
        .partition_types = PartitionTypes(*metadata.FindSpec(spec_id), metadata.schemas).ValueOrDie(),
        .deletes = true,
        .snapshot_id = id,
        .sequence_number = metadata.last_sequence_number + 1};
    auto manifest = WriteManifest({{.file = file}}, context, random_);
    ASSERT_OK(manifest.status());
    manifest->file.path = fmt::format("{}/metadata/{}-m0.avro", metadata.location, id);
    ASSERT_OK(store_->Write(*store_->KeyOf(manifest->file.path), manifest->bytes, std::nullopt).status());
    auto manifests = ListManifests(*store_, metadata.current_snapshot());
    ASSERT_OK(manifests.status());
    manifests->push_back(manifest->file);
    ASSERT_OK_AND_ASSIGN(
        const std::string list,
        WriteManifestList(*manifests, id, metadata.current_snapshot_id, context.sequence_number, random_));
    Snapshot snapshot{.id = id,
                      .parent_id = metadata.current_snapshot_id,
                      .sequence_number = context.sequence_number,
                      .timestamp_ms = metadata.last_updated_ms + 1,
                      .manifest_list = fmt::format("{}/metadata/snap-{}.avro", metadata.location, id),
                      .summary = {{"operation", "delete"}}};
    ASSERT_OK(store_->Write(*store_->KeyOf(snapshot.manifest_list), list, std::nullopt).status());
    Change change;
    change.updates = {update::AddSnapshot{snapshot}, update::SetSnapshotRef{.snapshot_id = id}};
    ASSERT_OK(catalog_->Commit("t", table, change).status());
  }

  DatedStore* dated_ = nullptr;
  std::unique_ptr<ObjectStore> local_;

 private:
  void WriteDeleteFile(const std::vector<std::pair<std::string, int64_t>>& rows, const std::string& key) {
    arrow::StringBuilder paths;
    arrow::Int64Builder positions;
    for (const auto& [path, position] : rows) {
      EXPECT_OK(paths.Append(path));
      EXPECT_OK(positions.Append(position));
    }
    const auto schema =
        ToArrow({{.id = kDeletedFilePathId, .name = "file_path", .type = MakeType(TypeId::kString)},
                 {.id = kDeletedPositionId, .name = "pos", .type = MakeType(TypeId::kLong)}})
            .ValueOrDie();
    const auto count = static_cast<int64_t>(rows.size());
    const std::string path =
        LocalFile(arrow::RecordBatch::Make(schema, count, {*paths.Finish(), *positions.Finish()}), 4);
    EXPECT_OK(store_->PublishFile(path, key, "", *FileCrc32(path)));
  }

  std::map<std::string, std::vector<std::pair<std::string, int64_t>>> left_deletes_;
};

}  // namespace ingesta::iceberg
