// Waits before a body that came broken is asked for again, as the HTTP client does before it asks for an
// answer again: the same policy, the same budget of the run. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"
#include "ingesta/http/client.h"

namespace ingesta::source {

struct RetrierOptions {
  http::RetryPolicy policy;
  std::shared_ptr<http::RetryBudget> budget;  ///< unlimited where absent
  const StopSource* stop = nullptr;           ///< ends a wait early
  /// Told of each retry: URL without secrets, tries so far, wait, cause.
  std::function<void(const std::string& url, int attempt, Millis wait, const Status& cause)> on_retry;
};

/// The tries of one page.
struct Tries {
  int retries = 0;
  std::optional<MonotonicTime> first_failure;
};

class Retrier {
 public:
  Retrier(RetrierOptions options, Clock& clock, Random& random)
      : options_(std::move(options)), clock_(clock), random_(random) {}

  /// OK after the wait before the next try; or `cause` (with the count of tries) when it is not retryable or
  /// the tries are used up, kRetryBudgetSpent, kCancelled.
  Status Wait(Tries& tries, const std::string& url, const Status& cause);
  const StopSource* stop() const { return options_.stop; }
  /// OK, or kCancelled when the run is to stop.
  Status CheckStop() const { return options_.stop == nullptr ? Status::OK() : options_.stop->Check(); }

 private:
  Status Sleep(Millis wait);

  const RetrierOptions options_;
  Clock& clock_;
  Random& random_;
};

}  // namespace ingesta::source
