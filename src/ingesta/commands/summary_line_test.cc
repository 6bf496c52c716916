#include "ingesta/commands/summary_line.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ingesta::commands {
namespace {

using nlohmann::json;
using pipeline::DatasetRecord;
using pipeline::RunOutcome;
using pipeline::RunRecord;
using pipeline::RunStatus;

RunRecord LineRecord(const std::string& pipeline, RunStatus status, int64_t rows, int64_t rejected = 0) {
  RunRecord record;
  record.pipeline = pipeline;
  record.run_id = "r-" + pipeline;
  record.status = status;
  record.store = "s3://lake";
  DatasetRecord dataset;
  dataset.name = pipeline;
  dataset.rows = rows;
  dataset.rejected = rejected;
  dataset.quarantine.emplace().key = "_ingesta/quarantine/" + pipeline + ".jsonl";
  record.datasets.push_back(dataset);
  return record;
}

RunOutcome LineOutcome(RunRecord record, Status status = Status::OK()) {
  RunOutcome outcome;
  outcome.record = std::move(record);
  outcome.status = std::move(status);
  return outcome;
}

/// The line's JSON; the test fails where it is not one line.
json Parsed(const std::vector<RunOutcome>& outcomes, int exit_code) {
  const std::string line = OutcomesToLogLine(outcomes, exit_code, SystemTime{});
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return json::parse(line);
}

TEST(SummaryLine, AddsUpWhatWasPublished) {
  RunOutcome second = LineOutcome(LineRecord("ordenes", RunStatus::kSucceeded, 20, 2));
  second.recovered.push_back(LineRecord("ordenes", RunStatus::kSucceeded, 7));
  const json line = Parsed({LineOutcome(LineRecord("productos", RunStatus::kSucceeded, 1000)), second}, 3);
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "done; 1,027 rows, 2 more in quarantine");
  EXPECT_EQ(line["exit_code"], 3);
  EXPECT_EQ(line["rows"], 1027);
  EXPECT_EQ(line["rejected"], 2);
  ASSERT_EQ(line["runs"].size(), 3U);
  EXPECT_EQ(line["runs"][1]["status"], "recovered");
  EXPECT_EQ(line["runs"][2]["datasets"][0]["quarantine"], "_ingesta/quarantine/ordenes.jsonl");
  EXPECT_FALSE(line["runs"][0]["datasets"][0].contains("quarantine"));
}

TEST(SummaryLine, TellsARunThatFailedFromOneThatFoundAnotherAtWork) {
  const Status down = MakeError(ErrorCode::kConnectFailed, "said \"no\"\nand \xff", "see that it runs");
  const json failed = Parsed({LineOutcome(LineRecord("productos", RunStatus::kFailed, 12), down)}, 1);
  EXPECT_EQ(failed["level"], "error");
  EXPECT_EQ(failed["message"], "failed: productos; 0 rows");
  EXPECT_EQ(failed["runs"][0]["status"], "failed");
  EXPECT_EQ(failed["runs"][0]["error"]["code"], "connect_failed");
  EXPECT_EQ(failed["runs"][0]["error"]["hint"], "see that it runs");

  const Status busy = MakeError(ErrorCode::kLeaseHeld, "another run");
  const json held = Parsed({LineOutcome(LineRecord("productos", RunStatus::kFailed, 0), busy)}, 4);
  EXPECT_EQ(held["level"], "warning");
  EXPECT_EQ(held["message"], "already at work elsewhere: productos; 0 rows");
  EXPECT_EQ(held["runs"][0]["status"], "lease_held");
}

TEST(SummaryLine, CountsARepeatedRunForTheRunThatReadIt) {
  RunOutcome outcome = LineOutcome(LineRecord("productos", RunStatus::kSucceeded, 10));
  outcome.already_done = true;
  const json line = Parsed({outcome}, 0);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["rows"], 0);
  EXPECT_EQ(line["runs"][0]["status"], "done_before");
  EXPECT_EQ(line["runs"][0]["datasets"][0]["rows"], 10);
}

}  // namespace
}  // namespace ingesta::commands
