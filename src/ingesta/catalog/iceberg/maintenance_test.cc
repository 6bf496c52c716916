#include "ingesta/catalog/iceberg/maintenance.h"

#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MaintenanceTest : public MergeTest {
 protected:
  /// One more file.
  void Add(int64_t id, int32_t day = 1) {
    const std::string text = std::to_string(id);
    ASSERT_OK(Merger()
                  .Merge(Request({"[" + text + "]", "[" + std::to_string(day) + "]", "[\"" + text + "\"]"},
                                 Articles()))
                  .status());
  }
  CompactOptions Compacting() { return {.scratch = root_ + "/scratch"}; }
  int64_t SnapshotId() { return *Load()->metadata.current_snapshot_id; }
};

TEST_F(MaintenanceTest, CompactionKeepsTheRowsInFewerFiles) {
  for (int64_t id = 1; id <= 5; ++id) Add(id);
  const auto rows = Rows();
  CompactOptions dry = Compacting();
  dry.dry_run = true;
  ASSERT_OK_AND_ASSIGN(const CompactResult planned, Maintenance().Compact("t", dry));
  EXPECT_EQ(planned.outcome, TableOutcome::kUpdated);
  EXPECT_THAT(planned.replaced, SizeIs(5));
  EXPECT_EQ(LivePaths().size(), 5U);

  ASSERT_OK_AND_ASSIGN(const CompactResult compacted, Maintenance().Compact("t", Compacting()));
  EXPECT_EQ(compacted.replaced, planned.replaced);
  EXPECT_EQ(compacted.rows, 5);
  EXPECT_EQ(compacted.files_after, 1);
  EXPECT_EQ(compacted.snapshot_id, SnapshotId());
  EXPECT_EQ(Rows(), rows);
  EXPECT_EQ(LivePaths().size(), 1U);
  const auto table = Load();
  EXPECT_EQ(Summary(*table).at("operation"), "replace");
  EXPECT_EQ(Summary(*table).at("total-records"), "5");

  ASSERT_OK_AND_ASSIGN(const CompactResult again, Maintenance().Compact("t", Compacting()));
  EXPECT_EQ(again.outcome, TableOutcome::kUnchanged);
  EXPECT_EQ(Load()->version, table->version);
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
}

TEST_F(MaintenanceTest, CompactionStaysWithinPartitionsAndTheTargetSize) {
  MergeRequest request = Request({"[1]", "[1]", R"(["a"])"}, Articles());
  request.partition_by = {{{.column = "dia", .transform = "day"}}};
  ASSERT_OK(Merger().Merge(request).status());
  for (int64_t id = 2; id <= 6; ++id) Add(id, static_cast<int32_t>(id % 2));
  Add(7, 9);
  const auto rows = Rows();
  ASSERT_OK(Maintenance().Compact("t", Compacting()).status());
  EXPECT_EQ(Rows(), rows);
  EXPECT_EQ(LivePaths().size(), 3U);
  // Files that together are above the target stay apart.
  for (int64_t id = 10; id <= 13; ++id) Add(id, 20);
  const int64_t bytes = Scan().data[0].file.bytes;
  CompactOptions options = Compacting();
  options.target_file_bytes = bytes * 5 / 2;
  ASSERT_OK_AND_ASSIGN(const CompactResult pairs, Maintenance().Compact("t", options));
  EXPECT_THAT(pairs.replaced, SizeIs(4));
  EXPECT_EQ(pairs.files_after, 2);
}

TEST_F(MaintenanceTest, CompactionAppliesPositionDeletesAndRefusesEqualityDeletes) {
  ASSERT_OK(Merger().Merge(Request({"[1, 2, 3]", "[1, 1, 1]", R"(["a", "b", "c"])"}, Articles())).status());
  const LiveFile data = Scan().data[0];
  LeaveDeletes({{data.file.path, 0}, {data.file.path, 2}}, data);
  ASSERT_OK_AND_ASSIGN(const CompactResult compacted, Maintenance().Compact("t", Compacting()));
  EXPECT_EQ(compacted.rows, 1);
  EXPECT_THAT(compacted.replaced, SizeIs(2));
  EXPECT_THAT(Rows(), ElementsAre("2|1970-01-02|b"));
  EXPECT_THAT(Scan().deletes, IsEmpty());
  LeaveDeletes({{Scan().data[0].file.path, 0}}, Scan().data[0]);
  ASSERT_OK(Maintenance().Compact("t", Compacting()).status());
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_THAT(Scan().data, IsEmpty());

  Add(5);
  LeaveDeletes({{"x", 0}}, Scan().data[0], FileContent::kEqualityDeletes);
  Add(6);
  Add(7);
  ASSERT_OK_AND_ASSIGN(const CompactResult rest, Maintenance().Compact("t", Compacting()));
  EXPECT_THAT(rest.refused, SizeIs(1));
  EXPECT_THAT(rest.replaced, SizeIs(2));
  EXPECT_EQ(Scan().data.size(), 2U);
  EXPECT_EQ(Scan().deletes.size(), 1U);
}

