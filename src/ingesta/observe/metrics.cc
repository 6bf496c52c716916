#include "ingesta/observe/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ingesta/observe/health.h"

namespace ingesta::observe {
namespace {

const std::vector<const char*> kOfPipeline = {"pipeline"};
const std::vector<const char*> kOfDataset = {"pipeline", "dataset"};

const MetricSpec& Find(std::string_view name) {
  return *std::find_if(Metrics().begin(), Metrics().end(),
                       [&](const MetricSpec& metric) { return metric.name == name; });
}

class Collector {
 public:
  explicit Collector(const std::string& pipeline) : pipeline_(pipeline) {}

  void Add(const char* name, double value) {
    points_.push_back({&Find(name), {{"pipeline", pipeline_}}, value});
  }
  void Add(const char* name, const std::string& second, double value) {
    const MetricSpec& spec = Find(name);
    points_.push_back({&spec, {{"pipeline", pipeline_}, {spec.dimensions[1], second}}, value});
  }
  std::vector<MetricPoint> Take() { return std::move(points_); }

 private:
  const std::string& pipeline_;
  std::vector<MetricPoint> points_;
};

void AddDataset(const pipeline::DatasetRecord& dataset, Collector& points) {
  const std::string& name = dataset.name;
  const auto add = [&](const char* metric, auto value) {
    points.Add(metric, name, static_cast<double>(value));
  };
  add("rows", dataset.rows);
  add("rejected", dataset.rejected);
  add("duplicates", dataset.completeness.duplicate_rows);
  // What can't be proved is no failure of the proof.
  if (dataset.completeness.verdict != pipeline::Verdict::kUnverifiable) {
    add("complete", dataset.completeness.verdict == pipeline::Verdict::kInexact ? 0 : 1);
  }
  int64_t published = 0;
  for (const pipeline::DatasetFile& file : dataset.files) published += file.is_object() ? file.bytes : 0;
  add("published_bytes", published);
  // What explodes out of a resource has no requests of its own.
  if (dataset.requests == 0) return;
  add("pages", dataset.pages);
  add("requests", dataset.requests);
  add("retries", dataset.retries);
  add("throttles", dataset.throttles);
  add("received_bytes", dataset.wire_bytes);
  add("extract_seconds", dataset.seconds);
}

void AddStages(const pipeline::RunRecord& record, Collector& points) {
  std::map<std::string, double> seconds;
  for (const pipeline::DatasetRecord& dataset : record.datasets) {
    for (const auto& [stage, spent] : dataset.stage_seconds) seconds[stage] += spent;
  }
  for (const pipeline::RunStep& step : record.facts.steps) {
    if (step.step == "store" || step.step == "catalog") seconds[step.step] += step.seconds;
  }
  for (const auto& [stage, spent] : seconds) points.Add("stage_seconds", stage, spent);
}

}  // namespace

const std::vector<MetricSpec>& Metrics() {
  static const std::vector<MetricSpec> metrics = {
      {"run_success", MetricUnit::kNone, kOfPipeline, "1 where the run published all of its datasets, else 0",
       "1 si la ejecución publicó todos sus conjuntos de datos; si no, 0",
       "below 1, or no value within 26 hours", "menor que 1, o sin valor durante 26 horas"},
      {"run_seconds", MetricUnit::kSeconds, kOfPipeline, "From the beginning of the run to its end",
       "Desde el comienzo de la ejecución hasta su fin", "above twice its usual value",
       "mayor que el doble de lo habitual"},
      {"success_time_seconds", MetricUnit::kSeconds, kOfPipeline,
       "When the last successful run ended, in Unix time; a failed run leaves it as it was",
       "Cuándo terminó la última ejecución correcta, en tiempo Unix; una ejecución fallida no lo cambia",
       "older than 26 hours: `time() - ingesta_success_time_seconds > 93600`",
       "más de 26 horas: `time() - ingesta_success_time_seconds > 93600`", /*is_time=*/true},
      {"stage_seconds",
       MetricUnit::kSeconds,
       {"pipeline", "stage"},
       "Time spent in a stage; `source` is the waiting for pages",
       "Tiempo en una etapa; `source` es la espera de páginas",
       "",
       ""},
      {"store_requests",
       MetricUnit::kCount,
       {"pipeline", "operation"},
       "Requests to S3 by operation, tries included",
       "Peticiones a S3 por operación, con los reintentos",
       "",
       ""},
      {"rows", MetricUnit::kCount, kOfDataset, "Rows of the dataset in this run",
       "Filas del conjunto de datos en esta ejecución", "0, or far from the last runs",
       "0, o lejos de las últimas ejecuciones"},
      {"rejected", MetricUnit::kCount, kOfDataset, "Rows that went to quarantine",
       "Filas enviadas a cuarentena", "above 0", "mayor que 0"},
      {"duplicates", MetricUnit::kCount, kOfDataset, "Rows that came again and were left out",
       "Filas repetidas que se descartaron", "", ""},
      {"complete", MetricUnit::kNone, kOfDataset,
       "1 where the rows are proved to be the source's, 0 where they are not; absent where there is nothing "
       "to "
       "prove it by",
       "1 si consta que las filas son las del origen, 0 si no; falta cuando no hay con qué comprobarlo",
       "below 1", "menor que 1"},
      {"published_bytes", MetricUnit::kBytes, kOfDataset, "Bytes of the files that were published",
       "Bytes de los ficheros publicados", "", ""},
      {"pages", MetricUnit::kCount, kOfDataset, "Pages read from the source", "Páginas leídas del origen", "",
       ""},
      {"requests", MetricUnit::kCount, kOfDataset, "Requests to the source, tries included",
       "Peticiones al origen, con los reintentos", "", ""},
      {"retries", MetricUnit::kCount, kOfDataset, "Requests that were sent again", "Peticiones repetidas",
       "above 10 % of `requests`", "mayor que el 10 % de `requests`"},
      {"throttles", MetricUnit::kCount, kOfDataset,
       "Answers by which the source said that it is too much (429, 503)",
       "Respuestas en las que el origen pidió ir más despacio (429, 503)", "above 0 in several runs in a row",
       "mayor que 0 en varias ejecuciones seguidas"},
      {"received_bytes", MetricUnit::kBytes, kOfDataset, "Bytes of the answers' bodies as they came",
       "Bytes de los cuerpos de las respuestas tal como llegaron", "", ""},
      {"extract_seconds", MetricUnit::kSeconds, kOfDataset, "From the first request to the last row",
       "Desde la primera petición hasta la última fila", "", ""},
  };
  return metrics;
}

std::vector<MetricPoint> MetricsOf(const pipeline::RunOutcome& outcome) {
  const bool idle =
      outcome.already_done || (!outcome.status.ok() && CodeOf(outcome.status) == ErrorCode::kLeaseHeld);
  if (idle) return {};
  const pipeline::RunRecord& record = outcome.record;
  Collector points(record.pipeline);
  points.Add("run_success", outcome.status.ok() ? 1 : 0);
  const auto started = ParseRfc3339(record.started_at);
  const auto finished = ParseRfc3339(record.finished_at);
  if (started && finished) {
    points.Add("run_seconds", std::chrono::duration<double>(*finished - *started).count());
    const auto unix_time = std::chrono::duration<double>(finished->time_since_epoch());
    if (outcome.status.ok()) points.Add("success_time_seconds", unix_time.count());
  }
  AddStages(record, points);
  for (const auto& [operation, count] : record.facts.store_requests) {
    points.Add("store_requests", operation, static_cast<double>(count));
  }
  // What a failed run extracted is in no table.
  if (record.status != pipeline::RunStatus::kFailed) {
    for (const pipeline::DatasetRecord& dataset : record.datasets) AddDataset(dataset, points);
  }
  return points.Take();
}

const char* CloudWatchUnit(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kCount:
      return "Count";
    case MetricUnit::kSeconds:
      return "Seconds";
    case MetricUnit::kBytes:
      return "Bytes";
    case MetricUnit::kNone:
      break;
  }
  return "None";
}

