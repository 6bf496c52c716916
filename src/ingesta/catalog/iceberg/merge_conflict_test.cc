// Merges and compactions that other writers overtake.
#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::iceberg {
namespace {

using ::testing::ElementsAre;

class MergeConflictTest : public MergeTest {
 protected:
  void SetUp() override {
    MergeTest::SetUp();
    ASSERT_OK(Merger().Merge(Request({"[1, 2]", "[1, 1]", R"(["a", "b"])"}, Articles())).status());
    other_ = std::make_unique<InterruptedCatalog>(*catalog_);
  }
  TableMerger Overtaken(MergeOptions options = {}) { return {*other_, *store_, clock_, random_, options}; }
  /// Run `interruption` in front of the next swap only.
  void InterruptOnce(std::function<void()> interruption) {
    other_->before_swap = [this, interruption = std::move(interruption)] {
      other_->before_swap = nullptr;
      interruption();
    };
  }

  std::unique_ptr<InterruptedCatalog> other_;
};

TEST_F(MergeConflictTest, AMergeIsComputedAnewOnTheNewBase) {
  const MergeRequest mine = Request({"[2, 3]", "[1, 1]", R"(["mine", "mine"])"}, Articles());
  const MergeRequest theirs = Request({"[1, 3]", "[1, 1]", R"(["theirs", "theirs"])"}, Articles());
  InterruptOnce([&] { ASSERT_OK(Merger().Merge(theirs).status()); });
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Overtaken().Merge(mine));
  EXPECT_EQ(merged.attempts, 2);
  EXPECT_EQ(merged.counts.updated, 2);
  EXPECT_EQ(merged.counts.inserted, 0);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|theirs", "2|1970-01-02|mine", "3|1970-01-02|mine"));
  // Of the try that lost nothing is left: each object is reached by some snapshot.
  clock_.Advance(std::chrono::hours(100));
  ASSERT_OK_AND_ASSIGN(const OrphanResult orphans, Maintenance().RemoveOrphans("t", {.dry_run = true}));
  EXPECT_TRUE(orphans.removed.empty());
}

TEST_F(MergeConflictTest, AnotherSchemaOrPartitioningIsAConflictToo) {
  const MergeRequest mine = Request({"[2]", "[1]", R"(["mine"])"}, Articles());
  InterruptOnce([&] {
    TableWriter writer = Writer();
    ASSERT_OK(writer.EditSchema("t", {{.kind = SchemaEditKind::kAdd, .column = "m", .type = arrow::int32()}})
                  .status());
  });
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Overtaken().Merge(mine));
  EXPECT_EQ(merged.attempts, 2);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a|null", "2|1970-01-02|mine|null"));

  const MergeRequest again = Request({"[1]", "[2]", R"(["mine"])"}, Articles());
  InterruptOnce([&] {
    TableWriter writer = Writer();
    ASSERT_OK(writer
                  .Commit({.table = "t",
                           .mode = WriteMode::kAppend,
                           .partition_by = {{{.column = "dia", .transform = "day"}}}})
                  .status());
  });
  ASSERT_OK_AND_ASSIGN(const MergeResult divided, Overtaken().Merge(again));
  EXPECT_EQ(divided.attempts, 2);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-03|mine|null", "2|1970-01-02|mine|null"));
  for (const LiveFile& data : Scan().data) EXPECT_EQ(data.file.partition.size(), 1U);
}

TEST_F(MergeConflictTest, ATableThatAppearsMeanwhileIsMergedInto) {
  MergeRequest mine = Request({"[1]", "[1]", R"(["mine"])"}, Articles());
  MergeRequest theirs = Request({"[1, 2]", "[1, 1]", R"(["theirs", "theirs"])"}, Articles());
  mine.table = theirs.table = "new";
  InterruptOnce([&] { ASSERT_OK(Merger().Merge(theirs).status()); });
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Overtaken().Merge(mine));
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(Summary(merged.table.state).at("total-records"), "2");
}

TEST_F(MergeConflictTest, TheSameRunByTwoAtOnceIsOneSnapshot) {
  MergeRequest run = Request({"[3]", "[1]", R"(["c"])"}, Articles());
  run.run_id = "r";
  InterruptOnce([&] { ASSERT_OK(Merger().Merge(run).status()); });
  ASSERT_OK_AND_ASSIGN(const MergeResult second, Overtaken().Merge(run));
  EXPECT_EQ(second.table.outcome, TableOutcome::kAlreadyDone);
  const auto table = Load();
  EXPECT_EQ(table->metadata.snapshots.size(), 2U);
  EXPECT_EQ(second.table.snapshot_id, table->metadata.current_snapshot_id);
  EXPECT_EQ(Rows().size(), 3U);
  EXPECT_EQ(DataKeys().size(), 2U);
}

TEST_F(MergeConflictTest, GivesUpAfterItsAttemptsAndLeavesNothing) {
  int others = 0;
  other_->before_swap = [&] {
    const std::string id = std::to_string(100 + others++);
    ASSERT_OK(Merger().Merge(Request({"[" + id + "]", "[1]", R"(["x"])"}, Articles())).status());
  };
  EXPECT_ERROR_CODE(
      ErrorCode::kConflict,
      Overtaken({.attempts = 3}).Merge(Request({"[1, 9]", "[1, 1]", R"(["A", "n"])"}, Articles())));
  EXPECT_EQ(others, 3);
  EXPECT_EQ(Rows().size(), 5U);
  EXPECT_EQ(DataKeys().size(), 4U);
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
}

