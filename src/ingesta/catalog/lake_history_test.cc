#include "ingesta/catalog/lake_history.h"

#include <gmock/gmock.h>

#include "ingesta/catalog/iceberg/table_test_fixture.h"
#include "ingesta/catalog/lake_ddl.h"
#include "ingesta/catalog/lake_rollback.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PublishedFile File(const std::string& format, const std::string& key, int64_t rows,
                   const std::string& partition = "") {
  return {.format = format,
          .key = key,
          .local_path = "",
          .extension = "." + format,
          .rows = rows,
          .bytes = 5,
          .partition = partition};
}

class LakeHistoryTest : public iceberg::TableTest {
 protected:
  LakeAccess Access() { return {.tables = catalog_.get(), .glue = nullptr, .database = ""}; }

  /// A run with a CSV, a day's Parquet file and, where `ids` are given, a snapshot of them.
  void AddRun(const std::string& run_id, const std::string& day, const std::vector<int64_t>& ids,
              bool with_iceberg = true) {
    DatasetRun run{.run_id = run_id,
                   .timestamp = day + "_020000",
                   .rows = static_cast<int64_t>(ids.size()),
                   .switched = true,
                   .files = {}};
    const std::string csv = "t/t_" + run.timestamp + ".csv";
    EXPECT_OK(store_->Write(csv, "csv\n1\n", std::nullopt).status());
    run.files.push_back(File("csv", csv, run.rows));
    run.files.push_back(File("parquet", "parquet/t/fecha=" + day + "/t.parquet", run.rows, "fecha=" + day));
    if (with_iceberg) {
      const auto operation = Operation(iceberg::WriteMode::kReplace, ids, 20000, run.publication_id());
      EXPECT_OK(Writer().Commit(operation).status());
      run.files.push_back(File("iceberg", operation.files.front().key, run.rows));
    }
    EXPECT_OK(store_->Write(SymlinkKey("t"), store_->Location(csv) + "\n", std::nullopt).status());
    clock_.Advance(Millis(1000));
    history_.runs.insert(history_.runs.begin(), run);
  }

  Rollback Plan(const std::string& to) {
    auto plan = PlanRollback(history_, to, *store_, Access());
    EXPECT_OK(plan.status());
    return plan.ok() ? *plan : Rollback{};
  }

  Status Go(const Rollback& plan) { return RollBack(plan, *store_, Access(), clock_, random_); }

  std::string Symlink() { return SymlinkTargets("t", *store_).ValueOrDie().value().front(); }

  DatasetHistory history_{.pipeline = "p",
                          .dataset = {.name = "t",
                                      .schema = Columns(),
                                      .primary_key = {"id"},
                                      .write_disposition = "replace",
                                      .partition_by = {},
                                      .files = {}},
                          .runs = {}};
};

TEST(CurrentVersion, HasTheNewestFilesAndOfEachDayTheNewest) {
  DatasetHistory history;
  history.runs = {
      {"late", "20261126_000000", 9, /*switched=*/false, {File("csv", "t/late.csv", 9)}},
      {"c", "20261125_020000", 3, true, {File("csv", "t/c.csv", 3), File("parquet", "p/25", 3, "fecha=25")}},
      {"b", "20261124_060000", 2, true, {File("csv", "t/b.csv", 2), File("parquet", "p/24b", 2, "fecha=24")}},
      {"a",
       "20261124_020000",
       1,
       true,
       {File("json", "json/a.json", 1), File("parquet", "p/24a", 1, "fecha=24")}}};
  const auto keys = [&history] {
    std::vector<std::string> names;
    for (const PublishedFile& file : CurrentVersion(history).files) names.push_back(file.key);
    return names;
  };
  EXPECT_THAT(keys(), ElementsAre("t/c.csv", "json/a.json", "p/25", "p/24b"));
  history.dataset.partition_by.column = "dia";
  EXPECT_THAT(keys(), ElementsAre("t/c.csv", "json/a.json", "p/25"));
}

