#include "ingesta/aws/cloudwatch_logs.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "ingesta/aws/s3_test_fixture.h"
#include "ingesta/aws/sns.h"

namespace ingesta::aws {
namespace {

constexpr SystemTime kLogTime{std::chrono::seconds(1'795'521'600)};

class LogsClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ClientOptions options;
    options.retry = {.max_retries = 1, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
    settings_.region = "us-east-1";
    settings_.endpoints[""] = server_->url();
  }
  Result<int64_t> Put(std::vector<LogEvent> events) {
    return CloudWatchLogsClient(settings_, credentials_, *http_, clock_)
        .PutLogEvents("g", "s", std::move(events));
  }
  static ScriptedAnswer Error(const std::string& code) {
    return ScriptedAnswer::Json(R"({"__type":")" + code + R"(","message":"no"})", 400);
  }
  std::vector<std::string> Operations() const {
    std::vector<std::string> names;
    for (const auto& request : server_->requests()) {
      const std::string target = request.Header("X-Amz-Target");
      names.push_back(target.substr(target.find('.') + 1));
    }
    return names;
  }
  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  AwsSettings settings_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<RotatingCredentials> credentials_ = std::make_shared<RotatingCredentials>();
};

TEST(LogBatchEnds, KeepsTheServicesLimits) {
  const auto events = [](size_t count, size_t bytes, Millis apart = Millis(0)) {
    std::vector<LogEvent> made;
    for (size_t i = 0; i < count; ++i) {
      made.push_back({kLogTime + apart * static_cast<int64_t>(i), std::string(bytes, 'x')});
    }
    return made;
  };
  using Ends = std::vector<size_t>;
  EXPECT_EQ(LogBatchEnds({}), Ends());
  EXPECT_EQ(LogBatchEnds(events(10'000, 1)), Ends({10'000}));
  EXPECT_EQ(LogBatchEnds(events(10'001, 1)), Ends({10'000, 10'001}));
  // 1,048,576 bytes with 26 an event.
  EXPECT_EQ(LogBatchEnds(events(4, 262'144 - 26)), Ends({4}));
  EXPECT_EQ(LogBatchEnds(events(4, 262'144 - 25)), Ends({3, 4}));
  EXPECT_EQ(LogBatchEnds(events(3, 1, std::chrono::hours(12))), Ends({2, 3}));
}

TEST_F(LogsClientTest, MakesStreamAndGroupWhereTheyAreMissing) {
  server_->On("POST", "/",
              {Error("ResourceNotFoundException"), Error("ResourceNotFoundException"),
               ScriptedAnswer::Json("{}"), ScriptedAnswer::Json("{}"), ScriptedAnswer::Json("{}")});
  ASSERT_OK(Put({{kLogTime, "a"}}).status());
  EXPECT_THAT(Operations(), ::testing::ElementsAre("PutLogEvents", "CreateLogStream", "CreateLogGroup",
                                                   "CreateLogStream", "PutLogEvents"));
}

TEST_F(LogsClientTest, SendsInTheOrderOfTimeAndCutsAtACharacter) {
  server_->On("POST", "/", ScriptedAnswer::Json("{}"));
  std::string huge = "x";
  while (huge.size() < kMaxLogEventBytes) huge += "ñ";
  ASSERT_OK(Put({{kLogTime + Millis(5), huge}, {kLogTime, "first"}, {kLogTime, ""}}).status());
  const auto body = nlohmann::json::parse(server_->requests().front().body);
  ASSERT_EQ(body["logEvents"].size(), 2U);
  EXPECT_EQ(body["logEvents"][0]["message"], "first");
  const auto cut = body["logEvents"][1]["message"].get<std::string>();
  EXPECT_LE(cut.size() + kLogEventOverhead, kMaxLogEventBytes);
  EXPECT_EQ(cut, huge.substr(0, cut.size()));
  EXPECT_TRUE(cut.ends_with("ñ"));
}

TEST_F(LogsClientTest, CountsWhatTheServiceDropped) {
  server_->On("POST", "/",
              ScriptedAnswer::Json(R"({"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":2,)"
                                   R"("tooNewLogEventStartIndex":3}})"));
  ASSERT_OK_AND_ASSIGN(const int64_t dropped,
                       Put({{kLogTime, "a"}, {kLogTime, "b"}, {kLogTime, "c"}, {kLogTime, "d"}}));
  EXPECT_EQ(dropped, 3);
}

TEST_F(LogsClientTest, ARefusalNamesThePermission) {
  server_->On("POST", "/", Error("AccessDeniedException"));
  const auto put = Put({{kLogTime, "a"}});
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, put.status());
  EXPECT_THAT(HintOf(put.status()), HasSubstr("allow logs:PutLogEvents on the log group g"));
}

TEST_F(LogsClientTest, SnsGetsAnAsciiSubjectAndTheTopicsRegion) {
  server_->On("POST", "/", ScriptedAnswer::Status(200, "<PublishResponse/>"));
  ASSERT_OK(
      SnsClient(settings_, credentials_, *http_, clock_)
          .Publish("arn:aws:sns:eu-west-1:1:t", "órdenes\nfailed" + std::string(200, 'x'), "día & noche"));
  const auto request = server_->requests().front();
  EXPECT_THAT(request.Header("Authorization"), HasSubstr("/eu-west-1/sns/aws4_request"));
  EXPECT_THAT(request.body, HasSubstr("Subject=%3Frdenes%3Ffailedxxx"));
  EXPECT_THAT(request.body, HasSubstr("Message=d%C3%ADa%20%26%20noche"));
  const size_t begin = request.body.find("Subject=");
  const std::string subject =
      http::PercentDecode(request.body.substr(begin + 8, request.body.find('&', begin) - begin - 8));
  EXPECT_EQ(subject.size(), 100U);
}

TEST_F(LogsClientTest, SnsIsNotAskedTwiceWhereTheAnswerWasLost) {
  server_->On("POST", "/", {ScriptedAnswer::Reset(), ScriptedAnswer::Status(200, "<PublishResponse/>")});
  EXPECT_FALSE(
      SnsClient(settings_, credentials_, *http_, clock_).Publish("arn:aws:sns:eu-west-1:1:t", "s", "m").ok());
  EXPECT_EQ(server_->Count(), 1);
}

}  // namespace
}  // namespace ingesta::aws
