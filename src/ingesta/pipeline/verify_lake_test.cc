#include "ingesta/pipeline/verify_lake.h"

#include <gmock/gmock.h>

#include "ingesta/pipeline/lake_runs.h"
#include "ingesta/pipeline/lease.h"
#include "ingesta/pipeline/publish_test_fixture.h"

namespace ingesta::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyLakeTest : public LocalLakeTest {
 protected:
  VerifyLakeTest() {
    pipeline_.name = "p";
    config::ResourceSpec resource;
    resource.name = "t";
    pipeline_.resources.push_back(resource);
  }

  DatasetFile Put(const std::string& format, const std::string& key, const std::string& text,
                  const std::string& partition = "") {
    EXPECT_OK(store_->Write(key, text, std::nullopt).status());
    DatasetFile file;
    file.format = format;
    file.key = key;
    file.partition = partition;
    file.replaces = !partition.empty();
    file.rows = 1;
    file.bytes = static_cast<int64_t>(text.size());
    file.crc32 = Crc32(text);
    return file;
  }

  RunRecord Record(const std::string& run_id, const std::string& timestamp, std::vector<DatasetFile> files) {
    RunRecord record;
    record.run_id = run_id;
    record.pipeline = "p";
    record.status = RunStatus::kSucceeded;
    record.timestamp = timestamp;
    DatasetRecord dataset;
    dataset.name = "t";
    dataset.rows = 1;
    dataset.shape.write_disposition = "replace";
    dataset.shape.partition_by = partition_by_;
    dataset.files = std::move(files);
    record.datasets.push_back(std::move(dataset));
    return record;
  }

  void WriteManifest(const RunRecord& record) {
    EXPECT_OK(store_->Write(ManifestKey(record.pipeline, record.run_id), ToJson(record, false), std::nullopt)
                  .status());
  }

  VerifyReport Verify(bool checksums = false) {
    auto report = VerifyLake(pipeline_, {.root = root_, .checksums = checksums}, *store_, *catalog_, stop_);
    EXPECT_OK(report.status());
    return report.ok() ? *std::move(report) : VerifyReport{};
  }

  /// `kind key`, for each finding.
  std::vector<std::string> Findings(bool checksums = false) {
    std::vector<std::string> seen;
    for (const catalog::Finding& finding : Verify(checksums).findings) {
      const std::string key = finding.object.substr(finding.object.find(root_) == 0 ? root_.size() + 1 : 0);
      seen.push_back(std::string(catalog::FindingKindName(finding.kind)) + " " + key);
    }
    return seen;
  }

  config::PipelineSpec pipeline_;
  config::PartitionSpec partition_by_;
  StopSource stop_;
};

TEST_F(VerifyLakeTest, APartitionIsItsNewestRuns) {
  const std::string key = "parquet/t/fecha=2026-11-24/t.parquet";
  WriteManifest(Record("r1", "20261124_020000", {Put("parquet", key, "first run", "fecha=2026-11-24")}));
  WriteManifest(Record("r2", "20261124_060000", {Put("parquet", key, "second", "fecha=2026-11-24")}));
  EXPECT_THAT(Findings(/*checksums=*/true), IsEmpty());
  Put("parquet", key, "first run");
  EXPECT_THAT(Findings(), ElementsAre("hole " + key));
}

TEST_F(VerifyLakeTest, ASupersededRunsPartitionsWereNeverPut) {
  RunRecord late = Record("late", "20261123_020000", {});
  DatasetFile never;
  never.format = "parquet";
  never.key = "parquet/t/fecha=2026-11-23/t.parquet";
  never.partition = "fecha=2026-11-23";
  never.replaces = true;
  never.rows = 1;
  late.datasets[0].files = {never};
  late.superseded = true;
  WriteManifest(late);
  EXPECT_THAT(Findings(), IsEmpty());
  late.superseded = false;
  WriteManifest(late);
  EXPECT_THAT(Findings(), ElementsAre("hole " + never.key));
}

TEST_F(VerifyLakeTest, APartitionOfSeveralFilesIsItsNewestRuns) {
  const std::string partition = "fecha=2026-11-24";
  const auto put = [&](const std::string& folder) {
    DatasetFile file = Put("parquet", "parquet/t/" + folder + "/t.parquet", folder, partition);
    file.replaces = false;
    return file;
  };
  const DatasetFile single = Put("parquet", "parquet/t/" + partition + "/t.parquet", "single", partition);
  const DatasetFile first = put("20261124_040000/" + partition), second = put("20261124_060000/" + partition);
  WriteManifest(Record("r0", "20261124_020000", {single}));
  WriteManifest(Record("r1", "20261124_040000", {first}));
  WriteManifest(Record("r2", "20261124_060000", {second}));
  EXPECT_THAT(Findings(/*checksums=*/true), IsEmpty());
  ASSERT_OK(store_->Delete(single.key));
  ASSERT_OK(store_->Delete(first.key));
  EXPECT_THAT(Findings(), IsEmpty());
  ASSERT_OK(store_->Delete(second.key));
  EXPECT_THAT(Findings(), ElementsAre("hole " + second.key));
}

