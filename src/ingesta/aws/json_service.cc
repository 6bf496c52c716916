#include "ingesta/aws/json_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/sigv4.h"

namespace ingesta::aws {
namespace {

/// The first answer, new credentials, the server's clock.
constexpr int kMaxCallRounds = 3;

/// The service gave up in the midst of it; like a 5xx it does not say what was done.
bool IsTimeOutAnswer(const ServiceError& error) {
  return error.code == "OperationTimeoutException";
}

/// The answer says that nothing was done: every refusal of the request but those that AWS calls temporary
/// failures of its own.
bool IsRefusal(const http::Response& response) {
  if (response.status < 400 || response.status >= 500 || response.status == 408) return false;
  const ServiceError error = ParseServiceError(response);
  return !IsTimeOutAnswer(error) && ClassifyAws(response) != http::Verdict::kRetry;
}

http::Verdict ClassifyJson(const http::Response& response) {
  if (response.status >= 400 && response.status < 500 && IsTimeOutAnswer(ParseServiceError(response))) {
    return http::Verdict::kRetry;
  }
  return ClassifyAws(response);
}

std::string UpperCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Status Make(ErrorCode code, const ServiceError& error, std::string message, std::string hint) {
  return MakeError({.code = code,
                    .stage = {},
                    .retryable = error.status >= 500,
                    .http_status = error.status,
                    .hint = std::move(hint)},
                   std::move(message));
}

}  // namespace

JsonServiceOptions JsonServiceFrom(const AwsSettings& settings, const std::string& service,
                                   const std::string& target_prefix) {
  return {.service = service,
          .target_prefix = target_prefix,
          .region = settings.region,
          .endpoint = settings.EndpointFor(service)};
}

/// Written on the client's I/O thread, read once the call is over.
struct JsonService::Ledger {
  std::atomic<int> sent{0};
  std::atomic<int> refused{0};
};

JsonService::JsonService(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
                         http::Client& client, Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      client_(client),
      server_clock_(clock) {}

std::string JsonService::Url() const {
  std::string url = options_.endpoint.empty() ? fmt::format("https://{}.{}.{}", options_.service,
                                                            options_.region, DnsSuffix(options_.region))
                                              : options_.endpoint;
  while (url.ends_with('/')) url.pop_back();
  return url + "/";
}

http::Request JsonService::MakeRequest(const std::string& operation, const std::string& body,
                                       const Credentials& credentials,
                                       const std::shared_ptr<Ledger>& ledger) const {
  http::Request request;
  request.method = "POST";
  request.url = Url();
  request.headers.Set("Content-Type", "application/x-amz-json-1.1");
  request.headers.Set("X-Amz-Target", fmt::format("{}.{}", options_.target_prefix, operation));
  request.body.bytes = body;
  request.follow_redirects = false;
  request.authenticate = false;
  request.idempotent = true;  // see Call
  // A read has no `maybe_applied` to be right about.
  request.fresh_connection = !operation.starts_with("Get");
  request.reach_hint =
      options_.endpoint.empty()
          ? fmt::format("check this machine's way to {} (proxy, firewall, VPC endpoint) and AWS_REGION",
                        request.url)
          : fmt::format(
                "check that the server of AWS_ENDPOINT_URL_{} (or endpoint_url) runs and can be reached "
                "from here",
                UpperCase(options_.service));
  request.classify = [ledger](const http::Response& response) {
    if (IsRefusal(response)) ++ledger->refused;
    return ClassifyJson(response);
  };
  request.before_attempt = [credentials, scope = SigningScope{options_.region, options_.service},
                            payload_hash = Sha256Hex(body), clock = server_clock_,
                            ledger](http::Request& attempt) {
    ++ledger->sent;
    return SignRequest(credentials, scope, clock.Now(), payload_hash, attempt);
  };
  return request;
}

Result<JsonService::Answer> JsonService::Call(const std::string& operation, const std::string& what,
                                              const std::string& body, CallFacts* facts) {
  const std::string action = fmt::format("{}:{}", options_.service, operation);
  const std::string place = what.empty() ? action : fmt::format("{} {}", action, what);
  const auto ledger = std::make_shared<Ledger>();
  Healing healing;
  for (int round = 1;; ++round) {
    const Result<Credentials> credentials = credentials_->Get();
    if (!credentials.ok()) return WithPrefix(credentials.status(), place);
    Result<http::Response> response = client_.Fetch(MakeRequest(operation, body, *credentials, ledger));
    const bool done = response.ok() && response->status / 100 == 2;
    if (facts != nullptr) {
      facts->attempts = ledger->sent;
      // A success accounts for one attempt, whatever became of those before it.
      facts->maybe_applied = ledger->sent - ledger->refused - (done ? 1 : 0) > 0;
    }
    if (!response.ok()) return WithPrefix(response.status(), place);
    if (done) return Answer{.ok = true, .body = std::move(response->body), .refusal = {}};
    const ServiceError error = ParseServiceError(*response);
    const bool healed = healing.SetClock(error, *response, server_clock_) ||
                        healing.RenewCredentials(error, *credentials, *credentials_);
    if (healed && round < kMaxCallRounds) continue;
    return Answer{.ok = false,
                  .body = "",
                  .refusal = {.error = error,
                              .action = action,
                              .region = options_.region,
                              .endpoint = options_.endpoint,
                              .access_key_id = credentials->access_key_id,
                              .source = credentials->source}};
  }
}

Status CommonRefusal(const JsonRefusal& refusal, const std::string& what, const std::string& resources) {
  const ServiceError& error = refusal.error;
  const std::string told =
      fmt::format("{}{}{}: {}", refusal.action, what.empty() ? "" : " ", what, error.ToString());
  const std::string who = fmt::format("access key {} of {}", refusal.access_key_id, refusal.source);
  if (error.code == "InvalidSignatureException" || error.code == "SignatureDoesNotMatch" ||
      error.code == "IncompleteSignatureException") {
    return Make(
        ErrorCode::kAccessDenied, error, told,
        fmt::format("the secret access key does not belong to the {}: set it anew with `aws configure`; "
                    "check also this machine's clock",
                    who));
  }
  if (error.IsExpired()) {
    return Make(
        ErrorCode::kExpiredCredentials, error, fmt::format("{} (credentials: {})", told, refusal.source),
        "the session has ended, or its keys are unknown there: sign in again (`aws sso login`), or set "
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew");
  }
  if (error.IsClockSkew()) {
    return Make(ErrorCode::kAccessDenied, error, told,
                "set this machine's clock: it differs from the server's by over 5 minutes");
  }
  if (error.code == "AccessDeniedException" || error.code == "AccessDenied" || error.status == 403) {
    return Make(
        ErrorCode::kAccessDenied, error,
        fmt::format("access denied: {} (credentials: {}, region {})", told, refusal.source, refusal.region),
        fmt::format("allow {} on {} in the IAM policy of {}", refusal.action, resources, refusal.source));
  }
  return Make(ErrorCode::kHttpStatus, error, told,
              refusal.endpoint.empty()
                  ? ""
                  : fmt::format("check that {} is an endpoint of this service", refusal.endpoint));
}

}  // namespace ingesta::aws
