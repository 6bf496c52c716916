// The day of a moment in a time zone. Answers of neighbouring moments are kept, so a column of millions costs
// little. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ingesta/base/status.h"

namespace ingesta::format {

class LocalDays {
 public:
  /// kInvalidConfig where the system's zone database has no such IANA name.
  static Result<LocalDays> Make(const std::string& zone);
  LocalDays(LocalDays&&) noexcept;
  LocalDays& operator=(LocalDays&&) noexcept;
  ~LocalDays();

  /// Days since 1970-01-01 on the zone's calendar at `micros` since 1970-01-01T00:00Z.
  int64_t DayOf(int64_t micros);

 private:
  struct Zone;
  explicit LocalDays(std::unique_ptr<Zone> zone);

  std::unique_ptr<Zone> zone_;  ///< nullptr = UTC
};

}  // namespace ingesta::format
