// How a pipeline's datasets are, read from what its runs left: manifests, lease, quarantine, the local spool.
// ReadPipelineFacts asks the store, AssessPipeline is pure. Used by `ingesta status` and the alerts. Not
// thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/lake_runs.h"
#include "ingesta/pipeline/lease.h"

namespace ingesta::observe {

/// Rejected rows that lie below `_ingesta/quarantine/<dataset>/`, waiting for someone to look.
struct QuarantineStock {
  int64_t objects = 0;
  int64_t rows = 0;
  int64_t uncounted = 0;  ///< objects too large to count that no manifest tells of; not in `rows`
};

/// What the store and this machine know of a pipeline.
struct PipelineFacts {
  pipeline::LakeRuns runs;
  std::optional<pipeline::LeaseHolder> lease;
  std::map<std::string, QuarantineStock> quarantine;  ///< by dataset
  std::vector<std::string> waiting;  ///< runs below the local root that are whole but not published
};

/// Reads the manifests that were written last, and all of them where those do not tell of a success of every
/// dataset. `root`: the local root, for its spool.
Result<PipelineFacts> ReadPipelineFacts(ObjectStore& store, const config::PipelineSpec& pipeline,
                                        const std::string& root);

enum class DatasetState {
  kFine,
  kLate,    ///< the last success is older than max_age
  kFailed,  ///< the last run that was to bring it did not
  kNever,   ///< no run has published it
};
std::string_view DatasetStateName(DatasetState state);

struct DatasetHealth {
  std::string dataset;
  DatasetState state = DatasetState::kNever;
  const pipeline::RunRecord* last_run = nullptr;       ///< that was to bring it; nullptr = none
  const pipeline::RunRecord* last_success = nullptr;   ///< that published it
  const pipeline::DatasetRecord* published = nullptr;  ///< of last_success
  const pipeline::RunRecord* last_failure = nullptr;   ///< the newest, also where a success followed
  std::optional<std::chrono::seconds> age;             ///< since last_success ended
  std::vector<int64_t> trend;                          ///< rows of the last 14 successes, the oldest first
  QuarantineStock quarantine;
};

struct PipelineHealth {
  std::vector<DatasetHealth> datasets;  ///< in the pipeline's order
  /// Of a run that is at work; nullopt also for one whose sign of life is over a minute old.
  std::optional<pipeline::LeaseHolder> running;
  std::optional<pipeline::LeaseHolder> dead;  ///< a lease that nobody renews: the next run takes it over
  std::string next;                           ///< the command to run next; "" = none

  /// No dataset failed, is late or was never published.
  bool IsFine() const;
};

struct HealthOptions {
  SystemTime now;
  Millis max_age = std::chrono::hours(26);
};

constexpr size_t kTrendRuns = 14;

/// The result points into `facts`.
PipelineHealth AssessPipeline(const config::PipelineSpec& pipeline, const PipelineFacts& facts,
                              const HealthOptions& options);

/// The error of `run` that concerns `dataset`: its own, else the run's; nullptr where there is none.
const pipeline::RunError* ErrorOf(const pipeline::RunRecord& run, const config::PipelineSpec& pipeline,
                                  const std::string& dataset);

/// `2026-11-24T02:00:00.123Z` as a time; nullopt for what is not one.
std::optional<SystemTime> ParseRfc3339(const std::string& text);

/// One block character a value, from zero to the largest; "" for none.
std::string Sparkline(const std::vector<int64_t>& values);
/// `3 h`, `2 d 4 h`, `12 min`, `40 s`.
std::string HumanAge(std::chrono::seconds age);

}  // namespace ingesta::observe
