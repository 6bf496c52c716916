// What the client refuses to be led into: redirects elsewhere, bodies beyond the limits, secrets in errors.
#include <gmock/gmock.h>

#include "ingesta/http/test_support.h"

namespace ingesta::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpSafety : public ClientFixture {};

TEST_F(HttpSafety, ARedirectLoopIsRefused) {
  server_->On("GET", "/a", ScriptedAnswer::Redirect("/b"));
  server_->On("GET", "/b", ScriptedAnswer::Redirect("/a"));
  const Result<Response> result = Fetch("/a");
  EXPECT_ERROR_CODE(ErrorCode::kRedirectRefused, result);
  EXPECT_THAT(result.status().message(), HasSubstr("loop"));
  EXPECT_EQ(server_->Count(), 2);
}

TEST_F(HttpSafety, TooManyRedirectsAreRefused) {
  options_.max_redirects = 5;
  server_->OnCall("GET", "/", [](const testing::ReceivedRequest& request) {
    return ScriptedAnswer::Redirect(request.target + "x");
  });
  const Result<Response> result = Fetch("/a");
  EXPECT_ERROR_CODE(ErrorCode::kRedirectRefused, result);
  EXPECT_THAT(result.status().message(), HasSubstr("more than 5 redirects"));
  EXPECT_EQ(server_->Count(), 6);
}

TEST_F(HttpSafety, ARedirectToAnotherOriginIsRefusedUnlessAllowedAndNeverCarriesCredentials) {
  ASSERT_OK_AND_ASSIGN(const auto other, ScriptedServer::Start());
  other->On("GET", "/b", ScriptedAnswer::Redirect(server_->url() + "/c"));
  server_->On("GET", "/a", ScriptedAnswer::Redirect(other->url() + "/b"));
  server_->On("GET", "/c", ScriptedAnswer::Json("end"));
  const auto request = [&] {
    Request r = Get(server_->url() + "/a");
    r.headers = {{"Authorization", "Bearer canary-1"},
                 {"X-Api-Key", "canary-2"},
                 {"Cookie", "c=canary-3"},
                 {"Accept", "application/json"}};
    return r;
  };
  const Result<Response> refused = client().Fetch(request());
  EXPECT_ERROR_CODE(ErrorCode::kRedirectRefused, refused);
  EXPECT_THAT(refused.status().message(), HasSubstr(other->url() + "/b"));
  EXPECT_THAT(HintOf(refused.status()), HasSubstr("allowed_origins"));
  EXPECT_EQ(other->Count(), 0);

  client_.reset();
  options_.allowed_origins = {other->url()};
  ASSERT_OK_AND_ASSIGN(const Response response, client().Fetch(request()));
  EXPECT_EQ(response.body, "end");
  // Not even when the other origin sends us back home: it chose that URL.
  for (const testing::ReceivedRequest& hop : {other->requests().at(0), server_->requests().back()}) {
    EXPECT_EQ(hop.Header("Accept"), "application/json");
    for (const auto& [name, value] : hop.headers) EXPECT_THAT(value, Not(HasSubstr("canary"))) << name;
  }
}

TEST_F(HttpSafety, RedirectsToOtherSchemesAreRefused) {
  for (const char* location : {"file:///etc/passwd", "ftp://127.0.0.1/", "http://", "gopher://x"}) {
    server_->On("GET", "/a", ScriptedAnswer::Redirect(location));
    EXPECT_ERROR_CODE(ErrorCode::kRedirectRefused, Fetch("/a"));
  }
}

TEST_F(HttpSafety, AGzipBombIsStoppedEarly) {
  ScriptedAnswer bomb = ScriptedAnswer::Json(std::string(8 << 20, '0'));
  bomb.gzip = true;
  server_->On("GET", "/", bomb);
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, result);
  EXPECT_FALSE(IsRetryable(result.status()));
  EXPECT_THAT(result.status().message(), HasSubstr("more than 200 times"));
  EXPECT_EQ(server_->Count(), 1);
}

TEST_F(HttpSafety, ABodyAboveMaxBodyIsRefusedWhateverItsFraming) {
  options_.max_body = 100'000;
  const std::string body(100'001, 'x');
  for (const auto framing : {ScriptedAnswer::Framing::kContentLength, ScriptedAnswer::Framing::kChunked}) {
    for (const bool gzip : {false, true}) {
      ScriptedAnswer answer = ScriptedAnswer::Json(body);
      answer.framing = framing;
      answer.gzip = gzip;
      server_->On("GET", "/", answer);
      EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, Fetch("/p"));
      answer.body.pop_back();
      server_->On("GET", "/", answer);
      ASSERT_OK(Fetch("/p").status());
    }
  }
  Request larger = Get(server_->url() + "/p");
  server_->On("GET", "/", ScriptedAnswer::Json(body));
  larger.max_body = 200'000;
  ASSERT_OK(client().Fetch(larger).status());
}

TEST_F(HttpSafety, DamagedAndUnaskedEncodingsAreErrors) {
  options_.retry.max_retries = 1;
  server_->On("GET", "/g", ScriptedAnswer::Status(200, "no gzip", {{"Content-Encoding", "gzip"}}));
  server_->On("GET", "/b", ScriptedAnswer::Status(200, "no brotli", {{"Content-Encoding", "br"}}));
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, Fetch("/g"));
  const Result<Response> result = Fetch("/b");
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, result);
  EXPECT_THAT(result.status().message(), HasSubstr("Content-Encoding br"));
}

TEST_F(HttpSafety, SecretsAreInNoError) {
  options_.redact = {"canary/1", "canary"};
  options_.retry.max_retries = 1;
  std::string told;
  options_.on_retry = [&](const std::string& url, int, Millis, const Status& cause) {
    told += url + cause.ToString();
  };
  server_->OnCall("GET", "/", [](const testing::ReceivedRequest& request) {
    return ScriptedAnswer::Status(500, "you sent " + request.target + " and canary/1");
  });
  const std::string host = server_->url().substr(7);
  const Result<Response> result =
      client().Fetch(Get("http://user:canary@" + host + "/canary/p?q=canary%2F1&password=other"));
  ASSERT_FALSE(result.ok());
  for (const std::string& text : {result.status().ToString(), told}) {
    EXPECT_THAT(text, AllOf(Not(HasSubstr("canary")), HasSubstr("***"), HasSubstr("/p?q="))) << text;
  }
  EXPECT_THAT(result.status().message(), Not(HasSubstr("user:")));
}

}  // namespace
}  // namespace ingesta::http
