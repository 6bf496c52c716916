// What a client does when all goes well: bodies, headers, uploads, connections, compression, redirects,
// limits.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>
#include <zstd.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "ingesta/http/test_support.h"

namespace ingesta::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpClient : public ClientFixture {};

TEST_F(HttpClient, GivesStatusHeadersAndBody) {
  server_->On("GET", "/a", ScriptedAnswer::Status(200, "hola", {{"X-Total", "7"}}));
  ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/a?x=1"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hola");
  EXPECT_EQ(response.wire_bytes, 4);
  EXPECT_EQ(response.attempts, 1);
  EXPECT_EQ(response.url, server_->url() + "/a?x=1");
  ASSERT_NE(response.headers.Find("x-total"), nullptr);
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/a?x=1");
  EXPECT_EQ(requests[0].Header("Accept-Encoding"), "gzip, zstd");
  EXPECT_EQ(requests[0].Header("User-Agent"), "ingesta");
}

TEST_F(HttpClient, ReadsEveryFraming) {
  const std::string body(300'000, 'x');
  for (const auto framing : {ScriptedAnswer::Framing::kContentLength, ScriptedAnswer::Framing::kChunked,
                             ScriptedAnswer::Framing::kUntilClose}) {
    ScriptedAnswer answer = ScriptedAnswer::Json(body);
    answer.framing = framing;
    server_->On("GET", "/a", answer);
    ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/a"));
    EXPECT_EQ(response.body, body);
  }
}

TEST_F(HttpClient, ReusesConnections) {
  server_->On("GET", "/", ScriptedAnswer::Json("{}"));
  for (int i = 0; i < 20; ++i) ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(HttpClient, SurvivesAServerThatClosesIdleConnections) {
  ScriptedAnswer closing = ScriptedAnswer::Json("{}");
  closing.end = ScriptedAnswer::End::kClose;
  server_->On("GET", "/", closing);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(server_->connections(), 5);
}

TEST_F(HttpClient, UnpacksGzip) {
  const std::string body = "{\"a\":\"" + std::string(5'000, 'a') + "\"}";
  ScriptedAnswer answer = ScriptedAnswer::Json(body);
  answer.gzip = true;
  server_->On("GET", "/a", answer);
  ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/a"));
  EXPECT_EQ(response.body, body);
  EXPECT_LT(response.wire_bytes, 200);
}

TEST_F(HttpClient, UnpacksZstd) {
  const std::string body = "{\"b\":\"" + std::string(200'000, 'b') + "\"}";
  std::string packed(ZSTD_compressBound(body.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), 3));
  server_->On("GET", "/a", ScriptedAnswer::Status(200, packed, {{"Content-Encoding", "zstd"}}));
  ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/a"));
  EXPECT_EQ(response.body, body);
}

TEST_F(HttpClient, TakesTheFramingOfAnUploadForNoEncoding) {
  for (const char* encoding : {"aws-chunked", "aws-chunked,", "AWS-Chunked, identity"}) {
    server_->On("GET", "/a", ScriptedAnswer::Status(200, "{}", {{"Content-Encoding", encoding}}));
    ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/a"));
    EXPECT_EQ(response.body, "{}") << encoding;
  }
  ScriptedAnswer packed = ScriptedAnswer::Json("{\"a\":1}");
  packed.gzip = true;
  server_->On("GET", "/b", packed);
  ASSERT_OK_AND_ASSIGN(const Response response, Fetch("/b"));
  EXPECT_EQ(response.body, "{\"a\":1}");
  server_->On("GET", "/c", ScriptedAnswer::Status(200, "{}", {{"Content-Encoding", "aws-chunked,br"}}));
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, Fetch("/c").status());
}

TEST_F(HttpClient, LeavesTheBodyPackedWhereTheCallerAsksForIdentity) {
  server_->On("GET", "/a", ScriptedAnswer::Status(200, "not gzip at all", {{"Content-Encoding", "gzip"}}));
  Request request = Get(server_->url() + "/a");
  request.headers.Set("Accept-Encoding", "identity");
  ASSERT_OK_AND_ASSIGN(const Response response, client().Fetch(request));
  EXPECT_EQ(response.body, "not gzip at all");
}

TEST_F(HttpClient, SendsBodiesFromMemoryAndFile) {
  server_->On("", "/", ScriptedAnswer::Json("{}"));
  ASSERT_OK(client().Fetch(Post(server_->url() + "/a", "hello")).status());
  ASSERT_OK(client().Fetch(Post(server_->url() + "/empty", "")).status());

  const std::string path = ::testing::TempDir() + "ingesta_upload_" + std::to_string(getpid());
  std::ofstream(path) << "0123456789" << std::string(300'000, 'z') << "tail";
  Request put = Post(server_->url() + "/f", "");
  put.method = "PUT";
  put.body.file = path;
  put.body.offset = 5;
  put.body.length = 300'005;
  ASSERT_OK(client().Fetch(put).status());
  unlink(path.c_str());

  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].body, "hello");
  EXPECT_FALSE(requests[0].HasHeader("Expect"));
  EXPECT_FALSE(requests[0].HasHeader("Transfer-Encoding"));
  EXPECT_EQ(requests[1].Header("Content-Length"), "0");
  EXPECT_EQ(requests[2].method, "PUT");
  EXPECT_EQ(requests[2].body, "56789" + std::string(300'000, 'z'));
}

TEST_F(HttpClient, SendsTheWholeBodyAgainOnARetry) {
  server_->On("PUT", "/", {ScriptedAnswer::Status(500), ScriptedAnswer::Reset(), ScriptedAnswer::Json("{}")});
  Request put = Post(server_->url() + "/f", std::string(200'000, 'q'));
  put.method = "PUT";
  ASSERT_OK(client().Fetch(put).status());
  EXPECT_EQ(server_->Count(), 3);
  for (const auto& request : server_->requests()) EXPECT_EQ(request.body.size(), 200'000u);
}

TEST_F(HttpClient, AnswersHeadWithoutWaitingForABody) {
  server_->On("HEAD", "/a", ScriptedAnswer::Json("123456"));
  Request head = Get(server_->url() + "/a");
  head.method = "HEAD";
  ASSERT_OK_AND_ASSIGN(const Response response, client().Fetch(head));
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(*response.headers.Find("Content-Length"), "6");
}

TEST_F(HttpClient, StreamsABodyPieceByPiece) {
  std::string body;
  for (int i = 0; i < 200'000; ++i) body += std::to_string(i);
  ScriptedAnswer answer = ScriptedAnswer::Json(body);
  answer.framing = ScriptedAnswer::Framing::kChunked;
  server_->On("GET", "/a", answer);
  std::string got;
  int pieces = 0;
  Request request = Get(server_->url() + "/a");
  request.on_body = [&](std::string_view piece) {
    got.append(piece);
    ++pieces;
    return Status::OK();
  };
  ASSERT_OK_AND_ASSIGN(const Response response, client().Fetch(request));
  EXPECT_EQ(got, body);
  EXPECT_GT(pieces, 5);
  EXPECT_EQ(response.body, "");
}

TEST_F(HttpClient, EndsAStreamWithTheCallbacksError) {
  server_->On("GET", "/a", ScriptedAnswer::Json(std::string(1'000'000, 'x')));
  Request request = Get(server_->url() + "/a");
  request.on_body = [](std::string_view) { return MakeError(ErrorCode::kDiskFull, "no room"); };
  const Result<Response> result = client().Fetch(request);
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, result);
  EXPECT_EQ(server_->Count(), 1);
}

TEST_F(HttpClient, DoesNotRepeatAStreamThatHasBegun) {
  server_->On("GET", "/a",
              {ScriptedAnswer::ShortBody(std::string(100'000, 'x'), 50'000), ScriptedAnswer::Json("{}")});
  Request request = Get(server_->url() + "/a");
  request.on_body = [](std::string_view) { return Status::OK(); };
  const Result<Response> result = client().Fetch(request);
  EXPECT_ERROR_CODE(ErrorCode::kConnectionLost, result);
  EXPECT_TRUE(IsRetryable(result.status()));
  EXPECT_EQ(server_->Count(), 1);
}

TEST_F(HttpClient, RetriesAStreamThatFailedBeforeItsFirstByte) {
  server_->On("GET", "/a", {ScriptedAnswer::Status(503, "busy"), ScriptedAnswer::Json("ok")});
  std::string got;
  Request request = Get(server_->url() + "/a");
  request.on_body = [&](std::string_view piece) {
    got.append(piece);
    return Status::OK();
  };
  ASSERT_OK(client().Fetch(request).status());
  EXPECT_EQ(got, "ok");
}

TEST_F(HttpClient, ChangesEachAttemptBeforeItGoes) {
  server_->On("GET", "/a", {ScriptedAnswer::Status(500), ScriptedAnswer::Json("{}")});
  int calls = 0;
  Request request = Get(server_->url() + "/a");
  request.before_attempt = [&](Request& attempt) {
    EXPECT_EQ(attempt.headers.Find("X-Signature"), nullptr);
    attempt.headers.Set("X-Signature", std::to_string(++calls));
    return Status::OK();
  };
  ASSERT_OK(client().Fetch(request).status());
  EXPECT_EQ(server_->requests()[0].Header("X-Signature"), "1");
  EXPECT_EQ(server_->requests()[1].Header("X-Signature"), "2");
  request.before_attempt = [](Request&) { return MakeError(ErrorCode::kCredentialsNotFound, "no keys"); };
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, client().Fetch(request));
}

TEST_F(HttpClient, KeepsNoMoreInFlightThanAllowed) {
  options_.concurrency = 4;
  ScriptedAnswer slow = ScriptedAnswer::Json("{}");
  slow.delay = Millis(20);
  server_->On("GET", "/", slow);
  std::vector<std::future<Result<Response>>> futures;
  for (int i = 0; i < 40; ++i) futures.push_back(client().Send(Get(server_->url() + "/p")));
  for (auto& future : futures) ASSERT_OK(future.get().status());
  EXPECT_EQ(server_->max_in_flight(), 4);
  EXPECT_LE(server_->connections(), 4);
}

TEST_F(HttpClient, HalvesItsLimitOncePerRoundTripAndGrowsAgain) {
  options_.concurrency = 8;
  ScriptedAnswer refusal = ScriptedAnswer::Status(429);
  refusal.delay = Millis(200);  // until all eight are under way
  std::vector<ScriptedAnswer> script(8, refusal);
  ScriptedAnswer answer = ScriptedAnswer::Json("{}");
  answer.delay = Millis(5);
  script.push_back(answer);
  server_->On("GET", "/", script);
  std::vector<std::future<Result<Response>>> futures;
  for (int i = 0; i < 8; ++i) futures.push_back(client().Send(Get(server_->url() + "/p")));
  ASSERT_OK(futures[0].get().status());
  const int limit = client().CurrentLimit();
  for (size_t i = 1; i < futures.size(); ++i) ASSERT_OK(futures[i].get().status());
  EXPECT_GE(limit, 4);
  EXPECT_LE(limit, 5);
  EXPECT_EQ(server_->Count(), 16);
  for (int i = 0; i < 60; ++i) ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(client().CurrentLimit(), 8);
}

TEST_F(HttpClient, StartsNoMoreRequestsAnIntervalThanTheBudgetSays) {
  options_.rate_limit = 3;
  options_.rate_interval = Millis(1'000);
  server_->On("GET", "/", ScriptedAnswer::Json("{}"));
  std::vector<std::future<Result<Response>>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(client().Send(Get(server_->url() + "/p")));
  for (auto& future : futures) ASSERT_OK(future.get().status());
  EXPECT_EQ(Waited(), Millis(3'000));  // 3 at once, then 3 a second
}

TEST_F(HttpClient, FollowsRedirectsWithinTheOrigin) {
  server_->On("GET", "/old", ScriptedAnswer::Redirect("new?x=1", 301));
  server_->On("GET", "/new", ScriptedAnswer::Json("here"));
  Request request = Get(server_->url() + "/old");
  request.headers.Add("Authorization", "Bearer t");
  ASSERT_OK_AND_ASSIGN(const Response response, client().Fetch(request));
  EXPECT_EQ(response.body, "here");
  EXPECT_EQ(response.url, server_->url() + "/new?x=1");
  EXPECT_EQ(server_->requests()[1].Header("Authorization"), "Bearer t");
}

TEST_F(HttpClient, TurnsAPostIntoAGetOnSeeOther) {
  server_->On("POST", "/a", ScriptedAnswer::Redirect("/b", 303));
  server_->On("GET", "/b", ScriptedAnswer::Json("{}"));
  Request post = Post(server_->url() + "/a", "x=1");
  post.headers.Add("Content-Type", "text/plain");
  ASSERT_OK(client().Fetch(post).status());
  EXPECT_EQ(server_->requests()[1].body, "");
  EXPECT_FALSE(server_->requests()[1].HasHeader("Content-Type"));
}

TEST_F(HttpClient, KeepsMethodAndBodyOnAPermanentRedirect) {
  server_->On("POST", "/a", ScriptedAnswer::Redirect("/b", 308));
  server_->On("POST", "/b", ScriptedAnswer::Json("{}"));
  ASSERT_OK(client().Fetch(Post(server_->url() + "/a", "x=1")).status());
  EXPECT_EQ(server_->requests()[1].body, "x=1");
}

TEST_F(HttpClient, RefusesHeadersThatWouldSplitTheRequest) {
  Request request = Get(server_->url() + "/a");
  request.headers.Add("X-Key", "a\r\nX-Evil: 1");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, client().Fetch(request));
  EXPECT_EQ(server_->Count(), 0);
}

TEST_F(HttpClient, UsesTheProxyOfTheEnvironmentButNotForNoProxy) {
  server_->On("GET", "http://service.invalid/a", ScriptedAnswer::Json("by proxy"));
  setenv("HTTP_PROXY", server_->url().c_str(), 1);
  setenv("NO_PROXY", "127.0.0.1", 1);
  const Result<Response> proxied = client().Fetch(Get("http://service.invalid/a"));
  server_->On("GET", "/direct", ScriptedAnswer::Json("direct"));
  const Result<Response> direct = Fetch("/direct");
  unsetenv("HTTP_PROXY");
  unsetenv("NO_PROXY");
  ASSERT_OK(proxied.status());
  EXPECT_EQ(proxied->body, "by proxy");
  ASSERT_OK(direct.status());
  EXPECT_EQ(direct->body, "direct");
}

TEST(ClientOptions, NameWhatIsWrong) {
  ClientOptions options;
  options.concurrency = 0;
  const Result<std::unique_ptr<Client>> result = Client::Make(options, RealClock(), SystemRandom());
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, result);
  EXPECT_THAT(result.status().message(), HasSubstr("concurrency is 0"));
  options.concurrency = 1;
  options.allowed_origins = {"example.com"};
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, options.Validate());
}

}  // namespace
}  // namespace ingesta::http
