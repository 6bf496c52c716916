// Progress for whoever watches: a live line on a terminal, a log line every few seconds elsewhere. Called
// from the pipeline's thread.
#pragma once

#include <memory>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/progress.h"

namespace ingesta::observe {

struct ProgressDisplayOptions {
  bool live = false;  ///< rewrite one line in place
  Millis live_interval{100};
  Millis log_interval{5'000};
};

std::unique_ptr<ProgressListener> MakeProgressDisplay(const Logger& log, Clock& clock,
                                                      const ProgressDisplayOptions& options);

/// The text of one update, such as `productos: page 12/40, 6,000 rows, 1,200 rows/s, ETA 0:23`.
std::string FormatProgress(const ProgressUpdate& update, Millis elapsed);
/// `1234567` -> `1,234,567`.
std::string WithThousands(int64_t value);
/// `1536` -> `1.5 KiB`.
std::string HumanBytes(int64_t bytes);

}  // namespace ingesta::observe
