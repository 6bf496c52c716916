#include "ingesta/catalog/iceberg/table_writer.h"

#include <arrow/util/key_value_metadata.h>

#include "ingesta/catalog/iceberg/table_test_fixture.h"

namespace ingesta::iceberg {
namespace {

using TableWriterTest = TableTest;

TEST_F(TableWriterTest, CreatesAnEmptyTableWithoutASnapshot) {
  ASSERT_OK_AND_ASSIGN(const TableResult result, Writer().Commit(Operation(WriteMode::kReplace, {})));
  EXPECT_EQ(result.outcome, TableOutcome::kCreated);
  EXPECT_EQ(result.snapshot_id, std::nullopt);
  EXPECT_EQ(Load()->metadata.current_snapshot(), nullptr);
  EXPECT_EQ(LiveRows(), 0);
  ASSERT_OK_AND_ASSIGN(const TableResult again, Writer().Commit(Operation(WriteMode::kReplace, {})));
  EXPECT_EQ(again.outcome, TableOutcome::kUnchanged);
  EXPECT_EQ(again.state.version, "1");
}

TEST_F(TableWriterTest, CreatesAndFillsInOneCommit) {
  ASSERT_OK_AND_ASSIGN(const TableResult result,
                       Writer().Commit(Operation(WriteMode::kAppend, {1, 2, 3}, 20000, "r1")));
  EXPECT_EQ(result.outcome, TableOutcome::kCreated);
  EXPECT_EQ(result.state.version, "1");
  const auto table = Load();
  const Snapshot& snapshot = *table->metadata.current_snapshot();
  EXPECT_EQ(snapshot.id, result.snapshot_id);
  EXPECT_EQ(snapshot.operation(), "append");
  EXPECT_EQ(snapshot.run_id(), "r1");
  EXPECT_EQ(snapshot.summary.at("total-records"), "3");
  EXPECT_EQ(LiveRows(), 3);
}

TEST_F(TableWriterTest, ReplaceLeavesTheNewFilesAloneAndCountsTheOld) {
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {1, 2, 3})).status());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {4})).status());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kReplace, {5, 6})).status());
  EXPECT_EQ(LiveRows(), 2);
  const auto table = Load();
  const auto& summary = table->metadata.current_snapshot()->summary;
  EXPECT_EQ(summary.at("operation"), "overwrite");
  EXPECT_EQ(summary.at("deleted-data-files"), "2");
  EXPECT_EQ(summary.at("deleted-records"), "4");
  EXPECT_EQ(summary.at("total-records"), "2");
  EXPECT_EQ(summary.at("total-data-files"), "1");
  ASSERT_OK_AND_ASSIGN(const auto manifests, ListManifests(*store_, table->metadata.current_snapshot()));
  ASSERT_EQ(manifests.size(), 3U);
  std::vector<int64_t> sequences;
  for (const ManifestFile& file : manifests) {
    ASSERT_OK_AND_ASSIGN(const ScannedManifest scanned, ScanManifest(*store_, table->metadata, file));
    for (const ManifestEntry& entry : scanned.entries) {
      EXPECT_EQ(entry.snapshot_id, table->metadata.current_snapshot_id);
      sequences.push_back(*entry.sequence_number);
    }
  }
  EXPECT_THAT(sequences, ::testing::UnorderedElementsAre(1, 2, 3));
  // The next commit needs the manifests of deleted files no more.
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {7})).status());
  ASSERT_OK_AND_ASSIGN(const auto next, ListManifests(*store_, Load()->metadata.current_snapshot()));
  EXPECT_EQ(next.size(), 2U);
}

TEST_F(TableWriterTest, ReplaceWithNothingEmptiesTheTable) {
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {1})).status());
  ASSERT_OK_AND_ASSIGN(const TableResult result,
                       Writer().Commit(Operation(WriteMode::kReplace, {}, 0, "r2")));
  EXPECT_EQ(result.outcome, TableOutcome::kUpdated);
  EXPECT_EQ(LiveRows(), 0);
  EXPECT_EQ(Load()->metadata.current_snapshot()->summary.at("total-records"), "0");
}

