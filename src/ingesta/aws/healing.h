// What a refused AWS call can be healed by, whatever its service: the server's clock, new credentials. Each
// once a call. Thread-safe; used by the transports between one round of attempts and the next.
#pragma once

#include <atomic>
#include <memory>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/base/clock.h"
#include "ingesta/http/message.h"

namespace ingesta::aws {

/// A machine's clock corrected by what servers said of theirs. Copies share the correction, so that requests
/// in flight may outlive the object they came from.
class ServerClock {
 public:
  explicit ServerClock(Clock& clock) : clock_(clock) {}

  SystemTime Now() const { return clock_.Now() + std::chrono::microseconds(ahead_->load()); }
  /// From now on the server's time is `now`.
  void Set(SystemTime now) {
    ahead_->store(std::chrono::duration_cast<std::chrono::microseconds>(now - clock_.Now()).count());
  }

 private:
  Clock& clock_;
  std::shared_ptr<std::atomic<int64_t>> ahead_ = std::make_shared<std::atomic<int64_t>>(0);
};

/// What was tried already for one call.
struct Healing {
  bool clock_set = false;
  bool renewed = false;

  /// Take over the clock of a server that refused the request's time, by its words or because the signature
  /// was refused and its Date is far from ours. True: the call may be made again.
  bool SetClock(const ServiceError& error, const http::Response& response, ServerClock& clock);
  /// Drop credentials that the service calls expired or unknown. True: the call may be made again.
  bool RenewCredentials(const ServiceError& error, const Credentials& used, CredentialsProvider& provider);
};

}  // namespace ingesta::aws
