// Time and randomness as injected collaborators, so that tests decide both. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ingesta {

using Millis = std::chrono::milliseconds;
using SystemTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using MonotonicTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time in UTC.
  virtual SystemTime Now() const = 0;
  /// Never goes back; for time-outs and durations.
  virtual MonotonicTime Monotonic() const = 0;
  /// Block the caller for `duration`.
  virtual void Sleep(Millis duration) = 0;
};

/// The machine's clock; a process-wide instance.
Clock& RealClock();

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  /// Uniform in [0, bound); 0 for bound 0.
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }
};

/// Seeded by the operating system; a process-wide instance.
Random& SystemRandom();

/// `YYYYMMDD_HHMMSS` in UTC: the timestamp of the seed's object keys.
std::string FormatKeyTimestamp(SystemTime time);
/// `YYYY-MM-DDTHH:MM:SS.mmmZ`: logs and manifests.
std::string FormatRfc3339(SystemTime time);

}  // namespace ingesta
