#include "ingesta/http/auth.h"

#include <gmock/gmock.h>

#include <set>

#include "ingesta/http/oauth2.h"
#include "ingesta/http/response_filters.h"
#include "ingesta/http/test_support.h"

namespace ingesta::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Make the authenticator `kind` from `options`, with the descriptor's defaults.
Result<std::shared_ptr<Authenticator>> MakeAuth(const std::string& kind, config::Options options,
                                                Clock& clock) {
  for (const AuthKind& candidate : AuthKinds()) {
    if (candidate.spec.name != kind) continue;
    for (const config::OptionSpec& option : candidate.spec.options) {
      if (option.default_value && !options.Has(option.name)) options.Set(option.name, *option.default_value);
    }
    return candidate.make(options, clock);
  }
  return MakeError(ErrorCode::kUsage, "no kind " + kind);
}

config::Options With(std::initializer_list<std::pair<const char*, const char*>> values) {
  config::Options options;
  for (const auto& [name, value] : values) options.Set(name, std::string(value));
  return options;
}

class HttpAuth : public ClientFixture {};

TEST_F(HttpAuth, PutsFixedCredentialsWhereTheyBelong) {
  struct Case {
    const char* kind;
    config::Options options;
    const char* header;
    const char* value;
    const char* target;
  };
  const Case cases[] = {
      {"bearer", With({{"token", "t0"}}), "Authorization", "Bearer t0", "/p?x=1"},
      {"api_key", With({{"api_key", "k0"}, {"name", "X-Api-Key"}}), "X-Api-Key", "k0", "/p?x=1"},
      {"api_key", With({{"api_key", "k 0"}, {"name", "key"}, {"location", "query"}}), "key", "",
       "/p?x=1&key=k%200"},
      {"http_basic", With({{"username", "Aladdin"}, {"password", "open sesame"}}), "Authorization",
       "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "/p?x=1"},
  };
  server_->On("GET", "/", ScriptedAnswer::Json("{}"));
  for (const Case& c : cases) {
    client_.reset();
    ASSERT_OK_AND_ASSIGN(options_.authenticator, MakeAuth(c.kind, c.options, clock_));
    ASSERT_OK(Fetch("/p?x=1").status());
    EXPECT_EQ(server_->requests().back().Header(c.header), c.value) << c.kind;
    EXPECT_EQ(server_->requests().back().target, c.target) << c.kind;
  }
}

TEST_F(HttpAuth, LeavesRequestsAloneThatWantNone) {
  ASSERT_OK_AND_ASSIGN(options_.authenticator, MakeAuth("bearer", With({{"token", "t0"}}), clock_));
  server_->On("GET", "/", ScriptedAnswer::Json("{}"));
  Request request = Get(server_->url() + "/p");
  request.authenticate = false;
  ASSERT_OK(client().Fetch(request).status());
  EXPECT_FALSE(server_->requests()[0].HasHeader("Authorization"));
}

TEST_F(HttpAuth, RefusesEmptySecrets) {
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeAuth("bearer", With({{"token", ""}}), clock_));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeAuth("api_key", With({{"api_key", ""}}), clock_));
  EXPECT_ERROR_CODE(
      ErrorCode::kInvalidConfig,
      MakeAuth("oauth2_client_credentials",
               With({{"access_token_url", "not a url"}, {"client_id", "i"}, {"client_secret", "s"}}),
               clock_));
}

TEST(AuthKinds, AreDescribedInBothLanguages) {
  std::set<std::string> names;
  for (const AuthKind& kind : AuthKinds()) {
    names.insert(kind.spec.name);
    EXPECT_FALSE(kind.spec.summary.empty() || kind.spec.summary_es.empty()) << kind.spec.name;
    for (const auto& option : kind.spec.options) {
      EXPECT_FALSE(option.summary.empty() || option.summary_es.empty())
          << kind.spec.name << "." << option.name;
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"bearer", "api_key", "http_basic", "oauth2_client_credentials"}));
}

