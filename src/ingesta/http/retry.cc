#include "ingesta/http/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace ingesta::http {
namespace {

/// A wait beyond this is the same as never; keeps the arithmetic in range.
constexpr double kLongestSeconds = 366.0 * 86400;

std::optional<double> ParseSeconds(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Millis FromSeconds(double seconds) {
  return Millis(static_cast<int64_t>(std::ceil(std::clamp(seconds, 0.0, kLongestSeconds) * 1000)));
}

double SecondsSinceEpoch(SystemTime time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e6;
}

}  // namespace

std::optional<Millis> ParseRetryAfter(std::string_view value, SystemTime now) {
  if (const auto seconds = ParseSeconds(value)) return FromSeconds(*seconds);
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return FromSeconds(static_cast<double>(date) - SecondsSinceEpoch(now));
}

std::optional<Millis> WaitAskedBy(const Response& response, const RetryPolicy& policy, SystemTime now) {
  std::optional<Millis> wait;
  if (const std::string* value = response.headers.Find("Retry-After")) wait = ParseRetryAfter(*value, now);
  if (policy.wait_header.empty()) return wait;
  const std::string* value = response.headers.Find(policy.wait_header);
  if (value == nullptr) return wait;
  const auto seconds = ParseSeconds(*value);
  if (!seconds) return wait;
  const Millis named = FromSeconds(policy.wait_header_is_time ? *seconds - SecondsSinceEpoch(now) : *seconds);
  return std::max(wait.value_or(Millis(0)), named);
}

bool MayRepeat(const Request& request) {
  const std::string& method = request.method;
  return request.idempotent.value_or(method == "GET" || method == "HEAD" || method == "OPTIONS" ||
                                     method == "PUT" || method == "DELETE");
}

Millis BackoffWait(const RetryPolicy& policy, int retries_so_far, Random& random) {
  if (policy.constant) return policy.base;
  const int doublings = std::clamp(retries_so_far, 0, 30);
  const int64_t bound = std::min(policy.cap.count(), policy.base.count() << doublings);
  return Millis(static_cast<int64_t>(random.Below(static_cast<uint64_t>(std::max<int64_t>(bound, 0)) + 1)));
}

}  // namespace ingesta::http
