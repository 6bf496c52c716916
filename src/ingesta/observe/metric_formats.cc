#include "ingesta/observe/metric_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace ingesta::observe {
namespace {

using Json = nlohmann::ordered_json;

/// Label values escape backslash, quote and line feed.
std::string PrometheusLabel(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

std::string PipelineLabel(const std::string& pipeline) {
  return fmt::format("pipeline=\"{}\"", PrometheusLabel(pipeline));
}

std::string SampleOf(const MetricPoint& point) {
  std::string labels;
  for (const auto& [name, value] : point.dimensions) {
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, PrometheusLabel(value));
  }
  return fmt::format("ingesta_{}{{{}}}", point.spec->name, labels);
}

/// Samples by metric: text before the value, and the value.
using Samples = std::map<std::string, std::map<std::string, std::string>>;

// Only lines that this function's own output has; anything else in the file is not ours to keep.
void KeepOthers(const std::string& existing, const std::set<std::string>& pipelines, Samples& samples) {
  for (size_t begin = 0; begin < existing.size();) {
    const size_t end = std::min(existing.find('\n', begin), existing.size());
    const std::string line = existing.substr(begin, end - begin);
    begin = end + 1;
    const size_t brace = line.find('{');
    const size_t space = line.rfind("} ");
    if (line.rfind("ingesta_", 0) != 0 || brace == std::string::npos || space == std::string::npos) continue;
    const std::string name = line.substr(8, brace - 8);
    const auto spec = std::find_if(Metrics().begin(), Metrics().end(),
                                   [&](const MetricSpec& metric) { return name == metric.name; });
    if (spec == Metrics().end()) continue;
    const bool ours = std::any_of(pipelines.begin(), pipelines.end(), [&](const std::string& pipeline) {
      return line.compare(brace + 1, PipelineLabel(pipeline).size(), PipelineLabel(pipeline)) == 0;
    });
    if (!ours || spec->is_time) samples[name].emplace(line.substr(0, space + 1), line.substr(space + 2));
  }
}

std::string Number(double value) {
  return fmt::format("{}", value);
}

}  // namespace

std::string PrometheusText(const std::vector<MetricPoint>& points, const std::string& existing) {
  Samples samples;
  std::set<std::string> pipelines;
  for (const MetricPoint& point : points) {
    pipelines.insert(point.dimensions.front().second);
    samples[point.spec->name].insert_or_assign(SampleOf(point), Number(point.value));
  }
  KeepOthers(existing, pipelines, samples);
  std::string text;
  for (const MetricSpec& metric : Metrics()) {
    const auto found = samples.find(metric.name);
    if (found == samples.end()) continue;
    text += fmt::format("# HELP ingesta_{} {}\n# TYPE ingesta_{} gauge\n", metric.name, metric.meaning_en,
                        metric.name);
    for (const auto& [sample, value] : found->second) text += fmt::format("{} {}\n", sample, value);
  }
  return text;
}

std::string EmfLines(const std::vector<MetricPoint>& points, const std::string& name_space, SystemTime at) {
  const auto millis = std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
  std::map<std::vector<std::pair<std::string, std::string>>, std::vector<const MetricPoint*>> groups;
  for (const MetricPoint& point : points) {
    if (!point.spec->is_time) groups[point.dimensions].push_back(&point);
  }
  std::string text;
  for (const auto& [dimensions, group] : groups) {
    Json names = Json::array();
    Json metrics = Json::array();
    Json values = Json::object();
    for (const auto& [name, value] : dimensions) {
      names.push_back(name);
      values[name] = value;
    }
    for (const MetricPoint* point : group) {
      metrics.push_back(Json{{"Name", point->spec->name}, {"Unit", CloudWatchUnit(point->spec->unit)}});
      values[point->spec->name] = point->value;
    }
    Json line{{"_aws", Json{{"Timestamp", millis},
                            {"CloudWatchMetrics", Json::array({Json{{"Namespace", name_space},
                                                                    {"Dimensions", Json::array({names})},
                                                                    {"Metrics", std::move(metrics)}}})}}}};
    line.update(values);
    text += line.dump() + "\n";
  }
  return text;
}

std::string OtlpJson(const std::vector<MetricPoint>& points, const std::string& version, SystemTime at) {
  const auto attribute = [](const std::string& key, const std::string& value) {
    return Json{{"key", key}, {"value", Json{{"stringValue", value}}}};
  };
  // int64 is a string in protobuf's JSON.
  const std::string nanos =
      fmt::format("{}", std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
  Json metrics = Json::array();
  for (const MetricSpec& metric : Metrics()) {
    Json data = Json::array();
    for (const MetricPoint& point : points) {
      if (point.spec != &metric) continue;
      Json attributes = Json::array();
      for (const auto& [name, value] : point.dimensions) attributes.push_back(attribute(name, value));
      data.push_back(
          Json{{"attributes", std::move(attributes)}, {"timeUnixNano", nanos}, {"asDouble", point.value}});
    }
    if (data.empty()) continue;
    const char* unit = metric.unit == MetricUnit::kSeconds ? "s"
                       : metric.unit == MetricUnit::kBytes ? "By"
                                                           : "1";
    metrics.push_back(Json{{"name", fmt::format("ingesta.{}", metric.name)},
                           {"description", metric.meaning_en},
                           {"unit", unit},
                           {"gauge", Json{{"dataPoints", std::move(data)}}}});
  }
  return Json{
      {"resourceMetrics",
       Json::array({Json{
           {"resource", Json{{"attributes", Json::array({attribute("service.name", "ingesta"),
                                                         attribute("service.version", version)})}}},
           {"scopeMetrics", Json::array({Json{{"scope", Json{{"name", "ingesta"}, {"version", version}}},
                                              {"metrics", std::move(metrics)}}})}}})}}
      .dump();
}

}  // namespace ingesta::observe
