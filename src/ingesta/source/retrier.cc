#include "ingesta/source/retrier.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/http/retry.h"

namespace ingesta::source {
namespace {

constexpr Millis kSleeperStopCheck{200};  ///< how long a stop may wait for a sleeper

Status UsedUp(const Status& cause, int tries) {
  return tries == 1 ? cause
                    : Status(cause.code(), fmt::format("{} (after {} tries)", cause.message(), tries),
                             cause.detail());
}

}  // namespace

Status Retrier::Wait(Tries& tries, const std::string& url, const Status& cause) {
  if (!IsRetryable(cause)) return cause;
  ARROW_RETURN_NOT_OK(CheckStop());
  const MonotonicTime now = clock_.Monotonic();
  if (!tries.first_failure.has_value()) tries.first_failure = now;
  const bool late = now - *tries.first_failure >= options_.policy.max_elapsed;
  if (tries.retries >= options_.policy.max_retries || late) return UsedUp(cause, tries.retries + 1);
  if (options_.budget != nullptr && !options_.budget->TryTake(tries.retries)) {
    return MakeError(ErrorCode::kRetryBudgetSpent,
                     fmt::format("the run's budget of retries is spent; the last cause: {}", cause.message()),
                     "the service is ill: look at it first; `retry_budget` sets the limit");
  }
  const Millis wait = http::BackoffWait(options_.policy, tries.retries, random_);
  ++tries.retries;
  if (options_.on_retry) options_.on_retry(url, tries.retries, wait, cause);
  return Sleep(wait);
}

Status Retrier::Sleep(Millis wait) {
  while (wait > Millis::zero()) {
    const Millis step = std::min(wait, kSleeperStopCheck);
    clock_.Sleep(step);
    wait -= step;
    ARROW_RETURN_NOT_OK(CheckStop());
  }
  return Status::OK();
}

}  // namespace ingesta::source
