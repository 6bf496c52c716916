// The data docs: what a run's suites found as one HTML page that holds everything it shows, an index of the
// runs, and the history that both tell. Pure functions over validation results as Great Expectations has
// them; the pipeline stores what they give.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ingesta::report {

/// What one suite found in one dataset.
struct DatasetResults {
  std::string dataset;
  nlohmann::ordered_json validation;  ///< Great Expectations' ExpectationSuiteValidationResult
};

struct RunResults {
  std::string pipeline;
  std::string run_id;
  std::string time;    ///< RFC 3339
  std::string status;  ///< `succeeded`, `partial`, `failed`
  std::string error;   ///< why it failed; may be empty
  std::vector<DatasetResults> datasets;
};

/// What is remembered of an expectation in a run.
struct PastResult {
  bool met = false;
  int64_t unexpected = -1;  ///< rows; -1 = not about rows
};

struct PastRun {
  std::string run_id;
  std::string time;
  std::string status;
  int64_t met = 0;
  int64_t total = 0;
  std::map<std::string, PastResult> results;  ///< by the expectation's fingerprint
};

/// The newest first.
struct History {
  static constexpr size_t kMaxRuns = 50;
  std::vector<PastRun> runs;
};

/// Text that HistoryToJson did not make gives an empty history.
History HistoryFromJson(const std::string& text);
std::string HistoryToJson(const History& history);
/// `run` becomes the newest; one of its id that is there already is replaced.
void AddRun(const RunResults& run, History& history);

/// The file names, all in one folder.
std::string PageName(const std::string& run_id);
inline constexpr const char* kIndexName = "index.html";
inline constexpr const char* kHistoryName = "history.json";

/// REQUIRES: AddRun was called with `run`.
std::string RunPage(const RunResults& run, const History& history);
std::string IndexPage(const std::string& pipeline, const History& history);
/// An earlier page with its link to the run after it.
std::string WithNextLink(std::string page, const std::string& next_run_id);

}  // namespace ingesta::report