TEST_F(MaintenanceTest, CompactionBringsOldFilesIntoTheCurrentShape) {
  ASSERT_OK(Merger().Merge(Request({"[1, 2, 3]", "[1, 2, 1]", R"(["a", "b", "c"])"}, Articles())).status());
  TableWriter writer = Writer();
  ASSERT_OK(writer
                .EditSchema("t", {{.kind = SchemaEditKind::kDrop, .column = "texto"},
                                  {.kind = SchemaEditKind::kAdd, .column = "texto", .type = arrow::utf8()}})
                .status());
  ASSERT_OK(writer
                .Commit({.table = "t",
                         .mode = WriteMode::kAppend,
                         .partition_by = {{{.column = "dia", .transform = "day"}}}})
                .status());
  ASSERT_OK_AND_ASSIGN(const CompactResult compacted, Maintenance().Compact("t", Compacting()));
  EXPECT_EQ(compacted.files_after, 2);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|null", "2|1970-01-03|null", "3|1970-01-02|null"));
  for (const LiveFile& data : Scan().data) EXPECT_EQ(data.spec_id, 1);
}

TEST_F(MaintenanceTest, SnapshotsExpireByAgeAndCountButNeverThoseInUse) {
  std::vector<int64_t> ids;
  for (int64_t id = 1; id <= 6; ++id) {
    Add(id);
    ids.push_back(SnapshotId());
    clock_.Advance(std::chrono::hours(24));
  }
  Change tag;
  tag.updates = {update::SetSnapshotRef{.ref = "auditoria", .snapshot_id = ids[1], .type = "tag"}};
  ASSERT_OK(catalog_->Commit("t", Load(), tag).status());
  const ExpireOptions options{.max_age = std::chrono::hours(60), .keep_last = 1};
  ExpireOptions dry = options;
  dry.dry_run = true;
  ASSERT_OK_AND_ASSIGN(const ExpireResult planned, Maintenance().ExpireSnapshots("t", dry));
  EXPECT_EQ(std::set(planned.snapshots.begin(), planned.snapshots.end()), (std::set{ids[0], ids[2], ids[3]}));
  EXPECT_EQ(Load()->metadata.snapshots.size(), 6U);

  ASSERT_OK_AND_ASSIGN(const ExpireResult expired, Maintenance().ExpireSnapshots("t", options));
  EXPECT_EQ(std::set(expired.snapshots.begin(), expired.snapshots.end()), (std::set{ids[0], ids[2], ids[3]}));
  EXPECT_EQ(expired.removed, planned.removed);
  EXPECT_THAT(expired.removed, SizeIs(3));  // of an append only its list is not needed any more
  EXPECT_THAT(expired.left, IsEmpty());
  for (const std::string& key : expired.removed) EXPECT_EQ(*store_->Head(key), std::nullopt);
  const auto table = Load();
  EXPECT_EQ(RowsOf(table->metadata.FindSnapshot(ids[1])).size(), 2U);
  EXPECT_EQ(RowsOf(table->metadata.FindSnapshot(ids[4])).size(), 5U);
  EXPECT_EQ(Rows().size(), 6U);
  ASSERT_OK_AND_ASSIGN(const ExpireResult again, Maintenance().ExpireSnapshots("t", options));
  EXPECT_THAT(again.snapshots, IsEmpty());
  EXPECT_EQ(Load()->version, table->version);

  clock_.Advance(std::chrono::hours(2400));
  ASSERT_OK_AND_ASSIGN(const ExpireResult counted, Maintenance().ExpireSnapshots("t", {.keep_last = 2}));
  EXPECT_THAT(counted.snapshots, IsEmpty());
}

