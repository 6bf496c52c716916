#include "ingesta/catalog/iceberg_tables.h"

#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IcebergTablesTest : public iceberg::MergeTest {
 protected:
  /// A dataset that merges; its rows wait in the spool.
  DatasetVersion Merged(const std::vector<std::string>& rows, const std::string& name = "t") {
    DatasetVersion dataset;
    dataset.name = name;
    dataset.schema = Articles();
    dataset.primary_key = {"id"};
    dataset.write_disposition = "merge";
    dataset.files = {{.format = "iceberg", .local_path = LocalFile(Articles(), rows), .rows = 1}};
    return dataset;
  }
  RunVersion Run(const std::string& id, std::vector<DatasetVersion> datasets) {
    EXPECT_OK(MakeDirs(root_ + "/scratch"));
    return {.pipeline = "p",
            .run_id = id,
            .timestamp = "20261124_020000",
            .scratch_folder = root_ + "/scratch",
            .datasets = std::move(datasets)};
  }
  IcebergTables Tables() { return {*catalog_, *store_, clock_, random_}; }
  Result<std::vector<TableChange>> Commit(const RunVersion& run) { return Tables().Commit(run); }
  /// Objects that no state of the table names.
  std::vector<StoredObject> Orphans(const std::string& table = "t") {
    clock_.Advance(std::chrono::hours(100));
    return Maintenance().RemoveOrphans(table, {.dry_run = true})->removed;
  }
};

TEST_F(IcebergTablesTest, ARunIsMergedAndLeavesNoFileOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(auto changes,
                       Commit(Run("r1", {Merged({"[1, 2, 3]", "[1, 1, 1]", R"(["a", "b", "c"])"})})));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].change, "created");
  EXPECT_EQ(changes[0].rows, 3);
  ASSERT_OK_AND_ASSIGN(
      changes, Commit(Run("r2", {Merged({"[2, 4, 3, 4]", "[1, 1, 1, 1]", R"(["B", "d", "c", "D"])"})})));
  EXPECT_EQ(changes[0].change, "merged");
  EXPECT_EQ(changes[0].rows, 4);
  ASSERT_TRUE(changes[0].merged);
  EXPECT_EQ(changes[0].merged->inserted, 1);
  EXPECT_EQ(changes[0].merged->updated, 1);
  EXPECT_EQ(changes[0].merged->unchanged, 1);
  EXPECT_EQ(changes[0].merged->repeated, 1);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a", "2|1970-01-02|B", "3|1970-01-02|c", "4|1970-01-02|D"));
  EXPECT_THAT(Orphans(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
}

TEST_F(IcebergTablesTest, TheSameRunTwiceIsOneSnapshot) {
  const RunVersion run = Run("r1", {Merged({"[1]", "[1]", R"(["a"])"})});
  ASSERT_OK(Commit(run).status());
  ASSERT_OK(Commit(Run("r2", {Merged({"[1]", "[1]", R"(["later"])"})})).status());
  ASSERT_OK_AND_ASSIGN(const auto again, Commit(run));
  EXPECT_EQ(again[0].change, "unchanged");
  EXPECT_FALSE(again[0].merged);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|later"));
  EXPECT_THAT(Load()->metadata.snapshots, SizeIs(2));
}

TEST_F(IcebergTablesTest, ASupersededRunTakesNoNewerRowsPlace) {
  ASSERT_OK(Commit(Run("newer", {Merged({"[1, 2]", "[1, 1]", R"(["new", "new"])"})})).status());
  RunVersion older = Run("older", {Merged({"[2, 3]", "[1, 1]", R"(["old", "old"])"})});
  older.superseded = true;
  ASSERT_OK_AND_ASSIGN(const auto changes, Commit(older));
  EXPECT_EQ(changes[0].merged->inserted, 1);
  EXPECT_EQ(changes[0].merged->unchanged, 1);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|new", "2|1970-01-02|new", "3|1970-01-02|old"));
}

TEST_F(IcebergTablesTest, ARunWithoutRowsMakesTheTable) {
  DatasetVersion none = Merged({"[]", "[]", "[]"});
  none.files[0].rows = 0;
  ASSERT_OK_AND_ASSIGN(const auto changes, Commit(Run("r1", {none})));
  EXPECT_EQ(changes[0].change, "created");
  EXPECT_EQ(changes[0].rows, 0);
  EXPECT_THAT(Load()->metadata.current_schema().fields, SizeIs(3));
}

// The spool's file was written before another program gave the table its columns.
TEST_F(IcebergTablesTest, RowsWithOtherFieldIdsAreWrittenAnewButNotPublished) {
  DatasetVersion early = Merged({"[2]", "[1]", R"(["unused"])"});
  const auto columns = arrow::schema({Articles()->field(0), Articles()->field(2)});
  early.schema = columns;
  early.files[0].local_path = LocalFile(columns, {"[1, 2]", R"(["A", "b"])"});
  ASSERT_OK(Merger().Merge(Request({"[1]", "[1]", R"(["a"])"}, Articles())).status());
  ASSERT_OK(Commit(Run("r1", {early})).status());
  EXPECT_THAT(Rows(), ElementsAre("1|null|A", "2|null|b"));
  EXPECT_THAT(Orphans(), IsEmpty());
}

TEST_F(IcebergTablesTest, SaysWhereTheRowsAreGone) {
  DatasetVersion gone = Merged({"[1]", "[1]", R"(["a"])"});
  gone.files[0].local_path.clear();
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Commit(Run("r1", {gone})));
}

