// The HTTP client: libcurl multi on one I/O thread. Many requests in flight, retries with exponential backoff
// and full jitter, Retry-After, a retry budget, adaptive concurrency, redirects by hand within one origin,
// gzip and zstd with a limit on the decompressed size, proxies and CA bundles by the usual variables. All
// public calls are thread-safe. Waits between tries and rate limits go by the injected clock; the sockets'
// time-outs by the real one.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/http/message.h"

namespace ingesta::http {

struct RetryPolicy {
  int max_retries = 5;  ///< tries after the first
  Millis base{500};     ///< wait before retry n: uniform in [0, min(cap, base * 2^n)]
  Millis cap{30'000};
  Millis max_elapsed{900'000};  ///< over all tries of one request, waits included
  bool constant = false;        ///< wait `base` each time instead (backoff `constant`)
  /// Header that names the wait beside Retry-After (backoff `wait_time_from_header`): seconds, or a Unix time
  /// where `wait_header_is_time`.
  std::string wait_header;
  bool wait_header_is_time = false;
};

/// Retries that a whole run may spend, shared by its clients: the first retry of each request is always
/// allowed, further ones draw on `extra`. Thread-safe.
class RetryBudget {
 public:
  explicit RetryBudget(int extra) : extra_(extra) {}
  /// `retries_so_far` of this request. False: give up with kRetryBudgetSpent.
  bool TryTake(int retries_so_far);
  int spent() const { return spent_.load(); }

 private:
  std::atomic<int> extra_;
  std::atomic<int> spent_{0};
};

/// Puts credentials on requests. Apply and Refresh run on the I/O thread and must not block; an authenticator
/// that has to ask a token endpoint first returns that request from TokenRequest and is told its answer.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Status Apply(Request& request) = 0;
  /// The request to make before Apply can work, or nullopt when there is a valid token.
  virtual std::optional<Request> TokenRequest() { return std::nullopt; }
  virtual Status OnToken(const Response& response) {
    (void)response;
    return Status::OK();
  }
  /// Forget the token after an answer that refused it. False: there is nothing to renew.
  virtual bool Invalidate() { return false; }
  /// Values that must not appear in any error text: what it was made from and what it was given.
  virtual std::vector<std::string> Secrets() const { return {}; }
};

struct ClientOptions {
  Timeouts timeouts;
  RetryPolicy retry;
  int concurrency = 8;             ///< requests in flight at most; less while the service says 429 or 503
  int64_t max_body = 256LL << 20;  ///< bytes of one decompressed body
  int64_t max_decompressed_ratio = 200;  ///< decompressed : received, counted from 1 MiB on
  int max_redirects = 5;
  std::vector<std::string> allowed_origins;  ///< `scheme://host:port` beside the request's own, for redirects
  /// Requests per `interval` (api_budget); 0 = no limit.
  int rate_limit = 0;
  Millis rate_interval{1'000};
  std::string user_agent = "ingesta";
  /// Classifies the answers to requests that bring no classifier of their own; ClassifyByStatus where empty.
  Classifier classify;
  std::shared_ptr<Authenticator> authenticator;
  std::shared_ptr<RetryBudget> retry_budget;  ///< own and unlimited where absent
  /// Told of each retry, on the I/O thread: URL without secrets, tries so far, wait, cause.
  std::function<void(const std::string& url, int attempt, Millis wait, const Status& cause)> on_retry;
  /// Secrets that must not appear in any error text.
  std::vector<std::string> redact;

  Status Validate() const;
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> Make(ClientOptions options, Clock& clock, Random& random);
  /// Cancels what is in flight and joins the I/O thread.
  virtual ~Client() = default;

  /// Start `request`. The future gives an answer classified as success, or an error whose message names
  /// method and URL (query values that look like secrets removed), tries and what came last, with the first
  /// bytes of an error body.
  virtual std::future<Result<Response>> Send(Request request) = 0;
  /// Send and wait. Never from a callback of a request or an authenticator: those run on the thread that
  /// would answer.
  Result<Response> Fetch(Request request) { return Send(std::move(request)).get(); }
  /// Fail all pending and later requests with kCancelled within a second.
  virtual void Cancel() = 0;
  /// Requests that the adaptive limit lets in flight now.
  virtual int CurrentLimit() const = 0;
};

/// The default: 2xx success; 408, 425, 429, 500, 502, 503, 504 retry (429 and 503 rate limited); 401 refresh;
/// else fail.
Verdict ClassifyByStatus(const Response& response);

/// `url` without user info, with the values of query parameters named like secrets (token, key, signature,
/// password, ...) replaced by `***`: for logs and errors.
std::string RedactUrl(std::string_view url);

/// `scheme://host:port`, lower case, default ports written out. Error for what is not an absolute http(s)
/// URL.
Result<std::string> OriginOf(std::string_view url);

/// Percent-encode everything but RFC 3986 unreserved characters.
std::string PercentEncode(std::string_view text);
/// Undo percent-encoding; a `%` without two hexadecimal digits behind it stays as it is.
std::string PercentDecode(std::string_view text);

/// Resolve `reference` (absolute, or relative by RFC 3986 section 5) against `base`.
Result<std::string> ResolveUrl(std::string_view base, std::string_view reference);

}  // namespace ingesta::http