TEST_F(TableWriterTest, TheSameRunTwiceIsOneSnapshot) {
  const TableOperation operation = Operation(WriteMode::kAppend, {1, 2}, 20000, "r1");
  ASSERT_OK_AND_ASSIGN(const TableResult first, Writer().Commit(operation));
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {3}, 20000, "r2")).status());
  ASSERT_OK_AND_ASSIGN(const TableResult again, Writer().Commit(operation));
  EXPECT_EQ(again.outcome, TableOutcome::kAlreadyDone);
  EXPECT_EQ(again.snapshot_id, first.snapshot_id);
  EXPECT_EQ(again.attempts, 0);
  EXPECT_EQ(LiveRows(), 3);
}

TEST_F(TableWriterTest, OverwriteKeepsTheOtherFilesOfAManifest) {
  TableOperation both = Operation(WriteMode::kAppend, {1, 2});
  both.files.push_back(WriteFile(both.schema, {3, 4, 5}, 20001));
  ASSERT_OK(Writer().Commit(both).status());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {6})).status());
  TableOperation overwrite = Operation(WriteMode::kOverwrite, {10});
  overwrite.removed_files = {store_->Location(both.files[0].key)};
  overwrite.required_snapshot = *Load()->metadata.current_snapshot_id;
  ASSERT_OK(Writer().Commit(overwrite).status());
  EXPECT_EQ(LiveRows(), 5);
  const auto table = Load();
  ASSERT_OK_AND_ASSIGN(const auto scan,
                       ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot()));
  std::map<std::string, int64_t> sequences;
  for (const LiveFile& file : scan.data) sequences[file.file.path] = file.sequence_number;
  EXPECT_EQ(sequences.at(store_->Location(both.files[1].key)), 1);
  EXPECT_EQ(sequences.at(store_->Location(overwrite.files[0].key)), 3);

  // The file is gone, and so is the snapshot that the merge was computed on.
  overwrite.required_snapshot.reset();
  EXPECT_ERROR_CODE(ErrorCode::kConflict, Writer().Commit(overwrite));
  TableOperation stale = Operation(WriteMode::kOverwrite, {11});
  stale.removed_files = {store_->Location(both.files[1].key)};
  stale.required_snapshot = 5;
  EXPECT_ERROR_CODE(ErrorCode::kConflict, Writer().Commit(stale));
}

/// Leaves a position delete file for all of day 20000's files, as another engine would.
void AddPositionDeletes(TableCatalog& catalog, ObjectStore& store, Random& random) {
  ASSERT_OK_AND_ASSIGN(auto table, catalog.Load("t"));
  const TableMetadata& metadata = table->metadata;
  const ManifestContext context{.schema = &metadata.current_schema(),
                                .spec = &metadata.default_spec(),
                                .deletes = true,
                                .snapshot_id = 99,
                                .sequence_number = metadata.last_sequence_number + 1};
  std::vector<ManifestEntry> entries = {{.file = {.content = FileContent::kPositionDeletes,
                                                  .path = metadata.location + "/data/d.parquet",
                                                  .rows = 1,
                                                  .bytes = 10}}};
  ASSERT_OK_AND_ASSIGN(WrittenManifest manifest, WriteManifest(entries, context, random));
  manifest.file.path = metadata.location + "/metadata/deletes.avro";
  ASSERT_OK(store.Write(*store.KeyOf(manifest.file.path), manifest.bytes, std::nullopt).status());
  ASSERT_OK_AND_ASSIGN(auto manifests, ListManifests(store, metadata.current_snapshot()));
  manifests.push_back(manifest.file);
  ASSERT_OK_AND_ASSIGN(const std::string list, WriteManifestList(manifests, 99, metadata.current_snapshot_id,
                                                                 context.sequence_number, random));
  Snapshot snapshot{.id = 99,
                    .parent_id = metadata.current_snapshot_id,
                    .sequence_number = context.sequence_number,
                    .timestamp_ms = metadata.last_updated_ms + 1,
                    .manifest_list = metadata.location + "/metadata/list.avro",
                    .summary = {{"operation", "delete"}}};
  ASSERT_OK(store.Write(*store.KeyOf(snapshot.manifest_list), list, std::nullopt).status());
  Change change;
  change.updates = {update::AddSnapshot{snapshot}, update::SetSnapshotRef{.snapshot_id = 99}};
  ASSERT_OK(catalog.Commit("t", table, change).status());
}

