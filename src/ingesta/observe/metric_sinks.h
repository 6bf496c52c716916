// Where metrics go: CloudWatch, a Prometheus textfile, an OTLP collector, EMF lines. Chosen by text:
// `cloudwatch[:NAMESPACE]`, `prometheus:FILE`, `otlp:URL`, `emf`, with commas between. Thread-safe.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"
#include "ingesta/observe/metrics.h"

namespace ingesta::observe {

class MetricSink {
 public:
  virtual ~MetricSink() = default;
  /// For the log: `otlp`, `prometheus`, ...
  virtual const std::string& name() const = 0;
  /// Send the values of one run. Blocks no longer than the client's time-outs.
  virtual Status Send(const std::vector<MetricPoint>& points, SystemTime at) = 0;
};

/// What sinks share. References outlive them.
struct SinkContext {
  const aws::Environment& environment;
  http::Client& client;
  Clock& clock;
  std::string version;
  std::FILE* emf_stream = stdout;
};

/// kUsage for what is no sink, with those that there are. `text` may be empty.
Result<std::vector<std::shared_ptr<MetricSink>>> MakeMetricSinks(const std::string& text,
                                                                 const SinkContext& context);

/// Words between commas, without the spaces around them; empty ones are left out.
std::vector<std::string> SplitSinks(const std::string& text);

}  // namespace ingesta::observe
