#include "ingesta/http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "ingesta/http/io_loop.h"

namespace ingesta::http {
namespace {

Status Invalid(std::string message) {
  return MakeError(ErrorCode::kInvalidConfig, std::move(message));
}

void InitCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

bool RetryBudget::TryTake(int retries_so_far) {
  if (retries_so_far > 0) {
    int left = extra_.load();
    do {
      if (left <= 0) return false;
    } while (!extra_.compare_exchange_weak(left, left - 1));
  }
  ++spent_;
  return true;
}

Status ClientOptions::Validate() const {
  if (timeouts.connect.count() <= 0 || timeouts.idle.count() <= 0 || timeouts.total.count() <= 0) {
    return Invalid("timeouts must be longer than 0");
  }
  if (concurrency < 1 || concurrency > 1024) {
    return Invalid(fmt::format("concurrency is {}, but must be from 1 to 1024", concurrency));
  }
  if (retry.max_retries < 0 || retry.base.count() < 0 || retry.cap.count() < 0 ||
      retry.max_elapsed.count() <= 0) {
    return Invalid("retry: max_retries and waits can't be negative, max_elapsed must be longer than 0");
  }
  if (max_body < 1 || max_decompressed_ratio < 1) {
    return Invalid("max_body and max_decompressed_ratio must be at least 1");
  }
  if (max_redirects < 0) return Invalid("max_redirects can't be negative");
  if (rate_limit < 0 || (rate_limit > 0 && rate_interval.count() <= 0)) {
    return Invalid("rate limit: the number can't be negative, the interval must be longer than 0");
  }
  for (const std::string& origin : allowed_origins) {
    ARROW_RETURN_NOT_OK(WithPrefix(OriginOf(origin).status(), "allowed_origins"));
  }
  return Status::OK();
}

Verdict ClassifyByStatus(const Response& response) {
  switch (response.status) {
    case 429:
    case 503:
      return Verdict::kRateLimited;
    case 408:
    case 425:
    case 500:
    case 502:
    case 504:
      return Verdict::kRetry;
    case 401:
      return Verdict::kRefreshAuth;
    default:
      return response.status >= 200 && response.status < 300 ? Verdict::kSuccess : Verdict::kFail;
  }
}

Result<std::unique_ptr<Client>> Client::Make(ClientOptions options, Clock& clock, Random& random) {
  ARROW_RETURN_NOT_OK(options.Validate());
  InitCurlOnce();
  if (options.retry_budget == nullptr) {
    options.retry_budget = std::make_shared<RetryBudget>(std::numeric_limits<int>::max());
  }
  auto loop = std::make_unique<IoLoop>(std::move(options), clock, random);
  ARROW_RETURN_NOT_OK(loop->Start());
  return std::unique_ptr<Client>(std::move(loop));
}

}  // namespace ingesta::http
