#include "ingesta/catalog/lake_maintenance.h"

#include <atomic>
#include <thread>

#include "ingesta/catalog/iceberg/merge_test_fixture.h"
#include "ingesta/catalog/iceberg_tables.h"

namespace ingesta::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LakeMaintenanceTest : public iceberg::MergeTest {
 protected:
  void Add(int64_t id, const std::string& table = "t") {
    iceberg::MergeRequest request =
        Request({fmt::format("[{}]", id), "[1]", fmt::format("[\"{}\"]", id)}, Articles());
    request.table = table;
    ASSERT_OK(Merger().Merge(request).status());
  }
  LakeMaintenanceOptions Options() {
    LakeMaintenanceOptions options;
    options.snapshot_age = options.orphan_age = std::chrono::hours(24);
    options.keep_snapshots = 1;
    options.scratch_folder = root_ + "/scratch";
    return options;
  }
  std::vector<MaintainedTable> Maintain(const std::vector<std::string>& datasets,
                                        const LakeMaintenanceOptions& options) {
    return MaintainLake(datasets, options, {*catalog_, *store_, clock_, random_});
  }
};

TEST_F(LakeMaintenanceTest, ADryRunTellsWhatIsThenDone) {
  for (int64_t id = 1; id <= 3; ++id) Add(id);
  ASSERT_OK(store_->Write(prefix_ + "t/data/dead.parquet", "dead", std::nullopt).status());
  clock_.Advance(std::chrono::hours(48));
  const auto rows = Rows();
  LakeMaintenanceOptions options = Options();
  options.dry_run = true;
  const auto planned = Maintain({"t"}, options);
  ASSERT_THAT(planned, SizeIs(1));
  EXPECT_OK(planned[0].status);
  EXPECT_TRUE(planned[0].changed());
  EXPECT_EQ(planned[0].compacted_files, 3);
  EXPECT_THAT(planned[0].expired_snapshots, SizeIs(2));
  EXPECT_THAT(planned[0].orphans, ElementsAre(prefix_ + "t/data/dead.parquet"));
  EXPECT_EQ(planned[0].orphan_bytes, 4);
  EXPECT_THAT(Load()->metadata.snapshots, SizeIs(3));
  EXPECT_THAT(DataKeys(), SizeIs(4));

  options.dry_run = false;
  const auto done = Maintain({"t"}, options);
  EXPECT_OK(done[0].status);
  EXPECT_EQ(done[0].compacted_files, planned[0].compacted_files);
  EXPECT_EQ(done[0].bytes_before, planned[0].bytes_before);
  EXPECT_EQ(done[0].written_files, 1);
  EXPECT_EQ(done[0].orphans, planned[0].orphans);
  // The state before the compaction is an old one now, too.
  EXPECT_THAT(done[0].expired_snapshots, SizeIs(3));
  EXPECT_THAT(done[0].left, IsEmpty());
  EXPECT_EQ(Rows(), rows);
  EXPECT_THAT(DataKeys(), SizeIs(1));
  EXPECT_FALSE(Maintain({"t"}, options)[0].changed());
}

TEST_F(LakeMaintenanceTest, EachStepCanBeLeftOut) {
  for (int64_t id = 1; id <= 2; ++id) Add(id);
  ASSERT_OK(store_->Write(prefix_ + "t/data/dead.parquet", "dead", std::nullopt).status());
  clock_.Advance(std::chrono::hours(48));
  LakeMaintenanceOptions options = Options();
  options.compact = options.expire_snapshots = options.remove_orphans = false;
  EXPECT_FALSE(Maintain({"t"}, options)[0].changed());
  options.remove_orphans = true;
  EXPECT_THAT(Maintain({"t"}, options)[0].orphans, SizeIs(1));
  options.expire_snapshots = true;
  EXPECT_THAT(Maintain({"t"}, options)[0].expired_snapshots, SizeIs(1));
  EXPECT_THAT(LivePaths(), SizeIs(2));
}

TEST_F(LakeMaintenanceTest, OneTablesFailureKeepsNoOtherFromBeingMaintained) {
  for (int64_t id = 1; id <= 2; ++id) Add(id);
  for (int64_t id = 1; id <= 2; ++id) Add(id, "broken");
  const auto broken = *catalog_->Load("broken");
  const auto list = store_->KeyOf(broken->metadata.current_snapshot()->manifest_list);
  ASSERT_OK(store_->Delete(*list));
  const auto done = Maintain({"broken", "none", "t"}, Options());
  ASSERT_THAT(done, SizeIs(3));
  EXPECT_THAT(done[0].status.message(), HasSubstr(*list));
  EXPECT_FALSE(done[0].changed());
  EXPECT_OK(done[1].status);
  EXPECT_FALSE(done[1].exists);
  EXPECT_OK(done[2].status);
  EXPECT_EQ(done[2].dataset, "t");
  EXPECT_EQ(done[2].compacted_files, 2);
}

// Runs that merge and maintenance at once: no row is lost. (The long race is iceberg's.)
TEST_F(LakeMaintenanceTest, IsSafeBesideRunsThatMerge) {
  constexpr int64_t kRuns = 25;
  std::atomic<bool> finished = false;
  std::thread runs([&] {
    IcebergTables tables(*catalog_, *store_, clock_, random_);
    EXPECT_OK(MakeDirs(root_ + "/runs"));
    for (int64_t run = 1; run <= kRuns; ++run) {
      DatasetVersion dataset;
      dataset.name = "t";
      dataset.schema = Articles();
      dataset.primary_key = {"id"};
      dataset.write_disposition = "merge";
      const auto rows = {fmt::format("[{}, {}]", run, run / 2), std::string("[1, 1]"),
                         fmt::format(R"(["{0}", "{0}"])", run)};
      dataset.files = {{.format = "iceberg", .local_path = LocalFile(Articles(), rows), .rows = 2}};
      const auto committed = tables.Commit({.pipeline = "p",
                                            .run_id = std::to_string(run),
                                            .timestamp = "20261124_020000",
                                            .scratch_folder = root_ + "/runs",
                                            .datasets = {dataset}});
      EXPECT_OK(committed.status());
      clock_.Advance(std::chrono::hours(1));
    }
    finished = true;
  });
  testing::SeededRandom random(7);
  LakeMaintenanceOptions options = Options();
  int compactions = 0;
  while (!finished) {
    const auto done = MaintainLake({"t"}, options, {*catalog_, *store_, clock_, random});
    EXPECT_OK(done[0].status);
    compactions += done[0].compacted_files > 0;
  }
  runs.join();
  EXPECT_GT(compactions, 0);
  std::map<int64_t, int64_t> last;
  for (int64_t run = 1; run <= kRuns; ++run) last[run] = last[run / 2] = run;
  std::vector<std::string> expected;
  for (const auto& [id, run] : last) expected.push_back(fmt::format("{}|1970-01-02|{}", id, run));
  EXPECT_THAT(Rows(), ::testing::UnorderedElementsAreArray(expected));
}

}  // namespace
}  // namespace ingesta::catalog
