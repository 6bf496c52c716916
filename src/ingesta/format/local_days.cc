#include "ingesta/format/local_days.h"

#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

namespace ingesta::format {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

}  // namespace

struct LocalDays::Zone {
  /// What is known of a day of UTC.
  struct Day {
    int64_t day = INT64_MIN;
    std::optional<int32_t> offset;  ///< seconds; nullopt where it changes on that day
  };
  static constexpr size_t kDays = 4'096;  // ten years apart share a place

  cctz::time_zone zone;
  std::vector<Day> days = std::vector<Day>(kDays);

  int32_t Offset(int64_t second) const {
    return zone.lookup(cctz::time_point<cctz::seconds>(cctz::seconds(second))).offset;
  }

  int32_t OffsetAt(int64_t second) {
    const int64_t day = FloorDivide(second, kSecondsPerDay);
    Day& known = days[static_cast<uint64_t>(day) % kDays];
    if (known.day != day) {
      const int32_t first = Offset(day * kSecondsPerDay);
      const bool same = first == Offset(day * kSecondsPerDay + kSecondsPerDay - 1);
      known = {day, same ? std::optional(first) : std::nullopt};
    }
    return known.offset.has_value() ? *known.offset : Offset(second);
  }
};

LocalDays::LocalDays(std::unique_ptr<Zone> zone) : zone_(std::move(zone)) {}
LocalDays::LocalDays(LocalDays&&) noexcept = default;
LocalDays& LocalDays::operator=(LocalDays&&) noexcept = default;
LocalDays::~LocalDays() = default;

Result<LocalDays> LocalDays::Make(const std::string& zone) {
  if (zone.empty() || zone == "UTC") return LocalDays(nullptr);
  auto found = std::make_unique<Zone>();
  if (!cctz::load_time_zone(zone, &found->zone)) {
    return MakeError(
        ErrorCode::kInvalidConfig, fmt::format("'{}' is no time zone that is known here", zone),
        "use an IANA name such as Europe/Madrid; the names are those of the system's package tzdata");
  }
  return LocalDays(std::move(found));
}

int64_t LocalDays::DayOf(int64_t micros) {
  int64_t second = FloorDivide(micros, kMicrosPerSecond);
  if (zone_ != nullptr) second += zone_->OffsetAt(second);
  return FloorDivide(second, kSecondsPerDay);
}

}  // namespace ingesta::format
