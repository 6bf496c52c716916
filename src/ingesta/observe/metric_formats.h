// Metrics as the text that others read: Prometheus, CloudWatch's embedded metric format, OTLP. Pure.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/observe/metrics.h"

namespace ingesta::observe {

/// Prometheus' text format 0.0.4. Out of `existing` stays what is of other pipelines, and of these pipelines
/// points in time that `points` do not bring anew.
std::string PrometheusText(const std::vector<MetricPoint>& points, const std::string& existing);

/// One JSON object a line for each set of dimensions (AWS: Embedded metric format specification).
std::string EmfLines(const std::vector<MetricPoint>& points, const std::string& name_space, SystemTime at);

/// ExportMetricsServiceRequest in OTLP's JSON encoding: gauges (opentelemetry-proto 1, metrics.proto).
std::string OtlpJson(const std::vector<MetricPoint>& points, const std::string& version, SystemTime at);

}  // namespace ingesta::observe
