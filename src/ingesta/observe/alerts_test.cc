#include "ingesta/observe/alerts.h"

#include <gmock/gmock.h>

#include "ingesta/testing/matchers.h"

namespace ingesta::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr SystemTime kAlertNow{std::chrono::seconds(1'795'521'600)};  // 2026-11-24T12:00:00Z

config::PipelineSpec Productos() {
  config::PipelineSpec pipeline;
  pipeline.name = "productos";
  pipeline.file = "ingesta-productos/pipeline.yaml";
  return pipeline;
}

pipeline::RunRecord Published(int64_t rows, const std::string& finished_at = "2026-11-24T02:00:00.000Z") {
  pipeline::RunRecord run;
  run.run_id = "r";
  run.pipeline = "productos";
  run.status = pipeline::RunStatus::kSucceeded;
  run.finished_at = finished_at;
  run.datasets.push_back({.name = "productos", .rows = rows});
  return run;
}

pipeline::RunOutcome Good(int64_t rows = 1000) {
  pipeline::RunOutcome outcome;
  outcome.record = Published(rows);
  return outcome;
}

pipeline::RunOutcome Bad(ErrorCode code = ErrorCode::kTimeout) {
  pipeline::RunOutcome outcome;
  outcome.record.run_id = "bad";
  outcome.record.pipeline = "productos";
  outcome.status = MakeError(code, "the service did not answer", "look at it");
  outcome.record.errors.push_back(pipeline::ToRunError(outcome.status, "productos"));
  return outcome;
}

std::vector<std::string> Keys(const std::vector<Finding>& findings) {
  std::vector<std::string> keys;
  for (const Finding& finding : findings) keys.push_back(finding.key);
  return keys;
}

std::vector<Finding> Find(const pipeline::RunOutcome& outcome,
                          const std::vector<pipeline::RunRecord>& earlier) {
  return FindProblems(Productos(), outcome, earlier, {.now = kAlertNow});
}

TEST(ExplainVolume, NeedsAHistory) {
  EXPECT_FALSE(ExplainVolume(0, {}));
  EXPECT_FALSE(ExplainVolume(0, {1000, 1000, 1000, 1000}));
  EXPECT_TRUE(ExplainVolume(0, {1000, 1000, 1000, 1000, 1000}));
}

TEST(ExplainVolume, IsRobust) {
  struct Case {
    int64_t rows;
    std::vector<int64_t> earlier;
    bool far;
  };
  const std::vector<int64_t> steady = {1000, 1010, 990, 1005, 995, 1000, 1002};
  const std::vector<int64_t> with_accident = {1000, 1010, 990, 0, 995, 1'000'000, 1002};
  const std::vector<int64_t> constant(14, 1000);
  const std::vector<int64_t> wild = {100, 5000, 800, 2500, 60, 4000, 1500};
  const std::vector<int64_t> small = {3, 3, 3, 3, 3};
  for (const Case& one : {Case{1003, steady, false}, Case{1100, steady, true}, Case{0, steady, true},
                          Case{1003, with_accident, false}, Case{0, with_accident, true},
                          Case{1049, constant, false}, Case{1051, constant, true}, Case{949, constant, true},
                          Case{6000, wild, false}, Case{7, small, false}, Case{9, small, true}}) {
    EXPECT_EQ(ExplainVolume(one.rows, one.earlier).has_value(), one.far)
        << one.rows << " after " << ::testing::PrintToString(one.earlier);
  }
}

TEST(ExplainVolume, SaysHowItJudged) {
  const auto text = ExplainVolume(500, {1000, 1010, 990, 1005, 995});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("500 rows, while the last 5 runs had 1,000 in the middle"));
  EXPECT_THAT(*text, HasSubstr("z-score of -50.0"));  // spread 10: 1 % of the median, above 1.4826 * 5
}

TEST(FindProblems, NamesAFailureByItsCodeAndDataset) {
  const auto findings = Find(Bad(), {Published(1000)});
  ASSERT_THAT(Keys(findings), ::testing::ElementsAre("failed:timeout:productos"));
  EXPECT_THAT(findings[0].text, HasSubstr("the service did not answer"));
  EXPECT_THAT(findings[0].text, HasSubstr("What helps: look at it"));
  EXPECT_THAT(findings[0].text, HasSubstr("ingesta show bad ingesta-productos/pipeline.yaml"));
}

TEST(FindProblems, AFailureLongAfterTheLastSuccessIsLateToo) {
  EXPECT_THAT(Keys(Find(Bad(), {Published(1000, "2026-11-22T02:00:00.000Z")})),
              ::testing::ElementsAre("failed:timeout:productos", "late"));
}

TEST(FindProblems, JudgesVolumeAgainstPublishedRunsOnly) {
  std::vector<pipeline::RunRecord> earlier(6, Published(1000));
  pipeline::RunRecord failed = Published(0);
  failed.status = pipeline::RunStatus::kFailed;
  earlier.insert(earlier.begin(), 6, failed);
  EXPECT_THAT(Keys(Find(Good(1001), earlier)), IsEmpty());
  EXPECT_THAT(Keys(Find(Good(10), earlier)), ::testing::ElementsAre("volume:productos"));
}

TEST(FindProblems, InexactIsTold) {
  pipeline::RunOutcome outcome = Good();
  outcome.record.datasets[0].completeness.verdict = pipeline::Verdict::kInexact;
  EXPECT_THAT(Keys(Find(outcome, {})), ::testing::ElementsAre("inexact:productos"));
}

TEST(PlanAlerts, TellsTheSameThingOnceAndItsEnd) {
  const auto plan = [](const AlertState& state, const pipeline::RunOutcome& outcome) {
    return PlanAlerts(state, Find(outcome, {}), outcome, kAlertNow);
  };
  const AlertPlan first = plan({}, Bad());
  ASSERT_EQ(first.notices.size(), 1U);
  EXPECT_FALSE(first.notices[0].recovery);
  const AlertPlan second = plan(first.state, Bad());
  EXPECT_THAT(second.notices, IsEmpty());
  EXPECT_EQ(ToJson(second.state), ToJson(first.state));
  const AlertPlan other = plan(second.state, Bad(ErrorCode::kUnauthorized));
  ASSERT_EQ(other.notices.size(), 1U) << "another failure is another thing";
  EXPECT_EQ(other.state.size(), 1U);
  const AlertPlan good = plan(other.state, Good());
  ASSERT_EQ(good.notices.size(), 1U);
  EXPECT_TRUE(good.notices[0].recovery);
  EXPECT_THAT(good.notices[0].title, HasSubstr("over: productos: the run failed (unauthorized)"));
  EXPECT_TRUE(good.state.empty());
  EXPECT_THAT(plan(good.state, Good()).notices, IsEmpty());
}

TEST(PlanAlerts, AFailedRunEndsNothingThatOnlyASuccessCanJudge) {
  const AlertState open = {{"volume:productos", {"t", "2026-11-23T00:00:00.000Z", "r0"}}};
  const AlertPlan failed = PlanAlerts(open, Find(Bad(), {}), Bad(), kAlertNow);
  EXPECT_EQ(failed.state.count("volume:productos"), 1U);
  EXPECT_EQ(failed.notices.size(), 1U);
  const AlertPlan good = PlanAlerts(failed.state, {}, Good(), kAlertNow);
  EXPECT_EQ(good.notices.size(), 2U);
}

TEST(AlertState, SurvivesJsonAndForgivesGarbage) {
  const AlertState state = {{"late", {"a \"title\"", "2026-11-23T00:00:00.000Z", "r0"}}};
  EXPECT_EQ(ToJson(AlertStateFromJson(ToJson(state))), ToJson(state));
  for (const char* text : {"", "[]", "{\"open\":3}", "{\"open\":{\"a\":3}", "null"}) {
    EXPECT_TRUE(AlertStateFromJson(text).empty()) << text;
  }
}

}  // namespace
}  // namespace ingesta::observe