TEST_F(LakeHistoryTest, ShowsSnapshotsNewestFirst) {
  AddRun("r1", "20261124", {1, 2, 3});
  AddRun("r2", "20261125", {1, 2});
  ASSERT_OK_AND_ASSIGN(const TableHistory states, HistoryOf(history_, *store_, Access()));
  ASSERT_EQ(states.entries.size(), 2U);
  EXPECT_EQ(states.kind, "iceberg");
  EXPECT_EQ(states.entries[0].run_id, "r2");
  EXPECT_EQ(states.entries[0].rows_removed, 3);
  EXPECT_TRUE(states.entries[0].current);
  EXPECT_EQ(states.entries[1].run_time, "20261124_020000");
  EXPECT_EQ(states.entries[1].rows, 3);
}

TEST_F(LakeHistoryTest, ListsTablesWithTheRowsOfTheManifests) {
  AddRun("r1", "20261124", {1, 2, 3});
  AddRun("r2", "20261125", {1, 2});
  ASSERT_OK_AND_ASSIGN(const auto tables, ListTables(history_, *store_, Access()));
  std::vector<std::string> seen;
  for (const TableInfo& table : tables) {
    seen.push_back(table.name + " " + std::to_string(table.rows.value_or(-1)) + " " + table.run_id);
  }
  EXPECT_THAT(seen, ElementsAre("t 2 r2", "t_csv 5 r2", "t_csv_actual 2 r2"));
}

TEST_F(LakeHistoryTest, RollsBackTheTableAndTheSymlinkAndForwardAgain) {
  AddRun("r1", "20261124", {1, 2, 3});
  AddRun("r2", "20261125", {1, 2});
  for (const auto& [to, rows, csv] : {std::tuple("r1", 3, "t/t_20261124_020000.csv"),
                                      std::tuple("r2@20261125_020000", 2, "t/t_20261125_020000.csv")}) {
    const Rollback plan = Plan(to);
    EXPECT_EQ(plan.rows, rows);
    ASSERT_OK(Go(plan));
    EXPECT_EQ(LiveRows(), rows);
    EXPECT_EQ(Symlink(), csv);
    for (const RollbackStep& step : Plan(to).steps)
      EXPECT_FALSE(step.changes) << "done before: " << step.table;
  }
}

TEST_F(LakeHistoryTest, RollsBackToASnapshotOfAnotherProgram) {
  AddRun("r1", "20261124", {1, 2, 3});
  EXPECT_OK(Writer().Commit(Operation(iceberg::WriteMode::kReplace, {7}, 20000, "")).status());
  const std::string theirs = std::to_string(*Load()->metadata.current_snapshot_id);
  AddRun("r2", "20261125", {1, 2});
  const Rollback plan = Plan(theirs);
  EXPECT_THAT(plan.notes, Contains(HasSubstr("t_csv_actual stays as it is")));
  ASSERT_OK(Go(plan));
  EXPECT_EQ(LiveRows(), 1);
  EXPECT_EQ(Symlink(), "t/t_20261125_020000.csv");
}

TEST_F(LakeHistoryTest, SaysWhichParquetPartitionsStay) {
  AddRun("r1", "20261124", {1, 2, 3});
  AddRun("r2", "20261124", {1, 2});
  EXPECT_THAT(Plan("r1").notes,
              AllOf(Contains(HasSubstr("partition fecha=20261124 stays as run r2 left it")),
                    Not(Contains(HasSubstr("other days"))), Contains(HasSubstr("the next run replaces"))));
  AddRun("r3", "20261125", {1});
  EXPECT_THAT(Plan("r2").notes, AllOf(Not(Contains(HasSubstr("stays as run"))),
                                      Contains("t_parquet: the partitions of other days stay")));
  EXPECT_THAT(Plan("r3").notes, Not(Contains(HasSubstr("t_parquet"))));
  history_.dataset.partition_by.column = "dia";
  EXPECT_THAT(Plan("r2").notes, Contains(HasSubstr("t_parquet stays as run r3 left it")));
}

