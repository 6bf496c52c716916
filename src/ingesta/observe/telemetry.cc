#include "ingesta/observe/telemetry.h"

#include <algorithm>
#include <utility>

#include "ingesta/config/scalar.h"
#include "ingesta/observe/log_destinations.h"

namespace ingesta::observe {
namespace {

/// What log lines have at least, when other sinks have used the patience up.
constexpr Millis kLeastForLogs{500};

std::string ValueOf(const aws::Environment& environment, const char* name) {
  const auto at = environment.find(name);
  return at == environment.end() ? "" : at->second;
}

}  // namespace

Result<std::unique_ptr<Telemetry>> Telemetry::Make(TelemetryOptions options, Clock& clock, Random& random,
                                                   const Logger& log) {
  auto telemetry = std::unique_ptr<Telemetry>(new Telemetry(std::move(options), clock, log));
  RETURN_NOT_OK(telemetry->MakeSinks(random));
  RETURN_NOT_OK(telemetry->MakeShippers(random));
  return telemetry;
}

Status Telemetry::MakeSinks(Random& random) {
  const aws::Environment& environment = options_.environment;
  std::string metrics = ValueOf(environment, "INGESTA_METRICS");
  const std::string file =
      options_.metrics_file.empty() ? ValueOf(environment, "INGESTA_METRICS_FILE") : options_.metrics_file;
  if (!file.empty()) metrics += ",prometheus:" + file;
  const std::string alerts = ValueOf(environment, "INGESTA_ALERTS");
  heartbeat_url_ = ValueOf(environment, "INGESTA_HEARTBEAT_URL");
  if (SplitSinks(metrics + "," + alerts + "," + heartbeat_url_).empty()) return Status::OK();
  if (!heartbeat_url_.empty() && !http::OriginOf(heartbeat_url_).ok()) {
    return MakeError(ErrorCode::kUsage, "INGESTA_HEARTBEAT_URL is no http(s) URL");
  }
  ARROW_ASSIGN_OR_RAISE(client_,
                        http::Client::Make(TelemetryClientOptions(options_.version), clock_, random));
  background_ = std::make_unique<Background>(*client_, log_);
  const SinkContext context{environment, *client_, clock_, options_.version,
                            options_.stdout_is_json ? stderr : stdout};
  ARROW_ASSIGN_OR_RAISE(metric_sinks_, MakeMetricSinks(metrics, context));
  ARROW_ASSIGN_OR_RAISE(auto channels, MakeAlertChannels(alerts, context));
  if (channels.empty()) return Status::OK();
  Millis max_age = AlertOptions{}.max_age;
  if (const std::string text = ValueOf(environment, "INGESTA_ALERTS_MAX_AGE"); !text.empty()) {
    const auto parsed = config::ParseDuration(text);
    if (!parsed.ok()) {
      return MakeError(ErrorCode::kUsage, "INGESTA_ALERTS_MAX_AGE: " + parsed.status().message());
    }
    max_age = *parsed;
  }
  alerter_ =
      std::make_unique<Alerter>(std::move(channels), options_.root, max_age, *background_, clock_, log_);
  return Status::OK();
}

Status Telemetry::MakeShippers(Random& random) {
  const std::string logs = ValueOf(options_.environment, "INGESTA_LOGS");
  if (SplitSinks(logs).empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(log_client_,
                        http::Client::Make(TelemetryClientOptions(options_.version), clock_, random));
  const SinkContext context{options_.environment, *log_client_, clock_, options_.version, stdout};
  ARROW_ASSIGN_OR_RAISE(auto destinations, MakeLogDestinations(logs, context));
  for (auto& destination : destinations) {
    shippers_.push_back(std::make_unique<LogShipper>(
        std::move(destination), LogShipperOptions{.folder = options_.root + "/_ingesta/logs"}, log_));
    log_.sink().AddTap(shippers_.back().get());
  }
  return Status::OK();
}

Telemetry::~Telemetry() {
  Finish();
}

void Telemetry::OnRunEnd(const config::PipelineSpec& pipeline, pipeline::RunOutcome& outcome) {
  const std::shared_ptr<ObjectStore> store = std::exchange(outcome.store, nullptr);
  if (alerter_ != nullptr) alerter_->OnRunEnd(pipeline, outcome, store);
  if (metric_sinks_.empty()) return;
  const auto points = std::make_shared<const std::vector<MetricPoint>>(MetricsOf(outcome));
  if (points->empty()) return;
  for (const auto& sink : metric_sinks_) {
    background_->Start("metrics to " + sink->name(),
                       [sink, points, at = clock_.Now()] { return sink->Send(*points, at); });
  }
}

void Telemetry::OnSuccess() {
  if (heartbeat_url_.empty()) return;
  background_->Start("heartbeat", [this] {
    http::Request request;
    request.url = heartbeat_url_;
    request.reach_hint = "check INGESTA_HEARTBEAT_URL and this machine's way to it";
    return Redacted(client_->Fetch(std::move(request)).status(),
                    {http::RedactUrl(heartbeat_url_), heartbeat_url_});
  });
}

void Telemetry::Finish() {
  const MonotonicTime begun = RealClock().Monotonic();
  if (background_ != nullptr) background_->Finish(options_.patience);
  const auto spent = std::chrono::duration_cast<Millis>(RealClock().Monotonic() - begun);
  const Millis left = std::max(options_.patience - spent, kLeastForLogs);
  // Only now: the lines on sinks that failed are log lines too.
  for (const auto& shipper : shippers_) {
    log_.sink().RemoveTap(shipper.get());
    shipper->BeginFinish();
  }
  const MonotonicTime end = RealClock().Monotonic() + left;
  for (const auto& shipper : shippers_) {
    const auto rest = std::chrono::duration_cast<Millis>(end - RealClock().Monotonic());
    if (!shipper->WaitFinished(std::max(rest, Millis(0)))) log_client_->Cancel();
  }
  shippers_.clear();
}

}  // namespace ingesta::observe
