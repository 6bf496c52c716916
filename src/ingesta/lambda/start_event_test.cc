#include "ingesta/lambda/start_event.h"

#include <set>

#include "ingesta/testing/matchers.h"

namespace ingesta::lambda {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kArn[] = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/ingesta-daily";

StartEvent Event(const std::string& schedule, const std::string& time) {
  return {.schedule = schedule, .scheduled_time = time, .pipelines = {}};
}

TEST(StartEvent, ReadsWhatASchedulerSends) {
  ASSERT_OK_AND_ASSIGN(const StartEvent event,
                       ParseStartEvent(R"({"schedule": "s", "scheduled_time": "2026-11-24T02:00:00Z",
                                           "pipelines": ["ordenes", "productos"], "more": 1})"));
  EXPECT_EQ(event.schedule, "s");
  EXPECT_EQ(event.scheduled_time, "2026-11-24T02:00:00Z");
  EXPECT_THAT(event.pipelines, ElementsAre("ordenes", "productos"));
}

TEST(StartEvent, RefusesWhatDoesNotSayWhichRunItIs) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {"{}", "`schedule` is missing"},
      {R"({"schedule": 5, "scheduled_time": "2026-11-24T02:00:00Z"})", "`schedule` is missing"},
      {R"({"schedule": "<aws.scheduler.schedule-arn>", "scheduled_time": "2026-11-24T02:00:00Z"})",
       "not filled in"},
      {R"({"schedule": "s"})", "no time: ''"},
      {R"({"schedule": "s", "scheduled_time": "<aws.scheduler.scheduled-time>"})", "no time: '<aws"},
      {R"({"schedule": "s", "scheduled_time": "2026-11-24T02:00:00Z", "pipelines": "a"})", "no list"},
      {R"({"schedule": "s", "scheduled_time": "2026-11-24T02:00:00Z", "pipelines": [1]})", "else than names"},
  };
  for (const auto& [json, message] : cases) {
    SCOPED_TRACE(json);
    const Status status = ParseStartEvent(json).status();
    EXPECT_ERROR_CODE(ErrorCode::kUsage, status);
    EXPECT_THAT(status.message(), HasSubstr(message));
    EXPECT_THAT(HintOf(status), HasSubstr("<aws.scheduler.scheduled-time>"));
  }
}

TEST(StartEvent, EveryTryOfATimeIsTheSameRun) {
  const StartEvent event = Event(kArn, "2026-11-24T02:00:00Z");
  EXPECT_EQ(RunIdOf(event), RunIdOf(event));
  EXPECT_THAT(RunIdOf(event), HasSubstr("20261124T020000Z-"));
  EXPECT_EQ(ClientTokenOf(event, "ordenes"), ClientTokenOf(event, "ordenes"));
}

TEST(StartEvent, OtherSchedulesTimesAndPipelinesAreOtherTasks) {
  const std::string arn = kArn;
  std::set<std::string> tokens;
  std::set<std::string> runs;
  for (const std::string& schedule : {arn, arn + "-2"}) {
    for (const char* time : {"2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"}) {
      const StartEvent event = Event(schedule, time);
      runs.insert(RunIdOf(event));
      for (const char* pipeline : {"productos", "ordenes", ""}) tokens.insert(ClientTokenOf(event, pipeline));
    }
  }
  EXPECT_EQ(runs.size(), 4);
  EXPECT_EQ(tokens.size(), 12);
}

TEST(StartEvent, TokensAndRunIdsAreWhatEcsTakes) {
  const StartEvent event = Event(std::string(1600, 'x'), "2026-11-24T02:00:00.5+01:00");
  const std::string token = ClientTokenOf(event, std::string(300, 'y'));
  EXPECT_EQ(token.size(), 64);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  // `startedBy`: letters, digits, hyphens; the run id of a run is as narrow.
  EXPECT_EQ(RunIdOf(event).substr(0, 17), "20261124T010000Z-");
  EXPECT_EQ(RunIdOf(event).size(), 29);
}

}  // namespace
}  // namespace ingesta::lambda