TEST_F(LakeHistoryTest, GoesBackWithoutACsvThatIsGone) {
  AddRun("r1", "20261124", {1, 2, 3});
  AddRun("r2", "20261125", {1, 2});
  ASSERT_OK(store_->Delete("t/t_20261124_020000.csv"));
  const Rollback plan = Plan("r1");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("t_20261124_020000.csv is there no more")));
  ASSERT_OK(Go(plan));
  EXPECT_EQ(LiveRows(), 3);
  EXPECT_EQ(Symlink(), "t/t_20261125_020000.csv");
}

TEST_F(LakeHistoryTest, RefusesWhatIsNotThereAndNamesWhatIs) {
  AddRun("r1", "20261124", {1});
  AddRun("r2", "20261125", {1, 2});
  DatasetRun late{
      .run_id = "late", .timestamp = "20261123_020000", .rows = 1, .switched = false, .files = {}};
  history_.runs.push_back(late);
  DatasetRun expired{
      .run_id = "old", .timestamp = "20260101_020000", .rows = 1, .switched = true, .files = {}};
  expired.files.push_back(File("csv", "t/t_20260101_020000.csv", 1));
  history_.runs.push_back(expired);
  for (const auto& [to, message, hint] :
       {std::tuple("r9", "there is no run or snapshot r9", "there are: r2, r1;"),
        std::tuple("late", "never was the table's state", "there are: r2, r1;"),
        std::tuple("old", "the snapshot of run old has expired",
                   "its rows are in t/t_20260101_020000.csv")}) {
    const auto plan = PlanRollback(history_, to, *store_, Access());
    EXPECT_ERROR_CODE(ErrorCode::kNotFound, plan);
    ASSERT_FALSE(plan.ok());
    EXPECT_THAT(plan.status().message(), HasSubstr(message));
    EXPECT_THAT(HintOf(plan.status()), HasSubstr(hint));
  }
}

TEST_F(LakeHistoryTest, WithoutIcebergTheCsvIsTheHistory) {
  AddRun("r1", "20261124", {1, 2, 3}, /*with_iceberg=*/false);
  AddRun("r2", "20261125", {1, 2}, /*with_iceberg=*/false);
  ASSERT_OK_AND_ASSIGN(TableHistory states, HistoryOf(history_, *store_, Access()));
  EXPECT_EQ(states.table, "t_csv");
  ASSERT_EQ(states.entries.size(), 2U);
  EXPECT_TRUE(states.entries[0].current);
  ASSERT_OK(Go(Plan("r1")));
  EXPECT_EQ(Symlink(), "t/t_20261124_020000.csv");
  ASSERT_OK_AND_ASSIGN(states, HistoryOf(history_, *store_, Access()));
  EXPECT_TRUE(states.entries[1].current);
}

TEST_F(LakeHistoryTest, DdlIsOfTheMomentAndFollowsTheTableWhereItCan) {
  const auto none = DdlDatasetOf(DdlEngine::kDuckdb, history_, *store_, Access());
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, none);
  AddRun("r1", "20261124", {1});
  ASSERT_OK_AND_ASSIGN(const DdlDataset duckdb,
                       DdlDatasetOf(DdlEngine::kDuckdb, history_, *store_, Access()));
  EXPECT_EQ(duckdb.iceberg_location, store_->Location("iceberg/t"));
  EXPECT_THAT(duckdb.iceberg_metadata, IsEmpty()) << "the folder leads to each next version";
  ASSERT_OK_AND_ASSIGN(const DdlDataset spark, DdlDatasetOf(DdlEngine::kSpark, history_, *store_, Access()));
  EXPECT_EQ(spark.iceberg_metadata, store_->Location("iceberg/t/metadata/v1.metadata.json"));
  ASSERT_EQ(spark.hive.partitions.size(), 1U);
  EXPECT_EQ(spark.hive.partitions[0].value, "20261124");
}

}  // namespace
}  // namespace ingesta::catalog
