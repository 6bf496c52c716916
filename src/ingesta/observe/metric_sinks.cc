#include "ingesta/observe/metric_sinks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <utility>

#include "ingesta/aws/cloudwatch.h"
#include "ingesta/base/fs.h"
#include "ingesta/observe/metric_formats.h"

namespace ingesta::observe {
namespace {

class NamedSink : public MetricSink {
 public:
  explicit NamedSink(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }

 private:
  const std::string name_;
};

class CloudWatchSink final : public NamedSink {
 public:
  CloudWatchSink(std::string name_space, const SinkContext& context)
      : NamedSink("cloudwatch"), name_space_(std::move(name_space)), context_(context) {}

  // Credentials are looked for here, on the thread that may wait.
  Status Send(const std::vector<MetricPoint>& points, SystemTime at) override {
    ARROW_ASSIGN_OR_RAISE(const auto settings, aws::LoadSettings(context_.environment));
    ARROW_ASSIGN_OR_RAISE(auto credentials,
                          aws::MakeDefaultCredentials(context_.environment, context_.client, context_.clock));
    std::vector<aws::MetricDatum> data;
    for (const MetricPoint& point : points) {
      if (point.spec->is_time) continue;
      data.push_back({.name = point.spec->name,
                      .unit = CloudWatchUnit(point.spec->unit),
                      .dimensions = point.dimensions,
                      .value = point.value,
                      .at = at});
    }
    return aws::CloudWatchClient(settings, std::move(credentials), context_.client, context_.clock)
        .PutMetricData(name_space_, data);
  }

 private:
  const std::string name_space_;
  const SinkContext context_;
};

class PrometheusSink final : public NamedSink {
 public:
  explicit PrometheusSink(std::string path) : NamedSink("prometheus"), path_(std::move(path)) {}

  // Runs of other pipelines may write at the same moment; the collector reads only *.prom and never a half.
  Status Send(const std::vector<MetricPoint>& points, SystemTime at) override {
    (void)at;
    RETURN_NOT_OK(MakeDirs(ParentDir(path_)));
    ARROW_ASSIGN_OR_RAISE(const UniqueFd lock, OpenFile(path_ + ".lock", O_RDWR | O_CREAT));
    ::flock(lock.get(), LOCK_EX);
    std::string existing;
    if (PathExists(path_)) {
      ARROW_ASSIGN_OR_RAISE(existing, ReadFile(path_));
    }
    return AtomicWriteFile(path_, PrometheusText(points, existing), /*sync=*/false);
  }

 private:
  const std::string path_;
};

class EmfSink final : public NamedSink {
 public:
  explicit EmfSink(std::FILE* stream) : NamedSink("emf"), stream_(stream) {}

  Status Send(const std::vector<MetricPoint>& points, SystemTime at) override {
    const std::string lines = EmfLines(points, "ingesta", at);
    const bool whole = std::fwrite(lines.data(), 1, lines.size(), stream_) == lines.size();
    return whole && std::fflush(stream_) == 0 ? Status::OK() : ErrnoError(errno, "write the EMF lines");
  }

 private:
  std::FILE* const stream_;
};

class OtlpSink final : public NamedSink {
 public:
  OtlpSink(std::string url, const SinkContext& context)
      : NamedSink("otlp"), url_(std::move(url)), context_(context) {}

  Status Send(const std::vector<MetricPoint>& points, SystemTime at) override {
    http::Request request;
    request.method = "POST";
    request.url = url_;
    request.headers.Set("Content-Type", "application/json");
    AddHeaders(request);
    request.body.bytes = OtlpJson(points, context_.version, at);
    request.idempotent = true;  // gauges: the same value at the same time
    request.follow_redirects = false;
    request.reach_hint = "check that the OTLP collector runs and takes HTTP there (port 4318 by default)";
    return context_.client.Fetch(std::move(request)).status();
  }

 private:
  // As OpenTelemetry's own exporters: `name=value,name=value`, values percent-encoded.
  void AddHeaders(http::Request& request) const {
    const auto variable = context_.environment.find("OTEL_EXPORTER_OTLP_HEADERS");
    if (variable == context_.environment.end()) return;
    for (const std::string& pair : SplitSinks(variable->second)) {
      const size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0) continue;
      request.headers.Set(pair.substr(0, equals), http::PercentDecode(pair.substr(equals + 1)));
    }
  }

  const std::string url_;
  const SinkContext context_;
};

/// A base URL gets OTLP's path, as with OTEL_EXPORTER_OTLP_ENDPOINT.
std::string OtlpUrl(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/v1/metrics") ? url : url + "/v1/metrics";
}

Result<std::shared_ptr<MetricSink>> MakeSink(const std::string& word, const SinkContext& context) {
  const size_t colon = word.find(':');
  const std::string kind = word.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : word.substr(colon + 1);
  if (kind == "cloudwatch") return std::make_shared<CloudWatchSink>(rest.empty() ? "ingesta" : rest, context);
  if (kind == "prometheus" && !rest.empty()) return std::make_shared<PrometheusSink>(rest);
  if (kind == "otlp" && http::OriginOf(rest).ok()) return std::make_shared<OtlpSink>(OtlpUrl(rest), context);
  if (kind == "emf" && rest.empty()) return std::make_shared<EmfSink>(context.emf_stream);
  return MakeError(ErrorCode::kUsage, fmt::format("INGESTA_METRICS: {} is no sink of metrics", word),
                   "there are cloudwatch[:NAMESPACE], prometheus:FILE, otlp:http://HOST:4318 and emf, with "
                   "commas between");
}

}  // namespace

std::vector<std::string> SplitSinks(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    size_t first = begin;
    size_t last = end;
    while (first < last && text[first] == ' ') ++first;
    while (last > first && text[last - 1] == ' ') --last;
    if (last > first) words.push_back(text.substr(first, last - first));
    begin = end + 1;
  }
  return words;
}

Result<std::vector<std::shared_ptr<MetricSink>>> MakeMetricSinks(const std::string& text,
                                                                 const SinkContext& context) {
  std::vector<std::shared_ptr<MetricSink>> sinks;
  for (const std::string& word : SplitSinks(text)) {
    ARROW_ASSIGN_OR_RAISE(auto sink, MakeSink(word, context));
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

}  // namespace ingesta::observe
