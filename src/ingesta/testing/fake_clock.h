// A clock that tests move by hand, and randomness with a seed. Thread-safe.
#pragma once

#include <atomic>
#include <vector>

#include "ingesta/base/clock.h"

namespace ingesta::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(SystemTime now = SystemTime(std::chrono::seconds(1'790'000'000))) : start_(now) {}
  SystemTime Now() const override { return start_ + std::chrono::microseconds(elapsed_.load()); }
  MonotonicTime Monotonic() const override {
    return MonotonicTime(std::chrono::microseconds(elapsed_.load()));
  }
  /// Returns at once; time has passed.
  void Sleep(Millis duration) override { Advance(duration); }
  void Advance(Millis duration) { elapsed_ += duration.count() * 1000; }

 private:
  SystemTime start_;
  std::atomic<int64_t> elapsed_{0};
};

/// splitmix64.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override {
    uint64_t z = state_.fetch_add(0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::atomic<uint64_t> state_;
};

}  // namespace ingesta::testing