TEST_F(MaintenanceTest, ExpiryRemovesDataThatNoSnapshotHas) {
  Add(1);
  const auto first = DataKeys();
  MergeRequest request = Request({"[1]", "[1]", R"(["new"])"}, Articles());
  ASSERT_OK(Merger().Merge(request).status());
  EXPECT_EQ(DataKeys().size(), 2U);
  clock_.Advance(std::chrono::hours(240));
  ASSERT_OK(Maintenance().ExpireSnapshots("t", {.keep_last = 1}).status());
  const auto left = DataKeys();
  EXPECT_EQ(left.size(), 1U);
  EXPECT_NE(left, first);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|new"));
}

TEST_F(MaintenanceTest, OrphansGoWhenTheyAreOldAndNothingElse) {
  TableWriter writer = Writer();
  ASSERT_OK(writer
                .Commit({.table = "t",
                         .mode = WriteMode::kAppend,
                         .schema = *AssignFieldIds(std::nullopt, *Articles()),
                         .properties = {{"write.metadata.previous-versions-max", "2"}}})
                .status());
  for (int64_t id = 1; id <= 4; ++id) Add(id);
  const std::string dead = prefix_ + "t/data/dead.parquet";
  ASSERT_OK(store_->Write(dead, "x", std::nullopt).status());
  const std::string statistics = prefix_ + "t/metadata/s.puffin";
  ASSERT_OK(store_->Write(statistics, "x", std::nullopt).status());
  // Another engine's statistics are named by the metadata alone.
  auto table = Load();
  Json document = *table->metadata.document;
  document["statistics"] =
      Json::array({Json{{"snapshot-id", SnapshotId()}, {"statistics-path", store_->Location(statistics)}}});
  table->metadata.document = std::make_shared<const Json>(document);
  Change change;
  change.updates = {update::SetProperties{{{"a", "b"}}}};
  ASSERT_OK(catalog_->Commit("t", table, change).status());
  clock_.Advance(std::chrono::hours(71));
  ASSERT_OK_AND_ASSIGN(const OrphanResult young, Maintenance().RemoveOrphans("t"));
  EXPECT_THAT(young.removed, IsEmpty());

  clock_.Advance(std::chrono::hours(2));
  Add(5);
  ASSERT_OK(store_->Write(prefix_ + "t/data/under-way.parquet", "x", std::nullopt).status());
  ASSERT_OK(store_->Write(prefix_ + "t2/data/dead.parquet", "x", std::nullopt).status());
  ASSERT_OK_AND_ASSIGN(const OrphanResult planned, Maintenance().RemoveOrphans("t", {.dry_run = true}));
  std::set<std::string> keys;
  for (const StoredObject& object : planned.removed) keys.insert(object.key);
  const std::string metadata = prefix_ + "t/metadata/";
  EXPECT_EQ(keys, (std::set{dead, metadata + "v1.metadata.json", metadata + "v2.metadata.json",
                            metadata + "v3.metadata.json", metadata + "v4.metadata.json"}));
  ASSERT_OK_AND_ASSIGN(const OrphanResult removed, Maintenance().RemoveOrphans("t"));
  EXPECT_EQ(removed.bytes, planned.bytes);
  for (const std::string& key : keys) EXPECT_EQ(*store_->Head(key), std::nullopt) << key;
  EXPECT_NE(*store_->Head(statistics), std::nullopt);
  EXPECT_EQ(Rows().size(), 5U);
  Add(6);
  EXPECT_EQ(Rows().size(), 6U);
}

TEST_F(MaintenanceTest, NothingIsAnOrphanWhereAFileHasANameOfAnotherPlace) {
  Add(1);
  ASSERT_OK(store_->Write(prefix_ + "t/data/dead.parquet", "x", std::nullopt).status());
  CommitDeletes(*Load(),
                {.content = FileContent::kPositionDeletes,
                 .path = "s3://elsewhere/t/data/deletes.parquet",
                 .rows = 1,
                 .bytes = 100},
                /*spec_id=*/0);
  clock_.Advance(std::chrono::hours(100));
  const auto before = DataKeys();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Maintenance().RemoveOrphans("t"));
  EXPECT_EQ(DataKeys(), before);
}

TEST_F(MaintenanceTest, ATableThatIsNotThereIsSaid) {
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Maintenance().Compact("t", Compacting()));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Maintenance().ExpireSnapshots("t"));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Maintenance().ExpireSnapshots("t", {.dry_run = true}));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Maintenance().RemoveOrphans("t"));
}

}  // namespace
}  // namespace ingesta::iceberg