TEST_F(VerifyLakeTest, APartitionWithoutRowsNowHasAnotherSize) {
  partition_by_ = {.column = "dia", .transform = "day", .timezone = "UTC", .name = "dia"};
  const std::string gone = "parquet/t/dia=2026-11-23/t.parquet";
  WriteManifest(Record("r1", "20261124_020000", {Put("parquet", gone, "had rows", "dia=2026-11-23")}));
  WriteManifest(Record("r2", "20261125_020000",
                       {Put("parquet", "parquet/t/dia=2026-11-25/t.parquet", "rows", "dia=2026-11-25")}));
  Put("parquet", gone, "none");
  EXPECT_THAT(Findings(/*checksums=*/true), IsEmpty());
  ASSERT_OK(store_->Delete(gone));
  EXPECT_THAT(Findings(), ElementsAre("hole " + gone));
}

TEST_F(VerifyLakeTest, ARunThatWasCutOffWhileItSwitchedIsStaleAndItsPartitionsEither) {
  const std::string key = "parquet/t/fecha=2026-11-24/t.parquet";
  WriteManifest(Record("r1", "20261124_020000", {Put("parquet", key, "first run", "fecha=2026-11-24")}));
  RunRecord second = Record("r2", "20261124_060000", {Put("parquet", key, "second", "fecha=2026-11-24")});
  second.tables_done = false;
  WriteManifest(second);
  for (const char* there : {"first run", "second"}) {
    Put("parquet", key, there);
    EXPECT_THAT(Findings(), ElementsAre("stale _ingesta/runs/p/r2.json")) << there;
  }
}

TEST_F(VerifyLakeTest, WhatARunIsPublishingIsNoOrphan) {
  Put("csv", "t/t_20261124_020000.csv", "id\n1\n");
  EXPECT_THAT(Findings(), ElementsAre("orphan t/t_20261124_020000.csv"));
  {
    ASSERT_OK_AND_ASSIGN(const auto lock, LocalLock::Acquire(root_, "p"));
    ASSERT_OK_AND_ASSIGN(const auto lease,
                         Lease::Acquire(*store_, "p", "r1", *lock, {}, clock_, stop_, log_));
    const VerifyReport report = Verify();
    EXPECT_THAT(report.findings, IsEmpty());
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("run r1 holds the lease of p: 1 objects")));
  }
  EXPECT_THAT(Findings(), ElementsAre("orphan t/t_20261124_020000.csv"));
  // Nor what waits in the spool for the next run.
  const RunSpool spool(root_, "p", "r1");
  ASSERT_OK(spool.Open());
  ASSERT_OK(spool.SavePrepared(
      Record("r1", "20261124_020000", {Put("csv", "t/t_20261124_020000.csv", "id\n1\n")})));
  const VerifyReport report = Verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("run r1 waits in the spool")));
}

TEST_F(VerifyLakeTest, AnotherPipelinesFilesAreNoOrphans) {
  RunRecord other = Record("r1", "20261124_020000", {Put("csv", "t/t_20261124_020000.csv", "id\n1\n")});
  other.pipeline = "q";
  WriteManifest(other);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(VerifyLakeTest, RowsOfTheFilesAgreeWithTheDatasets) {
  RunRecord record = Record("r1", "20261124_020000", {Put("csv", "t/t_20261124_020000.csv", "id\n1\n")});
  ASSERT_OK(store_
                ->Write("symlink/t/symlink.txt", store_->Location(record.datasets[0].files[0].key) + "\n",
                        std::nullopt)
                .status());
  WriteManifest(record);
  EXPECT_THAT(Findings(), IsEmpty());
  record.datasets[0].rows = 2;
  WriteManifest(record);
  EXPECT_THAT(Findings(), ElementsAre("hole _ingesta/runs/p/r1.json"));
}

TEST_F(VerifyLakeTest, ABrokenManifestIsAHoleAndAFailedRunIsNone) {
  RunRecord failed = Record("r1", "20261124_020000", {});
  DatasetFile never;
  never.format = "csv";
  never.key = "t/never.csv";
  failed.datasets[0].files = {never};
  failed.status = RunStatus::kFailed;
  WriteManifest(failed);
  EXPECT_THAT(Findings(), IsEmpty());
  ASSERT_OK(store_->Write("_ingesta/runs/p/r2.json", "{\"run_id\":", std::nullopt).status());
  EXPECT_THAT(Findings(), ElementsAre("hole _ingesta/runs/p/r2.json"));
}

TEST_F(VerifyLakeTest, StopsWhenItIsTold) {
  stop_.RequestStop("SIGTERM");
  EXPECT_ERROR_CODE(ErrorCode::kCancelled,
                    VerifyLake(pipeline_, {.root = root_, .checksums = false}, *store_, *catalog_, stop_));
}

}  // namespace
}  // namespace ingesta::pipeline
