// What a process tells others of its runs, chosen by the environment: metrics, logs, alerts, a heartbeat.
// Nothing here fails or holds up a run: calls go out on threads of their own, and Finish gives them a few
// seconds. Not thread-safe.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/observe/alerter.h"
#include "ingesta/observe/background.h"
#include "ingesta/observe/log_shipper.h"
#include "ingesta/observe/metric_sinks.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::observe {

struct TelemetryOptions {
  /// INGESTA_METRICS, INGESTA_METRICS_FILE, INGESTA_LOGS, INGESTA_ALERTS, INGESTA_ALERTS_MAX_AGE,
  /// INGESTA_HEARTBEAT_URL, and AWS's own.
  aws::Environment environment;
  std::string root;             ///< the local root: lines that wait, alerts that were told
  std::string metrics_file;     ///< --metrics-file; "" = INGESTA_METRICS_FILE
  std::string version;          ///< of ingesta
  bool stdout_is_json = false;  ///< then EMF lines go to stderr
  Millis patience{5'000};       ///< of Finish
};

class Telemetry {
 public:
  /// kUsage where a variable names no sink. From here on `log`'s lines go to the destinations too. `clock`,
  /// `random` and `log` outlive it.
  static Result<std::unique_ptr<Telemetry>> Make(TelemetryOptions options, Clock& clock, Random& random,
                                                 const Logger& log);
  /// Finishes.
  ~Telemetry();

  /// Send the metrics of a run that may have published something, and alerts. Gives outcome.store back.
  void OnRunEnd(const config::PipelineSpec& pipeline, pipeline::RunOutcome& outcome);
  /// The heartbeat, once all runs of the process ended well.
  void OnSuccess();
  /// Wait for what was sent, `patience` at most.
  void Finish();

 private:
  Telemetry(TelemetryOptions options, Clock& clock, const Logger& log)
      : options_(std::move(options)), clock_(clock), log_(log) {}
  Status MakeSinks(Random& random);
  Status MakeShippers(Random& random);

  const TelemetryOptions options_;
  Clock& clock_;
  const Logger log_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<http::Client>
      log_client_;  ///< of its own: a metrics sink that hangs must not cost log lines
  std::vector<std::shared_ptr<MetricSink>> metric_sinks_;
  std::string heartbeat_url_;
  std::unique_ptr<Background> background_;
  std::unique_ptr<Alerter> alerter_;
  std::vector<std::unique_ptr<LogShipper>> shippers_;
};

}  // namespace ingesta::observe
