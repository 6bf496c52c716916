#include "ingesta/observe/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ingesta/observe/health.h"
#include "ingesta/observe/progress_display.h"

namespace ingesta::observe {
namespace {

constexpr size_t kMinEarlier = 5;
constexpr double kFar = 5;

double MedianOf(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle), values.end());
  if (values.size() % 2 == 1) return values[middle];
  const double above = values[middle];
  return (above + *std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle))) / 2;
}

Finding FailureOf(const config::PipelineSpec& pipeline, const pipeline::RunOutcome& outcome) {
  const pipeline::RunRecord& record = outcome.record;
  pipeline::RunError error = pipeline::ToRunError(outcome.status, "");
  if (!record.errors.empty()) error = record.errors.front();
  const bool partial = record.status == pipeline::RunStatus::kPartial;
  Finding finding;
  finding.key = fmt::format("failed:{}:{}", error.code, error.dataset);
  finding.title = fmt::format("{}: the run {} ({})", pipeline.name,
                              partial ? "published only a part" : "failed", error.code);
  finding.text =
      fmt::format("{}{}.\n{}", error.dataset.empty() ? "" : error.dataset + ": ", error.message,
                  partial ? "The other datasets were published."
                          : "Nothing of it was published: tables and files are those of the last success.");
  if (!error.hint.empty()) finding.text += fmt::format("\nWhat helps: {}.", error.hint);
  finding.text += fmt::format("\nNext: ingesta show {} {}", record.run_id, pipeline.file);
  return finding;
}

/// The rows of `dataset` in the last runs that published it.
std::vector<int64_t> EarlierRows(const std::string& dataset,
                                 const std::vector<pipeline::RunRecord>& earlier) {
  std::vector<int64_t> rows;
  for (const pipeline::RunRecord& run : earlier) {
    if (run.status == pipeline::RunStatus::kFailed || rows.size() == kTrendRuns) continue;
    for (const pipeline::DatasetRecord& candidate : run.datasets) {
      if (candidate.name == dataset) rows.push_back(candidate.rows);
    }
  }
  return rows;
}

void JudgeDatasets(const config::PipelineSpec& pipeline, const pipeline::RunRecord& record,
                   const std::vector<pipeline::RunRecord>& earlier, std::vector<Finding>& findings) {
  for (const pipeline::DatasetRecord& dataset : record.datasets) {
    const std::string next = fmt::format("Next: ingesta show {} {}", record.run_id, pipeline.file);
    if (dataset.completeness.verdict == pipeline::Verdict::kInexact) {
      findings.push_back(
          {"inexact:" + dataset.name, fmt::format("{}: {} is inexact", pipeline.name, dataset.name),
           fmt::format("It was published (allow_inexact), but its rows are not proved to be the "
                       "source's: {}.\n{}",
                       dataset.completeness.explanation, next)});
    }
    if (const auto far = ExplainVolume(dataset.rows, EarlierRows(dataset.name, earlier))) {
      findings.push_back({"volume:" + dataset.name,
                          fmt::format("{}: {} has an unusual number of rows", pipeline.name, dataset.name),
                          fmt::format("{}.\nIt was published. {}", *far, next)});
    }
  }
}

void JudgeAge(const config::PipelineSpec& pipeline, const std::vector<pipeline::RunRecord>& earlier,
              const AlertOptions& options, std::vector<Finding>& findings) {
  const auto success = std::find_if(earlier.begin(), earlier.end(), [](const pipeline::RunRecord& run) {
    return run.status == pipeline::RunStatus::kSucceeded;
  });
  if (success == earlier.end()) return;
  const auto finished = ParseRfc3339(success->finished_at);
  if (!finished || options.now - *finished <= options.max_age) return;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(options.now - *finished);
  findings.push_back({"late", fmt::format("{}: its data is late", pipeline.name),
                      fmt::format("The last success was {} ago ({}).\nNext: ingesta status {}", HumanAge(age),
                                  success->run_id, pipeline.file)});
}

}  // namespace

std::optional<std::string> ExplainVolume(int64_t rows, std::vector<int64_t> earlier) {
  if (earlier.size() < kMinEarlier) return std::nullopt;
  std::vector<double> values(earlier.begin(), earlier.end());
  const double median = MedianOf(values);
  for (double& value : values) value = std::abs(value - median);
  const double mad = MedianOf(values);
  // 1.4826: what makes the MAD of normal values their standard deviation.
  const double spread = std::max({1.4826 * mad, 0.01 * median, 1.0});
  const double score = (static_cast<double>(rows) - median) / spread;
  if (std::abs(score) < kFar) return std::nullopt;
  return fmt::format(
      "{} rows, while the last {} runs had {} in the middle and mostly differed from that by {} at most: a "
      "robust "
      "z-score of {:.1f} = (rows - median) / spread, where {:.0f} is far",
      WithThousands(rows), earlier.size(), WithThousands(std::llround(median)),
      WithThousands(std::llround(mad)), score, kFar);
}

std::vector<Finding> FindProblems(const config::PipelineSpec& pipeline, const pipeline::RunOutcome& outcome,
                                  const std::vector<pipeline::RunRecord>& earlier,
                                  const AlertOptions& options) {
  std::vector<Finding> findings;
  if (!outcome.status.ok()) {
    findings.push_back(FailureOf(pipeline, outcome));
    JudgeAge(pipeline, earlier, options, findings);
  }
  if (outcome.record.status != pipeline::RunStatus::kFailed) {
    JudgeDatasets(pipeline, outcome.record, earlier, findings);
  }
  return findings;
}

std::string ToJson(const AlertState& state) {
  nlohmann::ordered_json open = nlohmann::ordered_json::object();
  for (const auto& [key, alert] : state) {
    open[key] = {{"title", alert.title}, {"since", alert.since}, {"run", alert.run_id}};
  }
  return nlohmann::ordered_json{{"open", std::move(open)}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

AlertState AlertStateFromJson(const std::string& text) {
  AlertState state;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("open") || !json["open"].is_object()) return state;
  const auto word = [](const nlohmann::json& alert, const char* name) {
    const bool there = alert.is_object() && alert.contains(name) && alert[name].is_string();
    return there ? alert[name].get<std::string>() : std::string();
  };
  for (const auto& [key, alert] : json["open"].items()) {
    state[key] = {word(alert, "title"), word(alert, "since"), word(alert, "run")};
  }
  return state;
}

AlertPlan PlanAlerts(const AlertState& state, const std::vector<Finding>& findings,
                     const pipeline::RunOutcome& outcome, SystemTime now) {
  AlertPlan plan;
  const pipeline::RunRecord& record = outcome.record;
  for (const Finding& finding : findings) {
    const auto known = state.find(finding.key);
    if (known != state.end()) {
      plan.state.insert(*known);
      continue;
    }
    plan.state[finding.key] = {finding.title, FormatRfc3339(now), record.run_id};
    plan.notices.push_back({false, record.pipeline, record.run_id, finding.key, finding.title, finding.text});
  }
  for (const auto& [key, alert] : state) {
    if (plan.state.count(key) != 0) continue;
    if (outcome.status.ok()) {
      plan.notices.push_back(
          {true, record.pipeline, record.run_id, key, "over: " + alert.title,
           fmt::format("It lasted from {} (run {}) to run {}.", alert.since, alert.run_id, record.run_id)});
      continue;
    }
    // Another failure took this one's place.
    if (key.rfind("failed:", 0) != 0) plan.state[key] = alert;
  }
  return plan;
}

}  // namespace ingesta::observe