std::string MetricsReference() {
  std::string text =
      "# Metrics · Métricas\n\n"
      "Made by `ingesta describe --metrics`. Each value is of one run, sent when it ends. CloudWatch has "
      "them in the\n"
      "namespace `ingesta` (or the one that is named) under the name below, Prometheus as `ingesta_<name>`, "
      "OTLP as\n"
      "`ingesta.<name>`. Cada valor es de una ejecución y se envía cuando termina.\n\n"
      "| name · nombre | unit · unidad | dimensions · dimensiones | meaning · significado | alarm · alarma "
      "|\n"
      "|---|---|---|---|---|\n";
  for (const MetricSpec& metric : Metrics()) {
    std::string dimensions;
    for (const char* dimension : metric.dimensions) {
      dimensions += fmt::format("{}`{}`", dimensions.empty() ? "" : ", ", dimension);
    }
    const std::string alarm =
        *metric.alarm_en == '\0' ? "-" : fmt::format("{} · {}", metric.alarm_en, metric.alarm_es);
    text += fmt::format("| `{}` | {} | {} | {} · {} | {} |\n", metric.name, CloudWatchUnit(metric.unit),
                        dimensions, metric.meaning_en, metric.meaning_es, alarm);
  }
  return text;
}

}  // namespace ingesta::observe
