// Whether and when a computation over a table's files is worth another try. Used by merge and compaction.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/catalog/iceberg/catalog.h"

namespace ingesta::iceberg {

/// Whether the table is another one than `base` by now, so that files of it may have gone away meanwhile.
inline bool BaseIsGone(TableCatalog& catalog, const std::string& table,
                       const std::optional<LoadedTable>& base) {
  const auto now = catalog.Load(table);
  if (!now.ok() || now->has_value() != base.has_value()) return now.ok();
  return base && (*now)->metadata_location != base->metadata_location;
}

/// A random part of a time that doubles from 50 ms to 2 s.
inline void PauseBeforeRetry(Clock& clock, Random& random, int attempt) {
  const int longest = std::min(2000, 50 << std::clamp(attempt, 0, 10));
  clock.Sleep(Millis(static_cast<int64_t>(random.Below(static_cast<uint64_t>(longest)))));
}

}  // namespace ingesta::iceberg
