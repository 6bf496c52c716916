#include "ingesta/base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <mutex>
#include <random>
#include <thread>

namespace ingesta {
namespace {

class MachineClock final : public Clock {
 public:
  SystemTime Now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  MonotonicTime Monotonic() const override { return std::chrono::steady_clock::now(); }
  void Sleep(Millis duration) override { std::this_thread::sleep_for(duration); }
};

class MachineRandom final : public Random {
 public:
  uint64_t Next() override {
    const std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_{[] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32) | device();
  }()};
};

std::tm UtcFields(SystemTime time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return fields;
}

}  // namespace

Clock& RealClock() {
  static MachineClock clock;
  return clock;
}

Random& SystemRandom() {
  static MachineRandom random;
  return random;
}

std::string FormatKeyTimestamp(SystemTime time) {
  return fmt::format("{:%Y%m%d_%H%M%S}", UtcFields(time));
}

std::string FormatRfc3339(SystemTime time) {
  const auto millis = std::chrono::floor<Millis>(time).time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", UtcFields(time), ((millis % 1000) + 1000) % 1000);
}

}  // namespace ingesta