TEST_F(TableWriterTest, DeleteFilesOfOthersAreNeverMisread) {
  const TableOperation first = Operation(WriteMode::kAppend, {1, 2});
  ASSERT_OK(Writer().Commit(first).status());
  AddPositionDeletes(*catalog_, *store_, random_);
  // An append is right beside them: they are older than its rows.
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {3})).status());
  const auto table = Load();
  ASSERT_OK_AND_ASSIGN(const auto scan,
                       ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot()));
  ASSERT_EQ(scan.deletes.size(), 1U);
  ASSERT_EQ(scan.data.size(), 2U);
  for (const LiveFile& file : scan.data) {
    EXPECT_EQ(DeletesOf(scan, file, table->metadata).size(), file.sequence_number == 1 ? 1U : 0U);
  }
  TableOperation overwrite = Operation(WriteMode::kOverwrite, {1, 2});
  overwrite.removed_files = {store_->Location(first.files[0].key)};
  const auto refused = Writer().Commit(overwrite);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, refused);
  EXPECT_NE(HintOf(refused.status()).find("OPTIMIZE <table> REWRITE DATA USING BIN_PACK"), std::string::npos);
  // A replacement takes them away with the rows that they delete.
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kReplace, {8})).status());
  const auto after = Load();
  ASSERT_OK_AND_ASSIGN(const auto clean,
                       ScanSnapshot(*store_, after->metadata, after->metadata.current_snapshot()));
  EXPECT_TRUE(clean.deletes.empty());
  EXPECT_EQ(clean.data.size(), 1U);
  EXPECT_EQ(after->metadata.current_snapshot()->summary.at("removed-position-delete-files"), "1");
}

TEST_F(TableWriterTest, PartitionsComeFromTheFilesBounds) {
  TableOperation operation = Operation(WriteMode::kAppend, {1, 2}, 20781);
  operation.partition_by = {{{.column = "dia", .transform = "month"}}};
  ASSERT_OK(Writer().Commit(operation).status());
  auto table = Load();
  ASSERT_OK_AND_ASSIGN(auto scan, ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot()));
  EXPECT_EQ(scan.data[0].file.partition, PartitionValues{int64_t{682}});
  ASSERT_EQ(scan.manifests[0].partitions.size(), 1U);

  // Another partitioning is a further spec; older files keep theirs.
  operation = Operation(WriteMode::kAppend, {3}, 20781);
  operation.partition_by = {{{.column = "dia", .transform = "day"}, {.column = "dia", .transform = "month"}}};
  ASSERT_OK(Writer().Commit(operation).status());
  table = Load();
  ASSERT_EQ(table->metadata.specs.size(), 2U);
  EXPECT_EQ(table->metadata.default_spec().fields[0].field_id, 1001);
  EXPECT_EQ(table->metadata.default_spec().fields[1].field_id, 1000);
  EXPECT_EQ(LiveRows(), 3);
  operation = Operation(WriteMode::kAppend, {4}, 20781);
  operation.partition_by = {{{.column = "dia", .transform = "month"}}};
  ASSERT_OK(Writer().Commit(operation).status());
  EXPECT_EQ(Load()->metadata.default_spec_id, 0);
  EXPECT_EQ(Load()->metadata.specs.size(), 2U);
}

TEST_F(TableWriterTest, PartitionsThatAreGivenMustFitTheSpec) {
  TableOperation operation = Operation(WriteMode::kAppend, {1}, 20781);
  operation.partition_by = {{{.column = "dia", .transform = "month"}}};
  for (const PartitionValues& wrong : {PartitionValues{}, PartitionValues{std::string("2026-11")},
                                       PartitionValues{int64_t{682}, int64_t{1}}}) {
    operation.files[0].partition = wrong;
    EXPECT_ERROR_CODE(ErrorCode::kInternal, Writer().Commit(operation));
  }
  operation.files[0].partition = PartitionValues{int64_t{682}};
  EXPECT_OK(Writer().Commit(operation).status());
}

