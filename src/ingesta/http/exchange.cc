#include "ingesta/http/exchange.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>

#include "ingesta/http/errors.h"
#include "ingesta/http/retry.h"

namespace ingesta::http {
namespace {

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The headers that another origin may see: any other may carry a credential.
bool MayCrossOrigins(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kHarmless = {
      "Accept",       "Accept-Encoding", "Accept-Language", "User-Agent",
      "Content-Type", "Range",           "If-None-Match",   "If-Match"};
  return std::any_of(kHarmless.begin(), kHarmless.end(), [name](std::string_view harmless) {
    return harmless.size() == name.size() && strncasecmp(harmless.data(), name.data(), name.size()) == 0;
  });
}

void RemovePrivateHeaders(Headers& headers) {
  Headers kept;
  for (const auto& [name, value] : headers.fields()) {
    if (MayCrossOrigins(name)) kept.Add(name, value);
  }
  headers = std::move(kept);
}

Status Refused(std::string message, std::string hint) {
  return MakeError(ErrorCode::kRedirectRefused, std::move(message), std::move(hint));
}

}  // namespace

Exchange::Exchange(Request request, const ClientOptions& options, Clock& clock, Random& random,
                   RetryBudget& budget, bool is_token)
    : options_(options),
      clock_(clock),
      random_(random),
      budget_(budget),
      is_token_(is_token),
      request_(std::move(request)) {
  classify_ = request_.classify   ? request_.classify
              : options_.classify ? options_.classify
                                  : &ClassifyByStatus;
  RestartHops();
}

void Exchange::TakeBackBody() {
  if (body_in_attempt_) request_.body = std::move(attempt_.body);
  body_in_attempt_ = false;
}

void Exchange::RestartHops() {
  url_ = request_.url;
  method_ = request_.method;
  without_body_ = crossed_origin_ = false;
  visited_ = {method_ + " " + url_};
}

bool Exchange::WantsAuth() const {
  return options_.authenticator != nullptr && request_.authenticate && !is_token_ && !crossed_origin_;
}

Status Exchange::BeginAttempt() {
  if (!first_started_) first_started_ = clock_.Monotonic();
  // A body may be large: it moves from attempt to attempt, while all else is copied.
  TakeBackBody();
  UploadBody body = std::move(request_.body);
  request_.body = UploadBody();
  attempt_ = request_;
  body_in_attempt_ = !without_body_;
  (without_body_ ? request_ : attempt_).body = std::move(body);
  if (without_body_) {
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Length"})
      attempt_.headers.Remove(name);
  }
  attempt_.url = url_;
  attempt_.method = method_;
  if (attempt_.headers.Find("User-Agent") == nullptr) attempt_.headers.Set("User-Agent", options_.user_agent);
  if (crossed_origin_) {
    RemovePrivateHeaders(attempt_.headers);
    return Status::OK();
  }
  if (WantsAuth()) ARROW_RETURN_NOT_OK(options_.authenticator->Apply(attempt_));
  if (request_.before_attempt) ARROW_RETURN_NOT_OK(request_.before_attempt(attempt_));
  return Status::OK();
}

TransferLimits Exchange::Limits() const {
  TransferLimits limits{request_.timeouts.value_or(options_.timeouts),
                        request_.max_body.value_or(options_.max_body), options_.max_decompressed_ratio};
  const Millis left = options_.retry.max_elapsed - Elapsed();
  limits.timeouts.total = std::min(limits.timeouts.total, std::max(left, Millis(1)));
  limits.timeouts.connect = std::min(limits.timeouts.connect, limits.timeouts.total);
  return limits;
}

Decision Exchange::OnAnswer(Response response, bool delivered) {
  response.attempts = tries_;
  if (request_.follow_redirects && IsRedirect(response.status)) {
    if (const std::string* location = response.headers.Find("Location")) {
      return FollowRedirect(*location, response.status);
    }
  }
  const Verdict verdict = classify_(response);
  if (verdict == Verdict::kSuccess || verdict == Verdict::kIgnore) {
    response.ignored = verdict == Verdict::kIgnore;
    if (response.ignored) response.body.clear();
    if (request_.on_body && !response.body.empty()) {
      const Status taken = request_.on_body(response.body);
      if (!taken.ok()) return Done(FinalError(taken));
      response.body.clear();
    }
    Decision decision = Done(std::move(response));
    decision.success = true;
    return decision;
  }
  const Status cause = AnswerError(response, verdict);
  if (verdict == Verdict::kRefreshAuth && WantsAuth() && !refreshed_ && !delivered) {
    refreshed_ = true;
    refused_auth_ = FinalError(cause);
    return Again(Decision::Kind::kRefreshAuth);
  }
  const bool may_retry = IsRetryable(cause) && !delivered;
  Decision decision =
      may_retry ? MaybeRetry(cause, WaitAskedBy(response, options_.retry, clock_.Now()), MayRepeat(request_))
                : Done(FinalError(cause));
  decision.overloaded = verdict == Verdict::kRateLimited;
  return decision;
}

Decision Exchange::OnFailure(const Status& cause, bool was_sent, bool delivered) {
  if (!IsRetryable(cause) || delivered) return Done(FinalError(cause));
  return MaybeRetry(cause, std::nullopt, MayRepeat(request_) || !was_sent);
}

Decision Exchange::MaybeRetry(const Status& cause, std::optional<Millis> asked, bool may_repeat) {
  if (!may_repeat) {
    const Status final = FinalError(cause);
    return Done(
        Status(final.code(), final.message() + ", not repeated: it may have had its effect", final.detail()));
  }
  if (retries_ >= options_.retry.max_retries) return Done(FinalError(cause));
  const Millis wait =
      asked.value_or(Millis(0)).count() > 0 ? *asked : BackoffWait(options_.retry, retries_, random_);
  if (Elapsed() + wait > options_.retry.max_elapsed) {
    const Status final = FinalError(cause);
    return Done(
        Status(final.code(),
               fmt::format("{}; the next try would have to wait {}, which max_elapsed ({}) does not allow",
                           final.message(), FormatSeconds(wait), FormatSeconds(options_.retry.max_elapsed)),
               final.detail()));
  }
  if (!budget_.TryTake(retries_)) {
    const ErrorDetail* detail = DetailOf(cause);
    return Done(FinalError(MakeError(
        ErrorDetail::Fields{
            .code = ErrorCode::kRetryBudgetSpent,
            .stage = {},
            .http_status = detail != nullptr ? detail->fields().http_status : 0,
            .hint =
                "the service fails too often: look at its log; retry_budget sets how often a run may retry"},
        fmt::format("the run's budget of retries is spent; last: {}", cause.message()))));
  }
  if (options_.on_retry) {
    const std::vector<std::string> secrets = Secrets();
    options_.on_retry(Redact(RedactUrl(request_.url), secrets), tries_, wait, Redact(cause, secrets));
  }
  ++retries_;
  Decision decision = Again(Decision::Kind::kAgainLater);
  decision.wait = wait;
  return decision;
}

Decision Exchange::Again(Decision::Kind kind) {
  ++tries_;
  RestartHops();
  Decision decision;
  decision.kind = kind;
  return decision;
}

Result<std::string> Exchange::CheckRedirect(const std::string& location) const {
  const Result<std::string> target = ResolveUrl(url_, location);
  if (!target.ok()) {
    return Refused(
        fmt::format("redirected to {}, which is no http(s) URL", PrintableExcerpt(RedactUrl(location))),
        "set base_url to the address that answers");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string origin, OriginOf(request_.url));
  ARROW_ASSIGN_OR_RAISE(const std::string to, OriginOf(*target));
  const bool allowed =
      origin == to ||
      std::any_of(options_.allowed_origins.begin(), options_.allowed_origins.end(),
                  [&](const std::string& entry) { return OriginOf(entry).ValueOr("") == to; });
  if (!allowed) {
    return Refused(
        fmt::format("redirected to {}, another origin", RedactUrl(*target)),
        fmt::format("where that is right, set base_url to it or add {} to client.allowed_origins", to));
  }
  return target;
}

Decision Exchange::FollowRedirect(const std::string& location, int status) {
  Result<std::string> target = CheckRedirect(location);
  if (!target.ok()) return Done(FinalError(target.status()));
  if ((status == 303 && method_ != "HEAD") || ((status == 301 || status == 302) && method_ == "POST")) {
    method_ = "GET";
    without_body_ = true;
  }
  if (!visited_.insert(method_ + " " + *target).second) {
    return Done(FinalError(Refused(fmt::format("the redirects form a loop at {}", RedactUrl(*target)),
                                   "set base_url to the address that answers")));
  }
  if (static_cast<int>(visited_.size()) > options_.max_redirects + 1) {
    return Done(FinalError(Refused(
        fmt::format("more than {} redirects, the last to {}", options_.max_redirects, RedactUrl(*target)),
        "set base_url to the address that answers")));
  }
  const std::string from = OriginOf(request_.url).ValueOr("");
  if (OriginOf(*target).ValueOr("") != from) crossed_origin_ = true;
  url_ = *std::move(target);
  Decision decision;
  decision.kind = Decision::Kind::kAgainNow;
  return decision;
}

Decision Exchange::Done(Result<Response> result) const {
  Decision decision;
  decision.result = std::move(result);
  return decision;
}

Status Exchange::FinalError(const Status& cause) const {
  std::string prefix = fmt::format("{} {}", request_.method, RedactUrl(request_.url));
  if (url_ != request_.url) prefix += fmt::format(" (redirected to {})", RedactUrl(url_));
  const Status status = WithPrefix(cause, prefix);
  const std::string tries = tries_ > 1 ? fmt::format(" ({} tries in {})", tries_, FormatSeconds(Elapsed()))
                                       : std::string(" (1 try)");
  return Redact(Status(status.code(), status.message() + tries, status.detail()), Secrets());
}

std::vector<std::string> Exchange::Secrets() const {
  std::vector<std::string> secrets = options_.redact;
  if (options_.authenticator != nullptr) {
    std::vector<std::string> own = options_.authenticator->Secrets();
    secrets.insert(secrets.end(), own.begin(), own.end());
  }
  // The longest first: one secret may be part of another.
  std::sort(secrets.begin(), secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return secrets;
}

Millis Exchange::Elapsed() const {
  if (!first_started_) return Millis(0);
  return std::chrono::duration_cast<Millis>(clock_.Monotonic() - *first_started_);
}

}  // namespace ingesta::http
