// The faults that a page fetch can meet (reliability): each ends in the right data or in a typed error, in
// time.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>

#include "ingesta/http/test_support.h"

namespace ingesta::http {
namespace {

using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpFaults : public ClientFixture {
 protected:
  /// Real time since the test began.
  Millis Took() const { return std::chrono::duration_cast<Millis>(steady_clock::now() - started_); }
  const steady_clock::time_point started_ = steady_clock::now();
};

TEST_F(HttpFaults, AnswersThatMayPassAreRetriedUntilTheyDo) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
    const std::string target = "/s" + std::to_string(status);
    server_->On("GET", target,
                {ScriptedAnswer::Status(status), ScriptedAnswer::Status(status), ScriptedAnswer::Json("[]")});
    ASSERT_OK_AND_ASSIGN(const Response response, Fetch(target));
    EXPECT_EQ(response.body, "[]");
    EXPECT_EQ(response.attempts, 3) << status;
  }
}

TEST_F(HttpFaults, BrokenTransfersAreRetriedUntilTheyComplete) {
  ScriptedAnswer unterminated = ScriptedAnswer::Json(std::string(1'000, 'x'));
  unterminated.framing = ScriptedAnswer::Framing::kUnterminatedChunked;
  unterminated.end = ScriptedAnswer::End::kClose;
  ScriptedAnswer reset_in_body = ScriptedAnswer::Json(std::string(100'000, 'x'));
  reset_in_body.cut_after = 50'000;
  reset_in_body.end = ScriptedAnswer::End::kReset;
  ScriptedAnswer cut_gzip = ScriptedAnswer::Json("[1,2,3,4,5,6,7,8,9,10]");
  cut_gzip.gzip = true;
  cut_gzip.framing = ScriptedAnswer::Framing::kUntilClose;
  cut_gzip.cut_after = 20;
  const std::pair<const char*, ScriptedAnswer> cases[] = {
      {"/reset", ScriptedAnswer::Reset()},
      {"/closed", ScriptedAnswer::CloseEarly()},
      {"/short", ScriptedAnswer::ShortBody(std::string(1'000, 'x'), 300)},
      {"/unterminated", unterminated},
      {"/reset-in-body", reset_in_body},
      {"/cut-gzip", cut_gzip},
  };
  for (const auto& [target, fault] : cases) {
    server_->On("GET", target, {fault, ScriptedAnswer::Json("[]")});
    ASSERT_OK_AND_ASSIGN(const Response response, Fetch(target));
    EXPECT_EQ(response.body, "[]") << target;
    // Not `attempts`: a reused connection that dies before an answer is replaced by curl itself.
    EXPECT_EQ(server_->Count("GET", target), 2) << target;
  }
}

TEST_F(HttpFaults, BrokenTransfersThatStayBrokenAreTypedErrors) {
  options_.retry.max_retries = 1;
  const std::tuple<const char*, ScriptedAnswer, ErrorCode, const char*> cases[] = {
      {"/reset", ScriptedAnswer::Reset(), ErrorCode::kConnectFailed, "before an answer"},
      {"/closed", ScriptedAnswer::CloseEarly(), ErrorCode::kConnectFailed, "before an answer"},
      {"/short", ScriptedAnswer::ShortBody(std::string(1'000, 'x'), 300), ErrorCode::kConnectionLost,
       "after 300 of 1000 bytes"},
  };
  for (const auto& [target, fault, code, text] : cases) {
    server_->On("GET", target, fault);
    const Result<Response> result = Fetch(target);
    EXPECT_ERROR_CODE(code, result);
    EXPECT_TRUE(IsRetryable(result.status()));
    EXPECT_THAT(result.status().message(),
                AllOf(HasSubstr("GET " + server_->url() + target), HasSubstr(text), HasSubstr("2 tries")));
    EXPECT_EQ(server_->Count("GET", target), 2);
  }
}

TEST_F(HttpFaults, RetryAfterSecondsAreWaitedFor) {
  server_->On("GET", "/",
              {ScriptedAnswer::Status(429, "", {{"Retry-After", "7"}}), ScriptedAnswer::Json("[]")});
  ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(Waited(), Millis(7'000));
}

TEST_F(HttpFaults, RetryAfterDatesAreWaitedFor) {
  // The fake clock starts at second 1,790,000,000: Mon, 21 Sep 2026 14:13:20 GMT.
  server_->On("GET", "/",
              {ScriptedAnswer::Status(503, "", {{"Retry-After", "Mon, 21 Sep 2026 14:13:50 GMT"}}),
               ScriptedAnswer::Json("[]")});
  ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(Waited(), Millis(30'000));
}

TEST_F(HttpFaults, RetryAfterBeyondMaxElapsedFailsAtOnce) {
  options_.retry.max_elapsed = Millis(60'000);
  server_->On("GET", "/", ScriptedAnswer::Status(429, "", {{"Retry-After", "3600"}}));
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kRateLimited, result);
  EXPECT_THAT(result.status().message(), AllOf(HasSubstr("3600.0 s"), HasSubstr("max_elapsed")));
  EXPECT_EQ(server_->Count(), 1);
}

TEST_F(HttpFaults, GivesUpAfterMaxRetriesWithTheServicesOwnWords) {
  server_->On("GET", "/", ScriptedAnswer::Status(500, R"({"error":"no database"})"));
  const Result<Response> result = Fetch("/p?page=3");
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, result);
  EXPECT_EQ(DetailOf(result.status())->fields().http_status, 500);
  EXPECT_TRUE(IsRetryable(result.status()));
  EXPECT_THAT(result.status().message(),
              AllOf(HasSubstr("/p?page=3: the service answered 500 Internal Server Error"),
                    HasSubstr(R"({"error":"no database"})"), HasSubstr("4 tries")));
  EXPECT_EQ(server_->Count(), 4);
}

TEST_F(HttpFaults, StripsTheTagsOfAnHtmlError) {
  server_->On(
      "GET", "/",
      ScriptedAnswer::Status(404,
                             "<!doctype html>\n<title>404 Not Found</title><style>b{}</style>\n<h1>Not "
                             "Found</h1><script>x()</script><p>nada \x01 aquí</p>"));
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, result);
  EXPECT_FALSE(IsRetryable(result.status()));
  EXPECT_THAT(result.status().message(), HasSubstr(": 404 Not Found Not Found nada aquí (1 try)"));
}

TEST_F(HttpFaults, RefusedCredentialsAreNotRetried) {
  for (const int status : {401, 403}) {
    server_->On("GET", "/", ScriptedAnswer::Status(status));
    EXPECT_ERROR_CODE(ErrorCode::kUnauthorized, Fetch("/p"));
  }
  EXPECT_EQ(server_->Count(), 2);
}

TEST_F(HttpFaults, AHangEndsWithTheIdleTimeout) {
  options_.timeouts.idle = Millis(150);
  options_.retry.max_retries = 1;
  server_->On("GET", "/", ScriptedAnswer::Hang());
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, result);
  EXPECT_TRUE(IsRetryable(result.status()));
  EXPECT_THAT(result.status().message(), AllOf(HasSubstr("no byte for 150 ms (our time-out `idle`)"),
                                               HasSubstr("waiting for the answer")));
  EXPECT_GE(Took(), Millis(300));
  EXPECT_LT(Took(), Millis(3'000));
  EXPECT_EQ(server_->Count(), 2);
}

TEST_F(HttpFaults, AHangInTheBodyEndsWithTheIdleTimeout) {
  options_.timeouts.idle = Millis(150);
  options_.retry.max_retries = 0;
  ScriptedAnswer answer = ScriptedAnswer::Json(std::string(1'000, 'x'));
  answer.cut_after = 400;
  answer.end = ScriptedAnswer::End::kHang;
  server_->On("GET", "/", answer);
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, result);
  EXPECT_THAT(result.status().message(), HasSubstr("after 400 bytes of the body"));
}

TEST_F(HttpFaults, AHangInTheTlsHandshakeEndsWithTheConnectTimeout) {
  options_.timeouts.connect = Millis(150);
  options_.retry.max_retries = 0;
  // A plain server waits for more of what it takes for a request, and says nothing.
  const Result<Response> result = client().Fetch(Get("https" + server_->url().substr(4) + "/p"));
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, result);
  EXPECT_THAT(result.status().message(), HasSubstr("within 150 ms (our time-out `connect`)"));
  EXPECT_LT(Took(), Millis(3'000));
}

TEST_F(HttpFaults, ASlowDripEndsWithTheTotalTimeout) {
  options_.timeouts.idle = Millis(1'000);
  options_.timeouts.total = Millis(250);
  options_.retry.max_retries = 0;
  ScriptedAnswer drip = ScriptedAnswer::Json(std::string(1'000, 'x'));
  drip.drip_bytes = 1;
  drip.drip_every = Millis(20);
  server_->On("GET", "/", drip);
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, result);
  EXPECT_THAT(result.status().message(), HasSubstr("not finished within 250 ms (our time-out `total`)"));
  EXPECT_LT(Took(), Millis(3'000));
}

TEST_F(HttpFaults, ADripThatStopsTooLongEndsWithTheIdleTimeout) {
  options_.timeouts.idle = Millis(100);
  options_.retry.max_retries = 0;
  ScriptedAnswer drip = ScriptedAnswer::Json("abcdef");
  drip.drip_bytes = 1;
  drip.drip_every = Millis(400);
  server_->On("GET", "/", drip);
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, result);
  EXPECT_THAT(result.status().message(), HasSubstr("`idle`"));
}

TEST_F(HttpFaults, ASlowButSteadyAnswerArrives) {
  options_.timeouts.idle = Millis(1'000);
  ScriptedAnswer drip = ScriptedAnswer::Json("0123456789");
  drip.drip_bytes = 2;
  drip.drip_every = Millis(20);
  server_->On("GET", "/", drip);
  ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/p"));
  EXPECT_EQ(response.body, "0123456789");
}

TEST_F(HttpFaults, TheServicesOwnSlowErrorIsNotCalledATimeout) {
  options_.timeouts.idle = Millis(2'000);
  options_.retry.max_retries = 0;
  ScriptedAnswer slow = ScriptedAnswer::Status(500, R"({"error":"pool timeout"})");
  slow.delay = Millis(300);
  server_->On("GET", "/", slow);
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, result);
  EXPECT_THAT(
      result.status().message(),
      AllOf(HasSubstr("the service answered 500 Internal Server Error after 3"), Not(HasSubstr("time-out"))));
}

TEST_F(HttpFaults, MaxElapsedBoundsASingleAttempt) {
  use_real_clock_ = true;
  options_.retry.max_elapsed = Millis(300);
  options_.retry.base = Millis(1);
  server_->On("GET", "/", ScriptedAnswer::Hang());
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, Fetch("/p"));
  EXPECT_LT(Took(), Millis(3'000));
}

TEST_F(HttpFaults, AnUnknownHostIsNamed) {
  options_.retry.max_retries = 1;
  const Result<Response> result = client().Fetch(Get("http://productos-service.invalid:5001/api/productos"));
  EXPECT_ERROR_CODE(ErrorCode::kHostNotFound, result);
  EXPECT_THAT(result.status().message(), AllOf(HasSubstr("http://productos-service.invalid:5001"),
                                               HasSubstr("DNS"), HasSubstr("2 tries")));
  EXPECT_THAT(HintOf(result.status()), HasSubstr("URL variable"));
  Request request = Get("http://s3.invalid:9000/bucket");
  request.reach_hint = "look at the bucket's server";
  EXPECT_EQ(HintOf(client().Fetch(std::move(request)).status()), "look at the bucket's server");
}

TEST_F(HttpFaults, ARefusedConnectionIsNamed) {
  const std::string url = server_->url();
  server_.reset();
  options_.retry.max_retries = 2;
  const Result<Response> result = client().Fetch(Get(url + "/api"));
  EXPECT_ERROR_CODE(ErrorCode::kConnectFailed, result);
  EXPECT_THAT(result.status().message(),
              AllOf(HasSubstr("no connection to " + url), HasSubstr("refused"), HasSubstr("3 tries")));
  EXPECT_THAT(HintOf(result.status()), HasSubstr("the service runs"));
}

TEST_F(HttpFaults, APostIsNotRepeatedOnceItWentOut) {
  for (const ScriptedAnswer& fault :
       {ScriptedAnswer::Status(503), ScriptedAnswer::Reset(), ScriptedAnswer::CloseEarly()}) {
    server_->On("POST", "/a", fault);
    const int before = server_->Count();
    const Result<Response> result = client().Fetch(Post(server_->url() + "/a", "x"));
    EXPECT_FALSE(result.ok());
    EXPECT_THAT(result.status().message(), HasSubstr("not repeated"));
    EXPECT_EQ(server_->Count(), before + 1);
  }
  server_->On("POST", "/b", {ScriptedAnswer::Status(503), ScriptedAnswer::Json("{}")});
  Request known = Post(server_->url() + "/b", "x");
  known.idempotent = true;
  ASSERT_OK(client().Fetch(known).status());
}

TEST_F(HttpFaults, APostThatNeverArrivedIsTriedAgain) {
  const std::string url = server_->url();
  server_.reset();
  const Result<Response> result = client().Fetch(Post(url + "/a", "x"));
  EXPECT_ERROR_CODE(ErrorCode::kConnectFailed, result);
  EXPECT_THAT(result.status().message(), HasSubstr("4 tries"));
}

TEST_F(HttpFaults, ASpentRetryBudgetStopsTheHammering) {
  options_.retry_budget = std::make_shared<RetryBudget>(2);
  options_.retry.max_retries = 10;
  server_->On("GET", "/", ScriptedAnswer::Status(503, "down"));
  const Result<Response> first = Fetch("/a");
  EXPECT_ERROR_CODE(ErrorCode::kRetryBudgetSpent, first);
  EXPECT_THAT(first.status().message(), AllOf(HasSubstr("budget"), HasSubstr("503"), HasSubstr("down")));
  EXPECT_EQ(server_->Count("GET", "/a"), 4);  // its first retry and the two extra ones
  EXPECT_ERROR_CODE(ErrorCode::kRetryBudgetSpent, Fetch("/b"));
  EXPECT_EQ(server_->Count("GET", "/b"), 2);  // always one
}

TEST_F(HttpFaults, EachRetryIsTold) {
  std::vector<std::string> told;
  options_.on_retry = [&](const std::string& url, int attempt, Millis wait, const Status& cause) {
    told.push_back(url + " " + std::to_string(attempt) + " " + std::to_string(wait.count() <= 200) + " " +
                   std::string(ErrorCodeName(CodeOf(cause))));
  };
  server_->On(
      "GET", "/",
      {ScriptedAnswer::Status(500), ScriptedAnswer::ShortBody("xxxx", 2), ScriptedAnswer::Json("{}")});
  ASSERT_OK(Fetch("/p?token=abc").status());
  EXPECT_THAT(told, ::testing::ElementsAre(server_->url() + "/p?token=*** 1 1 http_status",
                                           server_->url() + "/p?token=*** 2 1 connection_lost"));
}

TEST_F(HttpFaults, CancelEndsAHangWithinASecond) {
  use_real_clock_ = true;
  options_.timeouts = {Millis(60'000), Millis(60'000), Millis(60'000)};
  options_.concurrency = 2;
  server_->On("GET", "/hang", ScriptedAnswer::Hang());
  server_->On("GET", "/wait", ScriptedAnswer::Status(429, "", {{"Retry-After", "600"}}));
  std::vector<std::future<Result<Response>>> futures;
  futures.push_back(client().Send(Get(server_->url() + "/wait")));
  for (int i = 0; i < 4; ++i) futures.push_back(client().Send(Get(server_->url() + "/hang")));
  while (server_->Count("GET", "/hang") == 0) std::this_thread::yield();
  const auto before = steady_clock::now();
  client().Cancel();
  for (auto& future : futures) EXPECT_ERROR_CODE(ErrorCode::kCancelled, future.get());
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, Fetch("/later"));
  EXPECT_LT(steady_clock::now() - before, Millis(1'000));
}

TEST_F(HttpFaults, DestroyingTheClientEndsWhatIsPending) {
  server_->On("GET", "/", ScriptedAnswer::Hang());
  std::future<Result<Response>> future = client().Send(Get(server_->url() + "/p"));
  client_.reset();
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, future.get());
}

}  // namespace
}  // namespace ingesta::http
