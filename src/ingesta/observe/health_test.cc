#include "ingesta/observe/health.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::observe {
namespace {

using pipeline::RunRecord;
using pipeline::RunStatus;

constexpr const char* kNow = "2026-11-24T12:00:00.000Z";

config::PipelineSpec Ordenes() {
  config::PipelineSpec pipeline;
  pipeline.name = "ordenes";
  pipeline.file = "ingesta-ordenes/pipeline.yaml";
  config::ResourceSpec orders;
  orders.name = "ordenes";
  config::ResourceSpec lines;
  lines.name = "detalles_orden";
  lines.explode = config::ExplodeSpec{.resource = "ordenes", .path = "items"};
  config::ResourceSpec customers;
  customers.name = "clientes";
  pipeline.resources = {orders, lines, customers};
  return pipeline;
}

RunRecord RunOf(const std::string& id, const std::string& finished_at, RunStatus status,
                const std::vector<std::string>& datasets, int64_t rows = 100) {
  RunRecord run;
  run.run_id = id;
  run.status = status;
  run.started_at = finished_at;
  run.finished_at = finished_at;
  for (const std::string& name : datasets) run.datasets.push_back({.name = name, .rows = rows});
  return run;
}

RunRecord Failed(const std::string& id, const std::string& at, const std::string& dataset,
                 const std::string& code = "timeout") {
  RunRecord run = RunOf(id, at, RunStatus::kFailed, {});
  run.errors.push_back({code, "source", dataset, "it took too long", "wait"});
  return run;
}

PipelineHealth Assess(const PipelineFacts& facts, Millis max_age = std::chrono::hours(26)) {
  return AssessPipeline(Ordenes(), facts, {.now = *ParseRfc3339(kNow), .max_age = max_age});
}

const std::vector<std::string> kAll = {"ordenes", "detalles_orden", "clientes"};

TEST(AssessPipeline, IsFineAfterASuccessThatIsYoung) {
  PipelineFacts facts;
  facts.runs.records = {RunOf("r2", "2026-11-24T02:00:00.000Z", RunStatus::kSucceeded, kAll, 120),
                        RunOf("r1", "2026-11-23T02:00:00.000Z", RunStatus::kSucceeded, kAll, 100)};
  const PipelineHealth health = Assess(facts);
  EXPECT_TRUE(health.IsFine());
  EXPECT_EQ(health.datasets[0].last_success->run_id, "r2");
  EXPECT_EQ(health.datasets[0].age, std::chrono::hours(10));
  EXPECT_EQ(health.datasets[0].trend, (std::vector<int64_t>{100, 120}));
  EXPECT_EQ(health.next, "");
}

TEST(AssessPipeline, IsLateBeyondItsAge) {
  PipelineFacts facts;
  facts.runs.records = {RunOf("r1", "2026-11-24T02:00:00.000Z", RunStatus::kSucceeded, kAll)};
  EXPECT_TRUE(Assess(facts, std::chrono::hours(10)).IsFine());
  const PipelineHealth health = Assess(facts, std::chrono::hours(10) - Millis(1000));
  EXPECT_EQ(health.datasets[0].state, DatasetState::kLate);
  EXPECT_FALSE(health.IsFine());
  EXPECT_EQ(health.next, "ingesta run ingesta-ordenes");
}

TEST(AssessPipeline, AFailedRunConcernsEveryDataset) {
  PipelineFacts facts;
  facts.runs.records = {Failed("r2", "2026-11-24T02:00:00.000Z", "clientes"),
                        RunOf("r1", "2026-11-23T23:00:00.000Z", RunStatus::kSucceeded, kAll)};
  const PipelineHealth health = Assess(facts);
  for (const DatasetHealth& dataset : health.datasets) {
    EXPECT_EQ(dataset.state, DatasetState::kFailed) << dataset.dataset;
    EXPECT_EQ(dataset.last_run->run_id, "r2");
    EXPECT_EQ(dataset.last_success->run_id, "r1");
  }
  EXPECT_EQ(health.next, "ingesta check ingesta-ordenes");
}

TEST(AssessPipeline, APartialRunConcernsTheDatasetsThatItLacks) {
  PipelineFacts facts;
  RunRecord partial = RunOf("r2", "2026-11-24T02:00:00.000Z", RunStatus::kPartial, {"clientes"});
  partial.errors.push_back({"incomplete", "expect", "ordenes", "moved", "again"});
  facts.runs.records = {partial, RunOf("r1", "2026-11-23T23:00:00.000Z", RunStatus::kSucceeded, kAll)};
  const PipelineHealth health = Assess(facts);
  EXPECT_EQ(health.datasets[0].state, DatasetState::kFailed);
  EXPECT_EQ(health.datasets[1].state, DatasetState::kFailed) << "what explodes out of ordenes";
  EXPECT_EQ(health.datasets[2].state, DatasetState::kFine);
  EXPECT_EQ(health.next, "ingesta run ingesta-ordenes");
}

TEST(AssessPipeline, ARunOfOtherDatasetsSaysNothing) {
  PipelineFacts facts;
  facts.runs.records = {RunOf("r2", "2026-11-24T02:00:00.000Z", RunStatus::kSucceeded, {"clientes"}),
                        RunOf("r1", "2026-11-24T01:00:00.000Z", RunStatus::kSucceeded, kAll)};
  const PipelineHealth health = Assess(facts);
  EXPECT_EQ(health.datasets[0].last_run->run_id, "r1");
  EXPECT_EQ(health.datasets[2].last_run->run_id, "r2");
}

TEST(AssessPipeline, NamesTheNextCommand) {
  const RunRecord good = RunOf("r1", "2026-11-24T02:00:00.000Z", RunStatus::kSucceeded, kAll);
  RunRecord rejected = good;
  rejected.datasets[2].rejected = 5;
  RunRecord half = good;
  half.tables_done = false;
  const auto failed = [&](const char* code) {
    return std::vector{Failed("r2", "2026-11-24T03:00:00.000Z", "ordenes", code), good};
  };
  PipelineFacts alive;
  alive.runs.records = failed("timeout");
  alive.lease = pipeline::LeaseHolder{"r3", "host", "2026-11-24T11:59:30.000Z"};
  PipelineFacts waiting;
  waiting.runs.records = failed("timeout");
  waiting.waiting = {"r2"};
  struct Case {
    PipelineFacts facts;
    std::string next;
  };
  const auto of = [](std::vector<RunRecord> records) {
    PipelineFacts facts;
    facts.runs.records = std::move(records);
    return facts;
  };
  for (const Case& one : {Case{of({good}), ""}, Case{alive, "ingesta status ingesta-ordenes --watch"},
                          Case{waiting, "ingesta resume ingesta-ordenes"},
                          Case{of(failed("too_many_rejected")), "ingesta show r2 ingesta-ordenes"},
                          Case{of(failed("unauthorized")), "ingesta check ingesta-ordenes"},
                          Case{of(failed("disk_full")), "ingesta run ingesta-ordenes"},
                          Case{of({half}), "ingesta run ingesta-ordenes"},
                          Case{of({rejected}), "ingesta show r1 ingesta-ordenes"},
                          Case{of({}), "ingesta run ingesta-ordenes"}}) {
    EXPECT_EQ(Assess(one.facts).next, one.next);
  }
}

TEST(AssessPipeline, ALeaseThatNobodyRenewsIsDead) {
  PipelineFacts facts;
  facts.lease = pipeline::LeaseHolder{"r3", "host", "2026-11-24T11:58:00.000Z"};
  const PipelineHealth health = Assess(facts);
  EXPECT_FALSE(health.running);
  ASSERT_TRUE(health.dead);
  EXPECT_EQ(health.dead->run_id, "r3");
}

TEST(AssessPipeline, TheTrendHasTheLast14Successes) {
  PipelineFacts facts;
  for (int i = 0; i < 20; ++i) {
    facts.runs.records.push_back(RunOf("r", "2026-11-24T02:00:00.000Z",
                                       i % 5 == 4 ? RunStatus::kFailed : RunStatus::kSucceeded, kAll, i));
    if (i % 5 == 4) facts.runs.records.back().errors.push_back({"timeout", "source", "", "x", ""});
  }
  const auto trend = Assess(facts).datasets[0].trend;
  ASSERT_EQ(trend.size(), kTrendRuns);
  EXPECT_EQ(trend.back(), 0);
  EXPECT_EQ(trend.front(), 16);
}

TEST(Sparkline, GoesFromZeroToTheLargest) {
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({0, 0}), "▁▁");
  EXPECT_EQ(Sparkline({0, 50, 100}), "▁▅█");
  EXPECT_EQ(Sparkline({100, 99, 0}), "██▁");
}

TEST(HumanAge, IsShort) {
  using std::chrono::seconds;
  for (const auto& [age, text] : {std::pair{seconds(-5), "0 s"},
                                  {seconds(59), "59 s"},
                                  {seconds(60), "1 min"},
                                  {seconds(7199), "1 h"},
                                  {seconds(86'400), "1 d"},
                                  {seconds(86'400 * 2 + 3600 * 4), "2 d 4 h"}}) {
    EXPECT_EQ(HumanAge(age), text);
  }
}

}  // namespace
}  // namespace ingesta::observe
