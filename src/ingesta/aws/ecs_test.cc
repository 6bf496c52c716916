#include "ingesta/aws/ecs.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "ingesta/aws/s3_test_fixture.h"

namespace ingesta::aws {
namespace {

using Json = nlohmann::json;

constexpr char kStarted[] = R"({"tasks": [{"taskArn": "arn:aws:ecs:us-east-1:123456789012:task/lake/0f1e",
  "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/ordenes:3",
  "lastStatus": "PROVISIONING"}], "failures": []})";

class Ecs : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ClientOptions options;
    options.retry = {.max_retries = 3, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
    ecs_ =
        std::make_unique<EcsClient>(JsonServiceOptions{.service = "ecs",
                                                       .target_prefix = "AmazonEC2ContainerServiceV20141113",
                                                       .endpoint = server_->url()},
                                    std::make_shared<RotatingCredentials>(), *http_, clock_);
  }
  static EcsRunTask Task() {
    return {.cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/lake",
            .task_definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/ordenes:3",
            .launch_type = "FARGATE",
            .platform_version = "",
            .subnets = {"subnet-1", "subnet-2"},
            .security_groups = {"sg-1"},
            .assign_public_ip = true,
            .overrides = {{.name = "ingesta", .environment = {{"B", "2"}, {"A", "1"}}, .command = {}}},
            .client_token = "token-1",
            .started_by = "2026-11-24"};
  }
  static ScriptedAnswer Refusal(const std::string& code, const std::string& message, int status = 400) {
    return ScriptedAnswer::Json(Json{{"__type", code}, {"message", message}}.dump(), status);
  }
  static ScriptedAnswer Failure(const std::string& reason) {
    return ScriptedAnswer::Json(
        Json{{"tasks", Json::array()}, {"failures", {{{"reason", reason}, {"detail", "zone a"}}}}}.dump());
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<EcsClient> ecs_;
};

