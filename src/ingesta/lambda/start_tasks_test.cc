#include "ingesta/lambda/start_tasks.h"

#include <map>

#include "ingesta/lambda/lambda_test_fixture.h"
#include "ingesta/lambda/start_event.h"

namespace ingesta::lambda {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StartTasksTest : public LambdaFixture {
 protected:
  Result<std::string> Start(const std::string& event = kEvent, Millis left = Millis{30'000}) {
    ARROW_ASSIGN_OR_RAISE(const TaskSettings settings, ReadTaskSettings(environment_));
    return StartTasks(settings, event, clock_.Now() + left, {environment_, clock_, random_, log_});
  }
};

TEST_F(StartTasksTest, StartsATaskForEachPipeline) {
  ASSERT_OK_AND_ASSIGN(const std::string text, Start());
  const StartEvent event = *ParseStartEvent(kEvent);
  const Json answer = Json::parse(text);
  EXPECT_EQ(answer["run_id"], RunIdOf(event));
  std::map<std::string, Json> sent;
  for (const Json& body : bodies()) sent[body["taskDefinition"]] = body;
  ASSERT_EQ(sent.size(), 3);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"productos", "p:1"}, {"ordenes", "o:2"}, {"proveedores", "v:3"}};
  ASSERT_EQ(answer["tasks"].size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& [pipeline, definition] = expected[i];
    const std::string token = ClientTokenOf(event, pipeline);
    const Json task = {{"pipeline", pipeline},
                       {"task", "task/" + token.substr(0, 8)},
                       {"status", "PROVISIONING"},
                       {"client_token", token}};
    EXPECT_EQ(answer["tasks"][i], task);
    const Json& body = sent.at(definition);
    EXPECT_EQ(body["clientToken"], token);
    EXPECT_EQ(body["cluster"], "lake");
    EXPECT_EQ(body["launchType"], "FARGATE");
    EXPECT_EQ(body["startedBy"], RunIdOf(event));
    EXPECT_EQ(body["networkConfiguration"]["awsvpcConfiguration"],
              Json::parse(R"({"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"],
                              "assignPublicIp": "DISABLED"})"));
    EXPECT_EQ(body["overrides"]["containerOverrides"],
              Json::array({{{"name", "ingesta"},
                            {"environment", {{{"name", "INGESTA_RUN_ID"}, {"value", RunIdOf(event)}}}}}}));
  }
}

TEST_F(StartTasksTest, ASecondTrySendsTheSameRequests) {
  ASSERT_OK(Start().status());
  clock_.Advance(Millis{90'000});
  ASSERT_OK(Start().status());
  std::map<std::string, std::set<std::string>> by_definition;
  for (const Json& body : bodies()) by_definition[body["taskDefinition"]].insert(body.dump());
  for (const auto& [definition, requests] : by_definition) EXPECT_EQ(requests.size(), 1) << definition;
  EXPECT_EQ(bodies().size(), 6);
  EXPECT_EQ(started_.size(), 3);
}

TEST_F(StartTasksTest, FailsWhereOneFailsAndStartsTheOthers) {
  refusals_["o:2"] = ScriptedAnswer::Json(
      R"({"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time."}]})");
  const Status status = Start().status();
  EXPECT_ERROR_CODE(ErrorCode::kRateLimited, status);
  EXPECT_THAT(status.message(), HasSubstr("1 of 3 tasks were not started: ordenes: "));
  EXPECT_THAT(status.message(), HasSubstr("Capacity is unavailable"));
  EXPECT_THAT(HintOf(status), HasSubstr("availability zones"));
  EXPECT_EQ(started_.size(), 2);
  EXPECT_THAT(sink_.text, HasSubstr("task started"));

  refusals_.clear();
  ASSERT_OK(Start().status());
  EXPECT_EQ(started_.size(), 3) << "the second try starts what is missing";
}

TEST_F(StartTasksTest, StartsOnlyWhatTheEventNames) {
  ASSERT_OK(Start(R"({"schedule": "s", "scheduled_time": "2026-11-24T02:00:00Z", "pipelines": ["ordenes"]})")
                .status());
  ASSERT_EQ(bodies().size(), 1);
  EXPECT_EQ(bodies()[0]["taskDefinition"], "o:2");
  const Status status =
      Start(R"({"schedule": "s", "scheduled_time": "2026-11-24T02:00:00Z", "pipelines": ["clientes"]})")
          .status();
  EXPECT_ERROR_CODE(ErrorCode::kUsage, status);
  EXPECT_THAT(HintOf(status), HasSubstr("productos, ordenes, proveedores"));
  EXPECT_EQ(bodies().size(), 1);
}

// By the real clock, as the sockets' time-outs go by it.
TEST_F(StartTasksTest, GivesUpBeforeTheDeadline) {
  refusals_["v:3"] = ScriptedAnswer::Hang();
  const auto begin = RealClock().Monotonic();
  ASSERT_OK_AND_ASSIGN(const TaskSettings settings, ReadTaskSettings(environment_));
  const Status status = StartTasks(settings, kEvent, RealClock().Now() + Millis{1'300},
                                   {environment_, RealClock(), random_, log_})
                            .status();
  EXPECT_LT(RealClock().Monotonic() - begin, Millis{1'300});
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, status);
  EXPECT_THAT(status.message(), HasSubstr("1 of 3 tasks were not started: proveedores: "));
  EXPECT_EQ(started_.size(), 2);
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, Start(kEvent, Millis{900}));
}

TEST_F(StartTasksTest, LeavesSecretsOutOfLogsAndErrors) {
  environment_["AWS_SECRET_ACCESS_KEY"] = "s3cr3t-canary";
  refusals_["p:1"] = ScriptedAnswer::Json(R"({"__type": "AccessDeniedException", "message": "no"})", 400);
  const Status status = Start().status();
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, status);
  EXPECT_THAT(status.ToString() + sink_.text, Not(HasSubstr("s3cr3t-canary")));
}

TEST(TaskSettings, NamesEveryMistakeAtOnce) {
  const Status status = ReadTaskSettings({{"INGESTA_ECS_TASKS", "productos"},
                                          {"INGESTA_ECS_PUBLIC_IP", "yes"},
                                          {"INGESTA_ECS_LAUNCH_TYPE", "FARGATE"}})
                            .status();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
  for (const char* mistake :
       {"INGESTA_ECS_CLUSTER is not set", "'productos' instead of PIPELINE=DEFINITION", "names no task",
        "INGESTA_ECS_PUBLIC_IP is 'yes', and can be DISABLED, ENABLED", "INGESTA_ECS_SUBNETS is not set"}) {
    EXPECT_THAT(status.message(), HasSubstr(mistake));
  }
}

TEST(TaskSettings, HaveDefaultsThatFitTheTemplate) {
  ASSERT_OK_AND_ASSIGN(const TaskSettings settings, ReadTaskSettings({{"INGESTA_ECS_CLUSTER", "c"},
                                                                      {"INGESTA_ECS_TASKS", "a=x=1"},
                                                                      {"INGESTA_ECS_SUBNETS", "s"}}));
  EXPECT_EQ(settings.launch_type, "FARGATE");
  EXPECT_EQ(settings.container, "ingesta");
  EXPECT_FALSE(settings.public_ip);
  EXPECT_EQ(settings.definitions.at(0).second, "x=1");
}

}  // namespace
}  // namespace ingesta::lambda