class HttpOauth2 : public ClientFixture {
 protected:
  void SetUp() override {
    ClientFixture::SetUp();
    ASSERT_OK_AND_ASSIGN(tokens_, ScriptedServer::Start());
    tokens_->OnCall("POST", "/token", [this](const testing::ReceivedRequest&) {
      return ScriptedAnswer::Json(R"({"access_token":"canary-tok)" + std::to_string(++issued_) +
                                  R"(","token_type":"Bearer","expires_in":3600})");
    });
    // The service takes tokens from number `oldest_valid_` on.
    server_->OnCall("GET", "/", [this](const testing::ReceivedRequest& request) {
      const std::string value = request.Header("Authorization");
      const bool valid = value.size() > 17 && std::stoi(value.substr(17)) >= oldest_valid_;
      ScriptedAnswer answer =
          valid ? ScriptedAnswer::Json("{}") : ScriptedAnswer::Status(401, "bad " + value);
      answer.delay = Millis(10);
      return answer;
    });
    MakeAuthenticator({});
  }
  void MakeAuthenticator(std::initializer_list<std::pair<const char*, const char*>> extra) {
    config::Options options = With(extra);
    options.Set("access_token_url", tokens_->url() + "/token");
    options.Set("client_id", std::string("id:1"));
    options.Set("client_secret", std::string("canary secret"));
    client_.reset();
    ASSERT_OK_AND_ASSIGN(options_.authenticator, MakeAuth("oauth2_client_credentials", options, clock_));
  }

  std::unique_ptr<ScriptedServer> tokens_;
  std::atomic<int> issued_{0};
  std::atomic<int> oldest_valid_{1};
};

TEST_F(HttpOauth2, FetchesOneTokenForAllWaitingRequests) {
  std::vector<std::future<Result<Response>>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(client().Send(Get(server_->url() + "/p")));
  for (auto& future : futures) ASSERT_OK(future.get().status());
  EXPECT_EQ(tokens_->Count(), 1);
  const testing::ReceivedRequest asked = tokens_->requests()[0];
  EXPECT_EQ(asked.body, "grant_type=client_credentials");
  EXPECT_EQ(asked.Header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked.Header("Authorization"), "Basic " + Base64("id%3A1:canary%20secret"));
  EXPECT_EQ(server_->requests()[0].Header("Authorization"), "Bearer canary-tok1");
}

TEST_F(HttpOauth2, SendsScopeAudienceAndCredentialsInTheBodyWhereAsked) {
  MakeAuthenticator({{"scope", "read all"}, {"audience", "https://api"}, {"client_auth", "body"}});
  ASSERT_OK(Fetch("/p").status());
  const testing::ReceivedRequest asked = tokens_->requests()[0];
  EXPECT_FALSE(asked.HasHeader("Authorization"));
  EXPECT_EQ(asked.body,
            "grant_type=client_credentials&scope=read%20all&audience=https%3A%2F%2Fapi&client_id=id%3A1"
            "&client_secret=canary%20secret");
}