TEST_F(MergeConflictTest, ACommitWhoseAnswerIsLostIsFoundAndNotMadeTwice) {
  other_->loses_answer = [] { return true; };
  MergeRequest run = Request({"[2, 3]", "[1, 1]", R"(["B", "c"])"}, Articles());
  run.run_id = "r";
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Overtaken().Merge(run));
  EXPECT_EQ(merged.attempts, 1);
  EXPECT_EQ(merged.table.outcome, TableOutcome::kUpdated);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a", "2|1970-01-02|B", "3|1970-01-02|c"));
  EXPECT_EQ(Load()->metadata.snapshots.size(), 2U);
  ASSERT_OK_AND_ASSIGN(const MergeResult again, Overtaken().Merge(run));
  EXPECT_EQ(again.table.outcome, TableOutcome::kAlreadyDone);
}

// The next commit hides that one that got no answer was made, unless it is looked for in the history.
TEST_F(MergeConflictTest, ACommitWhoseAnswerIsLostIsFoundBelowALaterOne) {
  const MergeRequest later = Request({"[9]", "[1]", R"(["later"])"}, Articles());
  other_->loses_answer = [&] {
    other_->loses_answer = nullptr;
    EXPECT_OK(Merger().Merge(later).status());
    return true;
  };
  ASSERT_OK(Overtaken().Merge(Request({"[2]", "[1]", R"(["mine"])"}, Articles())).status());
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a", "2|1970-01-02|mine", "9|1970-01-02|later"));
  EXPECT_EQ(Load()->metadata.snapshots.size(), 3U);
}

TEST_F(MergeConflictTest, RowsThatAreDeletedMeanwhileStayDeleted) {
  const MergeRequest mine = Request({"[2]", "[1]", R"(["mine"])"}, Articles());
  InterruptOnce([&] { LeaveDeletes({{Scan().data[0].file.path, 0}}, Scan().data[0]); });
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Overtaken().Merge(mine));
  EXPECT_EQ(merged.attempts, 2);
  EXPECT_THAT(Rows(), ElementsAre("2|1970-01-02|mine"));

  ASSERT_OK(Merger().Merge(Request({"[3, 4]", "[1, 1]", R"(["c", "d"])"}, Articles())).status());
  InterruptOnce([&] {
    for (const LiveFile& data : Scan().data) {
      if (data.file.rows == 2) LeaveDeletes({{data.file.path, 1}}, data);
    }
  });
  TableMaintenance maintenance(*other_, *store_, clock_, random_);
  ASSERT_OK_AND_ASSIGN(const CompactResult compacted,
                       maintenance.Compact("t", {.scratch = root_ + "/scratch"}));
  EXPECT_EQ(compacted.attempts, 2);
  EXPECT_EQ(compacted.rows, 2);
  EXPECT_THAT(Rows(), ElementsAre("2|1970-01-02|mine", "3|1970-01-02|c"));
  EXPECT_THAT(Scan().deletes, ::testing::IsEmpty());
}

// The deletes that a compaction applied are taken back while it is under way. Its files are live as before,
// so that nothing but the snapshot tells; the delete file is none of those it removes, as it names another
// one.
TEST_F(MergeConflictTest, RowsThatARollbackBringsBackAreNotCompactedAway) {
  const LiveFile refused = Scan().data[0];
  LeaveDeletes({{"x", 0}}, refused, FileContent::kEqualityDeletes);
  ASSERT_OK(Merger().Merge(Request({"[3, 4]", "[1, 1]", R"(["c", "d"])"}, Articles())).status());
  const int64_t whole = *Load()->metadata.current_snapshot_id;
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 4U);
  for (const LiveFile& data : Scan().data) {
    if (data.file.path != refused.file.path)
      LeaveDeletes({{data.file.path, 1}, {refused.file.path, 0}}, data);
  }
  ASSERT_EQ(Rows().size(), 2U);
  InterruptOnce([&] {
    TableWriter writer = Writer();
    ASSERT_OK(writer.RollBack("t", whole).status());
  });
  TableMaintenance maintenance(*other_, *store_, clock_, random_);
  ASSERT_OK(maintenance.Compact("t", {.scratch = root_ + "/scratch"}).status());
  EXPECT_EQ(Rows(), rows);
}

TEST_F(MergeConflictTest, ACompactionStartsAgainAndKeepsWhatCame) {
  ASSERT_OK(Merger().Merge(Request({"[3]", "[1]", R"(["c"])"}, Articles())).status());
  InterruptOnce([&] {
    MergeRequest request = Request({"[1, 4]", "[1, 1]", R"(["A", "d"])"}, Articles());
    request.delete_keys = Keys("[3]");
    ASSERT_OK(Merger().Merge(request).status());
  });
  TableMaintenance maintenance(*other_, *store_, clock_, random_);
  ASSERT_OK_AND_ASSIGN(const CompactResult compacted,
                       maintenance.Compact("t", {.scratch = root_ + "/scratch"}));
  EXPECT_EQ(compacted.attempts, 2);
  EXPECT_EQ(compacted.rows, 3);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|A", "2|1970-01-02|b", "4|1970-01-02|d"));
  EXPECT_EQ(LivePaths().size(), 1U);
}

}  // namespace
}  // namespace ingesta::iceberg
