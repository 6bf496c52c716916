// The metrics of a run: one table that says what each is, and the values of a run that ended. The reference
// page, the Prometheus help lines and the OTLP descriptions come from the table. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::observe {

enum class MetricUnit { kCount, kSeconds, kBytes, kNone };

struct MetricSpec {
  const char* name;  ///< as CloudWatch shows it; `ingesta_<name>` in Prometheus, `ingesta.<name>` in OTLP
  MetricUnit unit;
  std::vector<const char*> dimensions;
  const char* meaning_en;
  const char* meaning_es;
  const char* alarm_en;  ///< the alarm that it deserves; "" = none
  const char* alarm_es;
  /// A point in time, which CloudWatch and EMF are not sent: they have the time of each value themselves.
  bool is_time = false;
};

/// All of them, in the order of the reference page.
const std::vector<MetricSpec>& Metrics();

struct MetricPoint {
  const MetricSpec* spec;
  std::vector<std::pair<std::string, std::string>> dimensions;  ///< as the spec names them, in its order
  double value = 0;
};

/// The values of a run; empty for one that did nothing: another run held the lease, or the run id was done.
std::vector<MetricPoint> MetricsOf(const pipeline::RunOutcome& outcome);

/// docs/reference/metrics.md.
std::string MetricsReference();

/// CloudWatch's words: `Count`, `Seconds`, `Bytes`, `None`.
const char* CloudWatchUnit(MetricUnit unit);

}  // namespace ingesta::observe
