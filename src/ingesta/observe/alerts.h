// What a run's end is worth waking someone for, and what was told already. Pure; who sends is in notifier.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::observe {

/// Something that is wrong. `key` names the thing: as long as it stays wrong it is told once.
struct Finding {
  std::string key;    ///< `failed:timeout:productos`, `late`, `inexact:productos`, `volume:productos`
  std::string title;  ///< one line
  std::string text;   ///< what happened, what it means, what to do
};

struct AlertOptions {
  SystemTime now;
  Millis max_age = std::chrono::hours(26);  ///< a dataset whose last success is older is late
};

/// The findings of a run that ended. `earlier`: the pipeline's runs before it, the newest first; empty where
/// the store can't be asked.
std::vector<Finding> FindProblems(const config::PipelineSpec& pipeline, const pipeline::RunOutcome& outcome,
                                  const std::vector<pipeline::RunRecord>& earlier,
                                  const AlertOptions& options);

/// Why `rows` is far from `earlier` (the last runs' rows), or nullopt where it is not, or where there are
/// less than 5 of them: by the robust z-score (rows - median) / (1.4826 * MAD), which one odd run among them
/// does not bend. 5 and more is far; a spread below 1 % of the median counts as 1 %.
std::optional<std::string> ExplainVolume(int64_t rows, std::vector<int64_t> earlier);

/// What was told and is not over: `_ingesta/state/alerts-<pipeline>.json`.
struct OpenAlert {
  std::string title;
  std::string since;  ///< RFC 3339
  std::string run_id;
};
using AlertState = std::map<std::string, OpenAlert>;

std::string ToJson(const AlertState& state);
/// Empty for what can't be read: better told twice than never.
AlertState AlertStateFromJson(const std::string& text);

struct Notice {
  bool recovery = false;
  std::string pipeline;
  std::string run_id;
  std::string key;
  std::string title;
  std::string text;
};

struct AlertPlan {
  std::vector<Notice> notices;
  AlertState state;  ///< to be kept once the notices are out
};

/// New findings are told, open ones that are gone are told to be over, and the others stay silent. A run that
/// failed says nothing of what only a success can judge: those stay open.
AlertPlan PlanAlerts(const AlertState& state, const std::vector<Finding>& findings,
                     const pipeline::RunOutcome& outcome, SystemTime now);

}  // namespace ingesta::observe
