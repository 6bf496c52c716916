// What the tests of the Lambda function share: ECS and the Runtime API, each behind a scripted server.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/log.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::lambda {

using ::ingesta::testing::ReceivedRequest;
using ::ingesta::testing::ScriptedAnswer;
using ::ingesta::testing::ScriptedServer;

/// Keeps its lines.
class KeepingSink final : public LogSink {
 public:
  explicit KeepingSink(Clock& clock) : LogSink(LogFormat::kJson, LogLevel::kInfo, false, clock) {}
  std::string text;

 protected:
  void Emit(std::string_view line) override { text += line; }
};

inline constexpr char kEvent[] =
    R"({"schedule": "arn:aws:scheduler:us-east-1:123456789012:schedule/default/daily",
  "scheduled_time": "2026-11-24T02:00:00Z"})";

class LambdaFixture : public ::testing::Test {
 protected:
  using Json = nlohmann::json;

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(ecs_, ScriptedServer::Start());
    ecs_->OnCall("POST", "/", [this](const ReceivedRequest& request) { return RunTask(request); });
    environment_ = {{"INGESTA_ECS_CLUSTER", "lake"},
                    {"INGESTA_ECS_TASKS", "productos=p:1, ordenes=o:2, proveedores=v:3"},
                    {"INGESTA_ECS_SUBNETS", "subnet-1,subnet-2"},
                    {"INGESTA_ECS_SECURITY_GROUPS", "sg-1"},
                    {"AWS_ENDPOINT_URL_ECS", ecs_->url()},
                    {"AWS_REGION", "eu-west-1"},
                    {"AWS_ACCESS_KEY_ID", "KEY"},
                    {"AWS_SECRET_ACCESS_KEY", "secret"},
                    {"AWS_SESSION_TOKEN", "token"},
                    {"HOME", "/nonexistent"}};
  }

  /// ECS: a task for each token, and `refusals` for the definitions that have one.
  ScriptedAnswer RunTask(const ReceivedRequest& request) {
    const std::lock_guard lock(mutex_);
    const Json body = Json::parse(request.body);
    bodies_.push_back(body);
    const std::string definition = body["taskDefinition"];
    if (const auto refusal = refusals_.find(definition); refusal != refusals_.end()) return refusal->second;
    const std::string token = body["clientToken"];
    started_.insert(token);
    return ScriptedAnswer::Json(Json{
        {"tasks", {{{"taskArn", "task/" + token.substr(0, 8)}, {"lastStatus", "PROVISIONING"}}}},
        {"failures", Json::array()}}.dump());
  }
  std::vector<Json> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  KeepingSink sink_{clock_};
  Logger log_{sink_};
  aws::Environment environment_;
  std::map<std::string, ScriptedAnswer> refusals_;  ///< by task definition; set before the calls
  mutable std::mutex mutex_;
  std::vector<Json> bodies_;
  std::set<std::string> started_;        ///< client tokens
  std::unique_ptr<ScriptedServer> ecs_;  // last: its threads use the rest
};

}  // namespace ingesta::lambda