TEST_F(HttpOauth2, RenewsTheTokenShortlyBeforeItExpires) {
  ASSERT_OK(Fetch("/p").status());
  clock_.Advance(Millis(3'539'000));
  ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(issued_, 1);
  clock_.Advance(Millis(2'000));
  ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(issued_, 2);
}

TEST_F(HttpOauth2, RenewsARefusedTokenOnceForAllRequests) {
  ASSERT_OK(Fetch("/p").status());
  oldest_valid_ = 2;
  std::vector<std::future<Result<Response>>> futures;
  for (int i = 0; i < 8; ++i) futures.push_back(client().Send(Get(server_->url() + "/p")));
  for (auto& future : futures) {
    Result<Response> result = future.get();
    ASSERT_OK(result.status());
    EXPECT_EQ(result->attempts, 2);
  }
  EXPECT_EQ(issued_, 2);
}

TEST_F(HttpOauth2, GivesUpWhenTheNewTokenIsRefusedToo) {
  oldest_valid_ = 100;
  const Result<Response> result = Fetch("/p");
  EXPECT_ERROR_CODE(ErrorCode::kUnauthorized, result);
  EXPECT_EQ(issued_, 2);
  EXPECT_EQ(server_->Count(), 2);
  EXPECT_THAT(result.status().ToString(),
              AllOf(HasSubstr("401"), HasSubstr("bad Bearer ***"), Not(HasSubstr("canary"))));
}

TEST_F(HttpOauth2, SaysWhyThereIsNoToken) {
  const std::pair<ScriptedAnswer, const char*> cases[] = {
      {ScriptedAnswer::Status(400, R"({"error":"invalid_client","secret":"canary secret"})"),
       "invalid_client"},
      {ScriptedAnswer::Json("<html>canary</html>"), "not JSON"},
      {ScriptedAnswer::Json(R"({"token":"canary"})"), "no access_token"},
      {ScriptedAnswer::Json(R"({"access_token":"canary","token_type":"mac"})"), "token_type is `mac`"},
  };
  for (const auto& [answer, text] : cases) {
    tokens_->On("POST", "/token", answer);
    MakeAuthenticator({});
    const Result<Response> result = Fetch("/p");
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(result.status().ToString(),
                AllOf(HasSubstr("no access token"), HasSubstr(text), Not(HasSubstr("canary"))));
  }
  EXPECT_EQ(server_->Count(), 0);
}

TEST_F(HttpOauth2, RetriesATokenEndpointThatFails) {
  tokens_->On("POST", "/token",
              {ScriptedAnswer::Status(503), ScriptedAnswer::Reset(),
               ScriptedAnswer::Json(R"({"access_token":"canary-tok7","expires_in":"5"})")});
  ASSERT_OK(Fetch("/p").status());
  EXPECT_EQ(tokens_->Count(), 3);
}

TEST_F(HttpOauth2, CancelEndsRequestsThatWaitForAToken) {
  tokens_->On("POST", "/token", ScriptedAnswer::Hang());
  std::future<Result<Response>> future = client().Send(Get(server_->url() + "/p"));
  while (tokens_->Count() == 0) std::this_thread::yield();
  client().Cancel();
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, future.get());
}

class HttpFilters : public ClientFixture {
 protected:
  void Use(std::vector<config::ResponseFilterSpec> filters) {
    client_.reset();
    ASSERT_OK_AND_ASSIGN(options_.classify, MakeClassifier(filters));
  }
};

TEST_F(HttpFilters, DecideByCodeAndText) {
  Use({{{404}, "", "ignore"},
       {{400}, "try later", "retry"},
       {{200}, "quota", "rate_limited"},
       {{}, "\"ok\":false", "fail"},
       {{418}, "", "success"}});
  server_->On("GET", "/404", ScriptedAnswer::Status(404, "nothing"));
  ASSERT_OK_AND_ASSIGN(const Response ignored, Fetch("/404"));
  EXPECT_TRUE(ignored.ignored);
  EXPECT_EQ(ignored.body, "");

  server_->On("GET", "/400", {ScriptedAnswer::Status(400, "try later"), ScriptedAnswer::Json("[]")});
  ASSERT_OK_AND_ASSIGN(const Response retried, Fetch("/400"));
  EXPECT_EQ(retried.attempts, 2);
  EXPECT_FALSE(retried.ignored);
  server_->On("GET", "/400", ScriptedAnswer::Status(400, "no"));
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, Fetch("/400"));

  server_->On("GET", "/quota", {ScriptedAnswer::Json("quota"), ScriptedAnswer::Json("[]")});
  ASSERT_OK(Fetch("/quota").status());
  EXPECT_LT(client().CurrentLimit(), 8);

  server_->On("GET", "/false", ScriptedAnswer::Json(R"({"ok":false,"why":"x"})"));
  const Result<Response> failed = Fetch("/false");
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, failed);
  EXPECT_FALSE(IsRetryable(failed.status()));

  server_->On("GET", "/418", ScriptedAnswer::Status(418, "teapot"));
  ASSERT_OK_AND_ASSIGN(const Response teapot, Fetch("/418"));
  EXPECT_EQ(teapot.body, "teapot");

  server_->On("GET", "/500", {ScriptedAnswer::Status(500), ScriptedAnswer::Json("[]")});
  ASSERT_OK(Fetch("/500").status());  // none fits: by status
}

TEST_F(HttpFilters, RefuseWhatTheyCannotMean) {
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeClassifier({{{404}, "", "skip"}}));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeClassifier({{{}, "", "ignore"}}));
}

}  // namespace
}  // namespace ingesta::http
