// How long to wait before the next try. Pure functions of their arguments; thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "ingesta/base/clock.h"
#include "ingesta/http/client.h"

namespace ingesta::http {

/// The wait that a Retry-After value asks for: seconds, or an HTTP date in any of its three forms. Never
/// negative; nullopt where it is neither.
std::optional<Millis> ParseRetryAfter(std::string_view value, SystemTime now);

/// What the answer asks for by Retry-After or by `policy.wait_header`; the longer of the two.
std::optional<Millis> WaitAskedBy(const Response& response, const RetryPolicy& policy, SystemTime now);

/// The request may be sent again after it perhaps arrived.
bool MayRepeat(const Request& request);

/// Uniform in [0, min(cap, base * 2^retries_so_far)], or `base` for a constant backoff.
Millis BackoffWait(const RetryPolicy& policy, int retries_so_far, Random& random);

}  // namespace ingesta::http
