// How many requests may be in flight, and how many may start within an interval. Not thread-safe: the
// client's I/O thread owns them.
#pragma once

#include <cstdint>
#include <deque>

#include "ingesta/base/clock.h"

namespace ingesta::http {

/// Halves when the service says it is too much, grows by one a round trip while it does not.
class AdaptiveLimit {
 public:
  explicit AdaptiveLimit(int maximum) : maximum_(maximum), limit_(maximum) {}

  int current() const { return static_cast<int>(limit_); }
  /// A request starts; its number, for OnOverload.
  int64_t OnStart() { return started_++; }
  /// Request `number` was answered 429 or 503. Answers to what was sent before the last cut say nothing about
  /// the limit since: no more than one cut a round trip.
  void OnOverload(int64_t number);
  void OnSuccess();

 private:
  const double maximum_;
  double limit_;
  int64_t started_ = 0;
  int64_t first_since_cut_ = 0;
};

/// At most `limit` starts in any `interval`; 0 = no limit.
class RateWindow {
 public:
  RateWindow(int limit, Millis interval) : limit_(limit), interval_(interval) {}

  /// When the next request may start; `now` where it may at once.
  MonotonicTime NextStart(MonotonicTime now) const;
  void OnStart(MonotonicTime now);

 private:
  const int limit_;
  const Millis interval_;
  std::deque<MonotonicTime> starts_;  ///< the last `limit_` ones
};

}  // namespace ingesta::http