/// Two tables of one run, with another writer in between.
class OvertakenRunTest : public IcebergTablesTest {
 protected:
  void SetUp() override {
    IcebergTablesTest::SetUp();
    ASSERT_OK(Commit(Run("r0", BothTables("a", "b"))).status());
    other_ = std::make_unique<iceberg::InterruptedCatalog>(*catalog_);
  }
  std::vector<DatasetVersion> BothTables(const std::string& first, const std::string& second) {
    const auto rows = [](const std::string& text) {
      return std::vector<std::string>{"[1, 2]", "[1, 1]", fmt::format(R"(["{0}", "{0}"])", text)};
    };
    return {Merged(rows(first)), Merged(rows(second), "u")};
  }
  void AnotherWrites(const std::string& table) {
    iceberg::MergeRequest request = Request({"[2, 3]", "[1, 1]", R"(["other", "other"])"}, Articles());
    request.table = table;
    ASSERT_OK(Merger().Merge(request).status());
  }
  /// Commit a run of both tables by a catalog with the interruption; both have its rows and the other's then.
  void CommitInterrupted() {
    IcebergTables tables(*other_, *store_, clock_, random_);
    ASSERT_OK_AND_ASSIGN(const auto changes, tables.Commit(Run("r1", BothTables("A", "B"))));
    ASSERT_THAT(changes, SizeIs(2));
    for (const TableChange& change : changes) {
      EXPECT_EQ(change.change, "merged") << change.table;
      EXPECT_EQ(change.merged->updated, 2) << change.table;
      const auto table = *catalog_->Load(change.table);
      const std::string run = table->metadata.current_snapshot()->summary.at("ingesta.run-id");
      EXPECT_EQ(run, "r1@20261124_020000") << change.table;
      EXPECT_THAT(Orphans(change.table), IsEmpty());
    }
  }

  std::unique_ptr<iceberg::InterruptedCatalog> other_;
};

TEST_F(OvertakenRunTest, OneTableIsMergedAnewAfterTheOthersWereSwitched) {
  other_->before_swap = [this] {
    other_->before_swap = nullptr;
    AnotherWrites("t");
  };
  CommitInterrupted();
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|A", "2|1970-01-02|A", "3|1970-01-02|other"));
  EXPECT_THAT((*catalog_->Load("u"))->metadata.snapshots, SizeIs(2));
}

TEST_F(OvertakenRunTest, AllIsPlannedAnewWhereNothingWasSwitchedYet) {
  // The first table is prepared; the second one is found changed.
  other_->before_prepare = [this] {
    other_->before_prepare = nullptr;
    AnotherWrites("u");
  };
  CommitInterrupted();
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|A", "2|1970-01-02|A"));
  EXPECT_THAT((*catalog_->Load("u"))->metadata.snapshots, SizeIs(3));
}

}  // namespace
}  // namespace ingesta::catalog
