// Independent pieces of work on a few threads. Thread-safe. Used where whole files are written.
#pragma once

#include <cstddef>
#include <functional>

#include "ingesta/base/status.h"

namespace ingesta::iceberg {

/// Call `work` for 0 to `count` - 1 on up to `threads` threads, the caller's among them; the first error,
/// after all have ended. No piece is begun after an error.
Status ForEachOf(size_t count, int threads, const std::function<Status(size_t)>& work);

}  // namespace ingesta::iceberg
