#include "ingesta/lambda/runtime_api.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace ingesta::lambda {
namespace {

/// A frozen process takes its time; what ends a wait is Lambda.
constexpr Millis kForever = std::chrono::hours(24 * 365);
constexpr Millis kPostTimeout{10'000};
/// Lambda's own limit is 6 MB.
constexpr int64_t kLongestEvent = 8LL << 20;

std::string ErrorType(const Status& why) {
  return fmt::format("Ingesta.{}", ErrorCodeName(CodeOf(why)));
}

std::string HeaderOf(const http::Response& response, const char* name) {
  const std::string* value = response.headers.Find(name);
  return value != nullptr ? *value : "";
}

Status ApiError(const std::string& what, const http::Response& response) {
  return MakeError({.code = ErrorCode::kHttpStatus,
                    .stage = {},
                    .retryable = response.status >= 500,
                    .http_status = response.status,
                    .hint = ""},
                   fmt::format("Lambda's Runtime API, {}: status {}: {}", what, response.status,
                               response.body.substr(0, 200)));
}

http::Request ApiRequest(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.follow_redirects = false;
  request.authenticate = false;
  request.reach_hint =
      "AWS_LAMBDA_RUNTIME_API is Lambda's to set: run this command as a function's bootstrap";
  request.classify = [](const http::Response&) { return http::Verdict::kSuccess; };
  return request;
}

}  // namespace

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::Make(const std::string& address, Clock& clock, Random& random,
                                                     StopSource& stop) {
  http::ClientOptions options;
  options.timeouts = {.connect = Millis{5'000}, .idle = kForever, .total = kForever};
  // A call that fails is not sent again: Lambda starts a new process instead.
  options.retry = {.max_retries = 0, .max_elapsed = kForever};
  options.max_body = kLongestEvent;
  ARROW_ASSIGN_OR_RAISE(auto client, http::Client::Make(std::move(options), clock, random));
  return std::unique_ptr<RuntimeApi>(
      new RuntimeApi(fmt::format("http://{}/2018-06-01/runtime", address), std::move(client), clock, stop));
}

RuntimeApi::RuntimeApi(std::string base, std::unique_ptr<http::Client> client, Clock& clock, StopSource& stop)
    : base_(std::move(base)),
      clock_(clock),
      client_(std::move(client)),
      on_stop_(stop, [this] { client_->Cancel(); }) {}

Result<Invocation> RuntimeApi::Next() {
  ARROW_ASSIGN_OR_RAISE(http::Response response,
                        client_->Fetch(ApiRequest("GET", base_ + "/invocation/next")));
  if (response.status != 200) return ApiError("next invocation", response);
  Invocation invocation{
      .request_id = HeaderOf(response, "Lambda-Runtime-Aws-Request-Id"),
      .function_arn = HeaderOf(response, "Lambda-Runtime-Invoked-Function-Arn"),
      .event = std::move(response.body),
      .deadline = ParseDeadline(HeaderOf(response, "Lambda-Runtime-Deadline-Ms"), clock_.Now())};
  if (invocation.request_id.empty()) {
    return MakeError(ErrorCode::kMalformedBody,
                     "Lambda's Runtime API gave an invocation without Lambda-Runtime-Aws-Request-Id");
  }
  return invocation;
}

Status RuntimeApi::Respond(const Invocation& invocation, const std::string& json) {
  return Post("/invocation/" + http::PercentEncode(invocation.request_id) + "/response", json, "");
}

Status RuntimeApi::Fail(const Invocation& invocation, const Status& why) {
  return Post("/invocation/" + http::PercentEncode(invocation.request_id) + "/error", ErrorDocument(why),
              ErrorType(why));
}

Status RuntimeApi::FailInit(const Status& why) {
  return Post("/init/error", ErrorDocument(why), ErrorType(why));
}

Status RuntimeApi::Post(const std::string& path, const std::string& json, const std::string& error_type) {
  http::Request request = ApiRequest("POST", base_ + path);
  request.headers.Set("Content-Type", "application/json");
  if (!error_type.empty()) request.headers.Set("Lambda-Runtime-Function-Error-Type", error_type);
  request.body.bytes = json;
  request.timeouts = http::Timeouts{.connect = kPostTimeout, .idle = kPostTimeout, .total = kPostTimeout};
  ARROW_ASSIGN_OR_RAISE(const http::Response response, client_->Fetch(std::move(request)));
  return response.status / 100 == 2 ? Status::OK() : ApiError(path, response);
}

std::string ErrorDocument(const Status& why) {
  const std::string hint = HintOf(why);
  const nlohmann::json json = {
      {"errorType", ErrorType(why)},
      {"errorMessage", hint.empty() ? why.message() : fmt::format("{}\n-> {}", why.message(), hint)},
      {"stackTrace", nlohmann::json::array()}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

SystemTime ParseDeadline(const std::string& header, SystemTime now) {
  constexpr int64_t kYear2001 = 1'000'000'000'000;
  int64_t value = 0;
  const char* const end = header.data() + header.size();
  const auto [at, error] = std::from_chars(header.data(), end, value);
  if (header.empty() || error != std::errc() || at != end || value < 0) return now + std::chrono::minutes(1);
  return value < kYear2001 ? now + Millis{value} : SystemTime(Millis{value});
}

}  // namespace ingesta::lambda
