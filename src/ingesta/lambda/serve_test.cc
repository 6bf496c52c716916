#include "ingesta/lambda/serve.h"

#include <deque>

#include "ingesta/lambda/lambda_test_fixture.h"
#include "ingesta/lambda/runtime_api.h"

namespace ingesta::lambda {
namespace {

using ::testing::HasSubstr;

constexpr char kNext[] = "/2018-06-01/runtime/invocation/next";

/// A Runtime API that gives `events`, one an invocation (`id-0`, ...), and then does as `at_the_end` says.
class ServeTest : public LambdaFixture {
 protected:
  void SetUp() override {
    LambdaFixture::SetUp();
    ASSERT_OK_AND_ASSIGN(api_, ScriptedServer::Start());
    api_->OnCall("GET", kNext, [this](const ReceivedRequest&) { return Next(); });
    api_->On("POST", "/2018-06-01/runtime/", ScriptedAnswer::Json(R"({"status": "OK"})", 202));
    environment_["AWS_LAMBDA_RUNTIME_API"] = api_->url().substr(std::string("http://").size());
  }
  ScriptedAnswer Next() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) {
      if (at_the_end_.has_value()) return *at_the_end_;
      stop_.RequestStop("the test is over");
      return ScriptedAnswer::Hang();
    }
    ScriptedAnswer answer = ScriptedAnswer::Json(events_.front());
    events_.pop_front();
    const int64_t now = std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
    answer.headers = {{"Lambda-Runtime-Aws-Request-Id", "id-" + std::to_string(given_++)},
                      {"Lambda-Runtime-Deadline-Ms", std::to_string(now + 30'000)}};
    return answer;
  }
  Status Run() { return Serve({environment_, clock_, random_, stop_, log_}); }
  std::vector<ReceivedRequest> Posts() const {
    std::vector<ReceivedRequest> posts;
    for (const ReceivedRequest& request : api_->requests()) {
      if (request.method == "POST") posts.push_back(request);
    }
    return posts;
  }

  StopSource stop_;
  int given_ = 0;
  std::deque<std::string> events_;
  std::optional<ScriptedAnswer> at_the_end_;  ///< nullopt: a stop
  std::unique_ptr<ScriptedServer> api_;
};

TEST_F(ServeTest, AnswersOneInvocationAfterTheOther) {
  events_ = {kEvent, kEvent};
  ASSERT_OK(Run());
  const auto posts = Posts();
  ASSERT_EQ(posts.size(), 2);
  EXPECT_EQ(posts[0].target, "/2018-06-01/runtime/invocation/id-0/response");
  EXPECT_EQ(posts[1].target, "/2018-06-01/runtime/invocation/id-1/response");
  EXPECT_EQ(Json::parse(posts[0].body)["tasks"].size(), 3);
  EXPECT_EQ(posts[0].body, posts[1].body) << "the second is a try of the same schedule";
  EXPECT_EQ(started_.size(), 3);
}

TEST_F(ServeTest, FailsTheInvocationAndGoesOn) {
  refusals_["o:2"] =
      ScriptedAnswer::Json(R"({"__type": "ClusterNotFoundException", "message": "gone"})", 400);
  events_ = {"{}", kEvent};
  ASSERT_OK(Run());
  const auto posts = Posts();
  ASSERT_EQ(posts.size(), 2);
  EXPECT_EQ(posts[0].target, "/2018-06-01/runtime/invocation/id-0/error");
  EXPECT_EQ(posts[0].Header("Lambda-Runtime-Function-Error-Type"), "Ingesta.usage");
  const Json error = Json::parse(posts[1].body);
  EXPECT_EQ(error["errorType"], "Ingesta.not_found");
  EXPECT_THAT(
      error["errorMessage"].get<std::string>(),
      HasSubstr("1 of 3 tasks were not started: ordenes: ecs:RunTask o:2: 400 ClusterNotFoundException"));
  EXPECT_THAT(error["errorMessage"].get<std::string>(), HasSubstr("\n-> there is no active cluster lake"));
  EXPECT_TRUE(error["stackTrace"].is_array());
}

TEST_F(ServeTest, TellsLambdaThatTheSettingsAreWrong) {
  environment_.erase("INGESTA_ECS_CLUSTER");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Run());
  ASSERT_EQ(Posts().size(), 1);
  EXPECT_EQ(Posts()[0].target, "/2018-06-01/runtime/init/error");
  EXPECT_EQ(Posts()[0].Header("Lambda-Runtime-Function-Error-Type"), "Ingesta.invalid_config");
  EXPECT_EQ(api_->Count("GET"), 0);
}

TEST_F(ServeTest, EndsWhereTheRuntimeApiFails) {
  const std::vector<std::pair<const char*, ScriptedAnswer>> cases = {
      {"500", ScriptedAnswer::Status(500, "Container error")},
      {"cut", ScriptedAnswer::CloseEarly()},
      {"no id", ScriptedAnswer::Json(kEvent)}};
  for (const auto& [name, answer] : cases) {
    SCOPED_TRACE(name);
    at_the_end_ = answer;
    EXPECT_FALSE(Run().ok());
  }
  EXPECT_EQ(api_->Count("GET"), 3) << "nothing is asked for twice";
}

TEST_F(ServeTest, GoesOnWhereAnAnswerComesTooLate) {
  api_->On("POST", "/2018-06-01/runtime/invocation/id-0/response",
           ScriptedAnswer::Json(R"({"errorType": "InvalidStateTransition"})", 403));
  events_ = {kEvent, kEvent};
  ASSERT_OK(Run());
  EXPECT_EQ(Posts().size(), 2);
  EXPECT_THAT(sink_.text, HasSubstr("status 403"));
}

TEST_F(ServeTest, IsNoLambdaFunctionWithoutARuntimeApi) {
  environment_.erase("AWS_LAMBDA_RUNTIME_API");
  const Status status = Run();
  EXPECT_ERROR_CODE(ErrorCode::kUsage, status);
  EXPECT_THAT(HintOf(status), HasSubstr("package-lambda.sh"));
}

TEST(Deadline, IsATimeOrWhatIsLeft) {
  const SystemTime now{std::chrono::seconds(1'764'000'000)};
  const std::vector<std::pair<std::string, SystemTime>> cases = {
      {"1764000030000", now + Millis{30'000}},  // as on AWS
      {"30000", now + Millis{30'000}},
      {"", now + Millis{60'000}},
      {"soon", now + Millis{60'000}},
      {"-5", now + Millis{60'000}},
      {"99999999999999999999", now + Millis{60'000}}};
  for (const auto& [header, expected] : cases) EXPECT_EQ(ParseDeadline(header, now), expected) << header;
}

}  // namespace
}  // namespace ingesta::lambda
