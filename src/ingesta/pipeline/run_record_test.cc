#include "ingesta/pipeline/run_record.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

RunRecord Sample() {
  RunRecord record;
  record.run_id = "r1";
  record.pipeline = "productos";
  record.status = RunStatus::kSucceeded;
  record.timestamp = "20261124_020000";
  DatasetRecord dataset;
  dataset.name = "productos";
  dataset.rows = 3;
  dataset.rejected = 1;
  dataset.completeness = {.verdict = Verdict::kRepaired, .total_before = 4, .distinct_keys = 4, .passes = 2};
  dataset.unknown_fields = {{"web", 2}};
  dataset.files.push_back({.format = "csv",
                           .key = "productos/x.csv",
                           .spool_path = "p.csv",
                           .rows = 3,
                           .bytes = 99,
                           .crc32 = 0xdeadbeef});
  dataset.quarantine = DatasetFile{.format = "jsonl", .rows = 1};
  dataset.expectations.push_back({.suite = "productos",
                                  .file = "expectations/productos.json",
                                  .rows = 3,
                                  .quarantined = 1,
                                  .met = 1,
                                  .total = 2,
                                  .failure = "not met",
                                  .unmet = {{.type = "expect_column_to_exist",
                                             .subject = "id",
                                             .policy = "fail",
                                             .finding = "observed 1",
                                             .unexpected = 1,
                                             .elements = 3,
                                             .quarantined = 1}}});
  dataset.validations.push_back(DatasetFile{.format = "validation", .spool_path = "p.validation1.json"});
  record.datasets.push_back(dataset);
  record.errors.push_back({"timeout", "source", "productos", "slow", "wait"});
  return record;
}

TEST(RunRecord, SurvivesJson) {
  ASSERT_OK_AND_ASSIGN(const RunRecord read, RunRecordFromJson(ToJson(Sample(), /*with_spool=*/true)));
  EXPECT_EQ(ToJson(read, true), ToJson(Sample(), true));
  EXPECT_EQ(read.datasets.front().files.front().crc32, 0xdeadbeefU);
  EXPECT_EQ(read.datasets.front().files.front().spool_path, "p.csv");
  EXPECT_EQ(read.TotalRejected(), 1);
}

TEST(RunRecord, KeepsSpoolPathsOutOfTheManifest) {
  EXPECT_THAT(ToJson(Sample(), false), ::testing::Not(::testing::HasSubstr("spool_path")));
}

TEST(RunRecord, RefusesWhatIsNoRecord) {
  for (const char* text : {"", "{}", "[1]", "{\"run_id\":1}", "nonsense"}) {
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, RunRecordFromJson(text));
  }
}

TEST(RunRecord, ReplacesInvalidUtf8InsteadOfFailing) {
  RunRecord record = Sample();
  record.errors.front().message = "bad \xff byte";
  EXPECT_OK(RunRecordFromJson(ToJson(record, false)).status());
}

TEST(DatasetsFromJson, RefusesACheckpointOfAnotherConfiguration) {
  const std::string text = DatasetsToJson(Sample().datasets, "hash-a");
  EXPECT_OK(DatasetsFromJson(text, "hash-a").status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, DatasetsFromJson(text, "hash-b"));
}

}  // namespace
}  // namespace ingesta::pipeline