TEST_F(TableWriterTest, TheSchemaFollowsTheRowsAndEditsAndRollsBackOnlyTheRows) {
  ASSERT_OK_AND_ASSIGN(const TableResult first, Writer().Commit(Operation(WriteMode::kAppend, {1})));
  ASSERT_OK(Writer()
                .EditSchema("t", {{.kind = SchemaEditKind::kAdd, .column = "nota", .type = arrow::utf8()}})
                .status());
  EXPECT_EQ(Load()->metadata.current_schema_id, 1);
  TableOperation wider{.table = "t"};
  const auto columns =
      arrow::schema({Columns()->field(0), Columns()->field(1), arrow::field("nota", arrow::utf8()),
                     arrow::field("otra", arrow::utf8())});
  ASSERT_OK_AND_ASSIGN(wider.schema, AssignFieldIds(Load()->metadata, *columns));
  wider.files = {WriteFile(wider.schema, {2}, 20000)};
  ASSERT_OK(Writer().Commit(wider).status());
  EXPECT_EQ(Load()->metadata.current_schema().FindByName("otra")->id, 4);
  EXPECT_EQ(Load()->metadata.current_snapshot()->schema_id, 2);

  ASSERT_OK(Writer().RollBack("t", *first.snapshot_id).status());
  EXPECT_EQ(LiveRows(), 1);
  EXPECT_EQ(Load()->metadata.current_schema_id, 2);
  EXPECT_EQ(Load()->metadata.snapshot_log.back().snapshot_id, first.snapshot_id);
  ASSERT_OK_AND_ASSIGN(const TableResult same, Writer().RollBack("t", *first.snapshot_id));
  EXPECT_EQ(same.outcome, TableOutcome::kUnchanged);
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Writer().RollBack("t", 12345));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Writer().RollBack("no-such-table", 1));
}

TEST_F(TableWriterTest, FilesOfOtherColumnsOrPartitionsAreRefusedAndNothingStays) {
  TableOperation operation = Operation(WriteMode::kAppend, {1});
  ASSERT_OK(Writer().Commit(operation).status());
  const auto foreign = arrow::schema(
      {arrow::field("id", arrow::int64(), true, arrow::key_value_metadata({"PARQUET:field_id"}, {"77"})),
       arrow::field("dia", arrow::date32(), true, arrow::key_value_metadata({"PARQUET:field_id"}, {"2"}))});
  operation.schema = nullptr;
  operation.files = {WriteFile(foreign, {1}, 20000)};
  ASSERT_OK_AND_ASSIGN(const auto before, store_->List("iceberg/t/metadata/"));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Writer().Commit(operation));
  ASSERT_OK_AND_ASSIGN(const auto after, store_->List("iceberg/t/metadata/"));
  EXPECT_EQ(after.size(), before.size());
}

TEST_F(TableWriterTest, SeveralTablesArePreparedBeforeAnyIsSwitched) {
  std::vector<TableOperation> operations = {Operation(WriteMode::kAppend, {1}),
                                            Operation(WriteMode::kAppend, {2})};
  operations[1].table = "u";
  operations[1].files[0].local_path = root_ + "/no-such-file";
  EXPECT_FALSE(Writer().CommitAll(operations).ok());
  EXPECT_FALSE(Load().has_value());
  ASSERT_OK_AND_ASSIGN(const auto left, store_->List("iceberg/t/metadata/"));
  EXPECT_TRUE(left.empty()) << left[0].key;
  operations[1].files = {operations[0].files[0]};
  ASSERT_OK_AND_ASSIGN(const auto results, Writer().CommitAll(operations));
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) EXPECT_OK(result.status());
}

}  // namespace
}  // namespace ingesta::iceberg