TEST_F(Ecs, SendsOneTaskWithTokenNetworkAndOverrides) {
  server_->On("POST", "/", ScriptedAnswer::Json(kStarted));
  ASSERT_OK_AND_ASSIGN(const EcsTask task, ecs_->RunTask(Task()));
  EXPECT_EQ(task.arn, "arn:aws:ecs:us-east-1:123456789012:task/lake/0f1e");
  EXPECT_EQ(task.last_status, "PROVISIONING");
  const ReceivedRequest request = server_->requests().front();
  EXPECT_EQ(request.Header("X-Amz-Target"), "AmazonEC2ContainerServiceV20141113.RunTask");
  EXPECT_THAT(request.Header("Authorization"), HasSubstr("/us-east-1/ecs/aws4_request"));
  EXPECT_EQ(Json::parse(request.body), Json::parse(R"({
    "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/lake", "count": 1, "launchType": "FARGATE",
    "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/ordenes:3",
    "clientToken": "token-1", "startedBy": "2026-11-24",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"],
      "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}},
    "overrides": {"containerOverrides": [{"name": "ingesta", "environment": [
      {"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]}})"));
}

TEST_F(Ecs, LeavesOutWhatIsNotAskedFor) {
  server_->On("POST", "/", ScriptedAnswer::Json(kStarted));
  ASSERT_OK(ecs_->RunTask({.task_definition = "ordenes", .client_token = "t"}).status());
  EXPECT_EQ(Json::parse(server_->requests().front().body),
            Json::parse(R"({"taskDefinition": "ordenes", "count": 1, "clientToken": "t"})"));
}

// The same body each time: another one under the same token is a conflict.
TEST_F(Ecs, SendsTheSameRequestAgainAfterTemporaryFailures) {
  const std::vector<std::pair<const char*, ScriptedAnswer>> faults = {
      {"throttled", Refusal("ThrottlingException", "Rate exceeded")},
      {"server", Refusal("ServerException", "Service Unavailable. Please try again later.", 500)},
      {"lost answer", ScriptedAnswer::Reset()},
      {"cut", ScriptedAnswer::ShortBody(kStarted, 20)}};
  for (const auto& [name, fault] : faults) {
    SCOPED_TRACE(name);
    const size_t sent = server_->requests().size();
    server_->On("POST", "/", {fault, ScriptedAnswer::Json(kStarted)});
    CallFacts facts;
    ASSERT_OK(ecs_->RunTask(Task(), &facts).status());
    EXPECT_EQ(facts.attempts, 2);
    const auto requests = server_->requests();
    EXPECT_EQ(requests.at(sent).body, requests.at(sent + 1).body);
  }
}

TEST_F(Ecs, RefusesTokensThatEcsWouldNotTake) {
  for (const std::string& token :
       {std::string(), std::string(65, 'a'), std::string("a b"), std::string("ñ")}) {
    SCOPED_TRACE(token);
    EcsRunTask task = Task();
    task.client_token = token;
    EXPECT_ERROR_CODE(ErrorCode::kUsage, ecs_->RunTask(task));
  }
  EXPECT_EQ(server_->Count(), 0);
}

struct RefusalCase {
  const char* name;
  ScriptedAnswer answer;
  ErrorCode code;
  bool retryable;
  const char* message;
  const char* hint;
};

TEST_F(Ecs, TurnsRefusalsAndFailuresIntoErrorsWithHints) {
  const std::vector<RefusalCase> cases = {
      {"no capacity", Failure("Capacity is unavailable at this time. Please try again later"),
       ErrorCode::kRateLimited, true, "no task was started: Capacity is unavailable", "availability zones"},
      {"no memory", Failure("RESOURCE:MEMORY"), ErrorCode::kRateLimited, true, "RESOURCE:MEMORY: zone a",
       "add capacity"},
      {"missing", Failure("MISSING"), ErrorCode::kNotFound, false, "ordenes:3: no task was started",
       "deploy it"},
      {"attribute", Failure("ATTRIBUTE"), ErrorCode::kInvalidConfig, false, "ATTRIBUTE", "launch type"},
      {"neither", ScriptedAnswer::Json(R"({"tasks": [], "failures": []})"), ErrorCode::kMalformedBody, false,
       "neither tasks nor failures", "AWS_ENDPOINT_URL_ECS"},
      {"no json", ScriptedAnswer::Status(200, "<html>"), ErrorCode::kMalformedBody, false, "<html>", ""},
      {"quota",
       Refusal("ClientException", "You've reached the limit on the number of vCPUs you can run concurrently"),
       ErrorCode::kRateLimited, true, "number of vCPUs", "higher quota"},
      {"cluster", Refusal("ClusterNotFoundException", "Cluster not found."), ErrorCode::kNotFound, false,
       "ecs:RunTask ordenes:3", "cluster/lake in us-east-1"},
      {"definition", Refusal("ClientException", "TaskDefinition not found."), ErrorCode::kNotFound, false,
       "TaskDefinition not found", "list-task-definitions"},
      {"parameter", Refusal("InvalidParameterException", "Network Configuration must be provided"),
       ErrorCode::kInvalidConfig, false, "Network Configuration", "subnets"},
      {"conflict", Refusal("ConflictException", "already in use"), ErrorCode::kConflict, false,
       "already in use", "--cluster lake --started-by 2026-11-24"},
      {"denied", Refusal("AccessDeniedException", "not authorized to perform: ecs:RunTask"),
       ErrorCode::kAccessDenied, false, "access denied: ecs:RunTask ordenes:3",
       "allow ecs:RunTask on the task definition ordenes:3"},
      {"pass role",
       Refusal("AccessDeniedException", "not authorized to perform: iam:PassRole on resource: r"),
       ErrorCode::kAccessDenied, false, "iam:PassRole", "allow iam:PassRole"},
      {"throttled to the end", Refusal("ThrottlingException", "Rate exceeded"), ErrorCode::kRateLimited, true,
       "ecs:RunTask ordenes:3", ""},
  };
  for (const RefusalCase& c : cases) {
    SCOPED_TRACE(c.name);
    server_->On("POST", "/", c.answer);
    const Status status = ecs_->RunTask(Task()).status();
    EXPECT_ERROR_CODE(c.code, status);
    EXPECT_EQ(IsRetryable(status), c.retryable);
    EXPECT_THAT(status.message(), HasSubstr(c.message));
    EXPECT_THAT(HintOf(status), HasSubstr(c.hint));
  }
}

}  // namespace
}  // namespace ingesta::aws
