#include "ingesta/observe/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "ingesta/base/fs.h"

namespace ingesta::observe {
namespace {

using pipeline::DatasetRecord;
using pipeline::RunRecord;
using pipeline::RunStatus;

/// A holder renews its lease every 15 s and is taken over after 60 s.
constexpr std::chrono::seconds kSignOfLife{60};

const DatasetRecord* FindDataset(const RunRecord& run, const std::string& name) {
  const auto found = std::find_if(run.datasets.begin(), run.datasets.end(),
                                  [&](const DatasetRecord& dataset) { return dataset.name == name; });
  return found == run.datasets.end() ? nullptr : &*found;
}

/// The resource whose endpoint brings `dataset`: itself, or what it explodes out of.
std::string ResourceOf(const config::PipelineSpec& pipeline, const std::string& dataset) {
  for (const config::ResourceSpec& resource : pipeline.resources) {
    if (resource.name == dataset && resource.explode) return resource.explode->resource;
  }
  return dataset;
}

void Judge(const config::PipelineSpec& pipeline, const PipelineFacts& facts, const HealthOptions& options,
           DatasetHealth& health) {
  for (const RunRecord& run : facts.runs.records) {
    const DatasetRecord* record =
        run.status == RunStatus::kFailed ? nullptr : FindDataset(run, health.dataset);
    // A success without it was a run of other datasets (--only).
    if (record == nullptr && ErrorOf(run, pipeline, health.dataset) == nullptr) continue;
    if (health.last_run == nullptr) health.last_run = &run;
    if (record == nullptr) {
      if (health.last_failure == nullptr) health.last_failure = &run;
      continue;
    }
    if (health.last_success == nullptr) {
      health.last_success = &run;
      health.published = record;
    }
    if (health.trend.size() < kTrendRuns) health.trend.push_back(record->rows);
  }
  std::reverse(health.trend.begin(), health.trend.end());
  if (health.last_success == nullptr) {
    health.state = health.last_run == nullptr ? DatasetState::kNever : DatasetState::kFailed;
    return;
  }
  if (const auto finished = ParseRfc3339(health.last_success->finished_at)) {
    health.age = std::chrono::duration_cast<std::chrono::seconds>(options.now - *finished);
  }
  const bool late = !health.age || *health.age > options.max_age;
  health.state = health.last_run == health.last_failure ? DatasetState::kFailed
                 : late                                 ? DatasetState::kLate
                                                        : DatasetState::kFine;
}

/// What a person types for the pipeline: its folder, as that is what is run.
std::string ArgumentOf(const config::PipelineSpec& pipeline) {
  const std::filesystem::path file(pipeline.file);
  if (file.filename() != "pipeline.yaml") return pipeline.file;
  const std::string folder = file.parent_path().string();
  return folder.empty() ? "." : folder;
}

bool NeedsCheck(const pipeline::RunError& error) {
  static constexpr std::array<std::string_view, 14> kCodes = {"host_not_found",
                                                              "connect_failed",
                                                              "tls",
                                                              "timeout",
                                                              "connection_lost",
                                                              "http_status",
                                                              "unauthorized",
                                                              "access_denied",
                                                              "expired_credentials",
                                                              "credentials_not_found",
                                                              "bucket_not_found",
                                                              "wrong_region",
                                                              "malformed_body",
                                                              "invalid_config"};
  return std::find(kCodes.begin(), kCodes.end(), error.code) != kCodes.end();
}

// One command: what is at work is waited for, what is whole is published, what failed is looked at.
std::string NextCommand(const config::PipelineSpec& pipeline, const PipelineFacts& facts,
                        const PipelineHealth& health) {
  const std::string argument = ArgumentOf(pipeline);
  if (health.running) return fmt::format("ingesta status {} --watch", argument);
  if (!facts.waiting.empty()) return fmt::format("ingesta resume {}", argument);
  for (const DatasetHealth& dataset : health.datasets) {
    if (dataset.state != DatasetState::kFailed) continue;
    const pipeline::RunError* error = ErrorOf(*dataset.last_run, pipeline, dataset.dataset);
    if (error != nullptr && error->code == "too_many_rejected") {
      return fmt::format("ingesta show {} {}", dataset.last_run->run_id, argument);
    }
    return fmt::format("ingesta {} {}", error != nullptr && NeedsCheck(*error) ? "check" : "run", argument);
  }
  const auto unfinished = [](const DatasetHealth& dataset) {
    return dataset.state != DatasetState::kFine || !dataset.last_success->tables_done;
  };
  if (std::any_of(health.datasets.begin(), health.datasets.end(), unfinished)) {
    return fmt::format("ingesta run {}", argument);
  }
  for (const DatasetHealth& dataset : health.datasets) {
    if (dataset.published->rejected > 0) {
      return fmt::format("ingesta show {} {}", dataset.last_success->run_id, argument);
    }
  }
  return "";
}

}  // namespace

std::string_view DatasetStateName(DatasetState state) {
  static constexpr std::array<std::string_view, 4> kNames = {"fine", "late", "failed", "never"};
  return kNames[static_cast<size_t>(state)];
}

const pipeline::RunError* ErrorOf(const RunRecord& run, const config::PipelineSpec& pipeline,
                                  const std::string& dataset) {
  const std::string resource = ResourceOf(pipeline, dataset);
  const pipeline::RunError* general = nullptr;
  for (const pipeline::RunError& error : run.errors) {
    if (error.dataset == dataset || error.dataset == resource) return &error;
    if (general == nullptr) general = &error;
  }
  // Nothing of a failed run is published: what failed for one dataset failed for all.
  return run.status == RunStatus::kFailed ? general : nullptr;
}

bool PipelineHealth::IsFine() const {
  return std::all_of(datasets.begin(), datasets.end(),
                     [](const DatasetHealth& dataset) { return dataset.state == DatasetState::kFine; });
}

PipelineHealth AssessPipeline(const config::PipelineSpec& pipeline, const PipelineFacts& facts,
                              const HealthOptions& options) {
  PipelineHealth health;
  for (const config::ResourceSpec& resource : pipeline.resources) {
    DatasetHealth dataset;
    dataset.dataset = resource.name;
    Judge(pipeline, facts, options, dataset);
    const auto stock = facts.quarantine.find(resource.name);
    if (stock != facts.quarantine.end()) dataset.quarantine = stock->second;
    health.datasets.push_back(std::move(dataset));
  }
  if (facts.lease) {
    const auto renewed = ParseRfc3339(facts.lease->renewed_at);
    const bool alive = renewed && options.now - *renewed <= kSignOfLife;
    (alive ? health.running : health.dead) = facts.lease;
  }
  health.next = NextCommand(pipeline, facts, health);
  return health;
}

std::optional<SystemTime> ParseRfc3339(const std::string& text) {
  std::tm fields{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return std::nullopt;
  return SystemTime(std::chrono::seconds(timegm(&fields)));
}

std::string Sparkline(const std::vector<int64_t>& values) {
  static constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  int64_t largest = 1;
  for (const int64_t value : values) largest = std::max(largest, value);
  std::string text;
  for (const int64_t value : values) {
    const double share = static_cast<double>(std::max<int64_t>(value, 0)) / static_cast<double>(largest);
    text += kBlocks[static_cast<size_t>(share * (kBlocks.size() - 1) + 0.5)];
  }
  return text;
}

std::string HumanAge(std::chrono::seconds age) {
  const int64_t seconds = std::max<int64_t>(age.count(), 0);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86'400) return fmt::format("{} h", seconds / 3600);
  const int64_t hours = seconds % 86'400 / 3600;
  return hours == 0 ? fmt::format("{} d", seconds / 86'400)
                    : fmt::format("{} d {} h", seconds / 86'400, hours);
}

}  // namespace ingesta::observe
