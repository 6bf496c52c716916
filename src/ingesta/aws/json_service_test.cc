#include "ingesta/aws/json_service.h"

#include <gmock/gmock.h>

#include "ingesta/aws/s3_test_fixture.h"

namespace ingesta::aws {
namespace {

class JsonServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ClientOptions options;
    options.retry = {.max_retries = 2, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
  }
  JsonService Make() {
    return {{.service = "glue", .target_prefix = "AWSGlue", .endpoint = server_->url()},
            credentials_,
            *http_,
            clock_};
  }
  static ScriptedAnswer Error(const std::string& code, const std::string& message = "no", int status = 400) {
    return ScriptedAnswer::Json(R"({"__type":")" + code + R"(","message":")" + message + R"("})", status);
  }
  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<RotatingCredentials> credentials_ = std::make_shared<RotatingCredentials>();
};

TEST_F(JsonServiceTest, RenewsExpiredCredentialsOnce) {
  for (const char* code : {"ExpiredTokenException", "UnrecognizedClientException"}) {
    SCOPED_TRACE(code);
    const int before = credentials_->renewals;
    const size_t sent = server_->requests().size();
    server_->On("POST", "/", {Error(code), ScriptedAnswer::Json("{}")});
    CallFacts facts;
    ASSERT_OK_AND_ASSIGN(const auto answer, Make().Call("GetTable", "db.t", "{}", &facts));
    EXPECT_TRUE(answer.ok);
    EXPECT_EQ(credentials_->renewals, before + 1);
    EXPECT_EQ(facts.attempts, 2);
    EXPECT_FALSE(facts.maybe_applied);
    const auto requests = server_->requests();
    EXPECT_THAT(requests[sent].Header("Authorization"), HasSubstr("KEY" + std::to_string(before) + "/"));
    EXPECT_THAT(requests[sent + 1].Header("Authorization"), HasSubstr("KEY" + std::to_string(before + 1)));
  }
}

TEST_F(JsonServiceTest, GivesUpWhereRenewedCredentialsAreRefusedToo) {
  server_->On("POST", "/",
              Error("ExpiredTokenException", "The security token included in the request is expired"));
  ASSERT_OK_AND_ASSIGN(const auto answer, Make().Call("GetTable", "db.t", "{}", nullptr));
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(server_->Count(), 2);
  const Status status = CommonRefusal(answer.refusal, "db.t", "");
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, status);
  EXPECT_THAT(status.message(), HasSubstr("glue:GetTable db.t: 400 ExpiredTokenException"));
}

TEST_F(JsonServiceTest, TakesOverTheServersClock) {
  // The scripted time is Mon, 21 Sep 2026 14:13:20 GMT.
  ScriptedAnswer skewed = Error("InvalidSignatureException", "Signature expired: x is now earlier than y");
  skewed.headers = {{"Date", "Mon, 21 Sep 2026 14:33:20 GMT"}};
  server_->On("POST", "/", {skewed, ScriptedAnswer::Json("{}")});
  JsonService service = Make();
  ASSERT_OK_AND_ASSIGN(auto answer, service.Call("GetTable", "", "{}", nullptr));
  EXPECT_TRUE(answer.ok);
  ASSERT_OK_AND_ASSIGN(answer, service.Call("GetTable", "", "{}", nullptr));
  const auto requests = server_->requests();
  EXPECT_EQ(requests[0].Header("X-Amz-Date"), "20260921T141320Z");
  EXPECT_EQ(requests[1].Header("X-Amz-Date"), "20260921T143320Z");
  EXPECT_EQ(requests[2].Header("X-Amz-Date"), "20260921T143320Z") << "the correction stays";
}

TEST_F(JsonServiceTest, AWrongSecretIsNoSkew) {
  ScriptedAnswer wrong =
      Error("InvalidSignatureException", "The request signature we calculated does not match");
  wrong.headers = {{"Date", "Mon, 21 Sep 2026 14:14:20 GMT"}};
  server_->On("POST", "/", wrong);
  ASSERT_OK_AND_ASSIGN(const auto answer, Make().Call("GetTable", "db.t", "{}", nullptr));
  EXPECT_EQ(server_->Count(), 1);
  const Status status = CommonRefusal(answer.refusal, "db.t", "");
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, status);
  EXPECT_THAT(HintOf(status), HasSubstr("secret access key"));
}

TEST_F(JsonServiceTest, RetriesWhatAwsCallsTemporary) {
  struct Case {
    const char* name;
    ScriptedAnswer fault;
    bool maybe_applied;
  };
  const std::vector<Case> cases = {
      {"throttling", Error("ThrottlingException"), false},
      {"429", ScriptedAnswer::Status(429), false},
      {"time-out of the service", Error("OperationTimeoutException"), true},
      {"internal", Error("InternalServiceException", "x", 500), true},
      {"unavailable", ScriptedAnswer::Status(503), true},
      {"reset", ScriptedAnswer::Reset(), true},
      {"cut", ScriptedAnswer::ShortBody("{\"a\": 1}", 3), true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    server_->On("POST", "/", {c.fault, ScriptedAnswer::Json("{}")});
    CallFacts facts;
    ASSERT_OK_AND_ASSIGN(const auto answer, Make().Call("UpdateTable", "db.t", "{}", &facts));
    EXPECT_TRUE(answer.ok);
    EXPECT_EQ(facts.attempts, 2);
    EXPECT_EQ(facts.maybe_applied, c.maybe_applied);
  }
}

TEST_F(JsonServiceTest, SignsEachAttemptAnew) {
  server_->OnCall("POST", "/", [&](const ReceivedRequest&) {
    clock_.Advance(Millis{10'000});
    return server_->Count() == 1 ? ScriptedAnswer::Status(500) : ScriptedAnswer::Json("{}");
  });
  ASSERT_OK_AND_ASSIGN(const auto answer, Make().Call("GetTable", "", "{}", nullptr));
  EXPECT_TRUE(answer.ok);
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 2);
  EXPECT_NE(requests[0].Header("X-Amz-Date"), requests[1].Header("X-Amz-Date"));
  EXPECT_NE(requests[0].Header("Authorization"), requests[1].Header("Authorization"));
}

TEST_F(JsonServiceTest, SaysHowToReachTheService) {
  const std::string gone = server_->url();
  server_.reset();
  JsonService service({.service = "glue", .target_prefix = "AWSGlue", .endpoint = gone}, credentials_, *http_,
                      clock_);
  const Status status = service.Call("GetTable", "db.t", "{}", nullptr).status();
  EXPECT_ERROR_CODE(ErrorCode::kConnectFailed, status);
  EXPECT_THAT(status.message(), HasSubstr("glue:GetTable db.t"));
  EXPECT_THAT(HintOf(status), HasSubstr("AWS_ENDPOINT_URL_GLUE"));
}

}  // namespace
}  // namespace ingesta::aws
