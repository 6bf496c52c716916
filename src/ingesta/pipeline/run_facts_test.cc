#include "ingesta/pipeline/run_facts.h"

#include "ingesta/pipeline/run_record.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

TEST(RetryLog, NotesEachRetryWithItsDataset) {
  testing::FakeClock clock;
  RetryLog log(clock);
  log.Begin("productos");
  log.Add("http://a/1", 1, Millis(250), MakeError(ErrorCode::kTimeout, "slow"));
  log.Begin("ordenes");
  log.Add("http://a/2", 2, Millis(1000), MakeError(ErrorCode::kRateLimited, "429"));
  EXPECT_EQ(log.throttles(), 1);
  RunFacts facts;
  log.Finish(facts);
  ASSERT_EQ(facts.retries.size(), 2U);
  EXPECT_EQ(facts.retries[0].dataset, "productos");
  EXPECT_EQ(facts.retries[0].code, "timeout");
  EXPECT_DOUBLE_EQ(facts.retries[0].wait_seconds, 0.25);
  EXPECT_EQ(facts.retries[1].attempt, 2);
}

TEST(RetryLog, CountsThrottlesOfEachDatasetAlone) {
  testing::FakeClock clock;
  RetryLog log(clock);
  log.Begin("a");
  log.Add("u", 1, Millis(1),
          MakeError({.code = ErrorCode::kHttpStatus, .stage = {}, .http_status = 503}, "x"));
  log.Add("u", 1, Millis(1),
          MakeError({.code = ErrorCode::kHttpStatus, .stage = {}, .http_status = 500}, "x"));
  EXPECT_EQ(log.throttles(), 1);
  log.Begin("b");
  EXPECT_EQ(log.throttles(), 0);
}

TEST(RetryLog, KeepsTheFirstNotesAndCountsTheOthers) {
  testing::FakeClock clock;
  RetryLog log(clock);
  const std::string long_message(5000, 'x');
  for (size_t i = 0; i < RetryLog::kMaxNotes + 7; ++i) {
    log.Add("u", static_cast<int>(i), Millis(1), MakeError(ErrorCode::kTimeout, long_message));
  }
  RunFacts facts;
  log.Finish(facts);
  EXPECT_EQ(facts.retries.size(), RetryLog::kMaxNotes);
  EXPECT_EQ(facts.retries_left_out, 7);
  EXPECT_EQ(facts.retries.back().attempt, static_cast<int>(RetryLog::kMaxNotes) - 1);
  EXPECT_LT(facts.retries.front().message.size(), long_message.size());
}

TEST(StageTimer, AddsUpEachStageAndNothingWhileItStands) {
  testing::FakeClock clock;
  StageTimer timer(clock);
  for (int page = 0; page < 2; ++page) {
    timer.Enter(Stage::kSource);
    clock.Sleep(Millis(300));
    timer.Enter(Stage::kDecode);
    clock.Sleep(Millis(100));
  }
  timer.Leave();
  clock.Sleep(Millis(5000));
  timer.Leave();
  EXPECT_EQ(timer.seconds().size(), 2U);
  EXPECT_DOUBLE_EQ(timer.seconds().at("source"), 0.6);
  EXPECT_DOUBLE_EQ(timer.seconds().at("decode"), 0.2);
}

TEST(StepTimer, EndsOnce) {
  testing::FakeClock clock;
  RunFacts facts;
  {
    StepTimer step(facts, clock, "extract", "productos");
    clock.Sleep(Millis(1500));
    step.End();
    clock.Sleep(Millis(9000));
  }
  ASSERT_EQ(facts.steps.size(), 1U);
  EXPECT_EQ(facts.steps[0].dataset, "productos");
  EXPECT_DOUBLE_EQ(facts.steps[0].seconds, 1.5);
}

TEST(RunFacts, SurviveTheManifestAndAreAbsentInOldOnes) {
  RunRecord record;
  record.facts.steps.push_back({"store", "", "2026-11-24T02:00:00.000Z", 1.25});
  record.facts.retries.push_back(
      {"2026-11-24T02:00:00.000Z", "productos", "http://a/", 1, 0.5, "timeout", "slow"});
  record.facts.retries_left_out = 3;
  record.facts.store_requests = {{"PutObject", 7}};
  record.datasets.push_back({.name = "productos", .throttles = 2, .stage_seconds = {{"source", 0.5}}});
  const std::string text = ToJson(record, false);
  ASSERT_OK_AND_ASSIGN(const RunRecord read, RunRecordFromJson(text));
  EXPECT_EQ(ToJson(read, false), text);
  EXPECT_EQ(read.datasets.front().throttles, 2);
  EXPECT_EQ(read.facts.store_requests.at("PutObject"), 7);

  std::string old = text;
  for (const auto& [begin, end] : {std::pair("\"steps\"", "\"store_requests\": {"),
                                   std::pair("\"stage_seconds\"", "\"completeness\"")}) {
    const size_t from = old.find(begin);
    size_t to = old.find(end);
    ASSERT_NE(to, std::string::npos);
    if (std::string_view(end).ends_with('{')) {
      to = old.find('}', to) + 1;
      const size_t comma = old.rfind(',', from);
      old.erase(comma, to - comma);
    } else {
      old.erase(from, to - from);
    }
  }
  ASSERT_OK_AND_ASSIGN(const RunRecord of_old, RunRecordFromJson(old));
  EXPECT_TRUE(of_old.facts.steps.empty());
  EXPECT_TRUE(of_old.datasets.front().stage_seconds.empty());
}

}  // namespace
}  // namespace ingesta::pipeline
