#include "ingesta/commands/summary_line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ingesta/observe/progress_display.h"

namespace ingesta::commands {
namespace {

using nlohmann::ordered_json;
using observe::WithThousands;
using pipeline::DatasetRecord;
using pipeline::RunOutcome;
using pipeline::RunRecord;

struct LineTotals {
  int64_t rows = 0;
  int64_t rejected = 0;
};

ordered_json DatasetEntry(const DatasetRecord& dataset) {
  ordered_json entry{{"name", dataset.name},
                     {"rows", dataset.rows},
                     {"rejected", dataset.rejected},
                     {"duplicates", dataset.completeness.duplicate_rows},
                     {"completeness", pipeline::VerdictName(dataset.completeness.verdict)},
                     {"seconds", dataset.seconds}};
  if (dataset.quarantine && dataset.rejected > 0) entry["quarantine"] = dataset.quarantine->key;
  return entry;
}

/// `totals` grows by what the run read.
ordered_json RunEntry(const RunRecord& record, std::string_view status, LineTotals& totals) {
  ordered_json datasets = ordered_json::array();
  for (const DatasetRecord& dataset : record.datasets) {
    datasets.push_back(DatasetEntry(dataset));
    totals.rows += dataset.rows;
    totals.rejected += dataset.rejected;
  }
  return {{"pipeline", record.pipeline},
          {"run_id", record.run_id},
          {"status", status},
          {"store", record.store},
          {"datasets", datasets}};
}

ordered_json OutcomeEntry(const RunOutcome& outcome, LineTotals& totals) {
  if (outcome.already_done) {
    // What it read counts for the run that read it.
    LineTotals before;
    return RunEntry(outcome.record, "done_before", before);
  }
  const bool held = !outcome.status.ok() && CodeOf(outcome.status) == ErrorCode::kLeaseHeld;
  // Rows that a failed run read are not in the lake.
  LineTotals unpublished;
  const bool counts = outcome.record.status != pipeline::RunStatus::kFailed;
  ordered_json entry =
      RunEntry(outcome.record, held ? "lease_held" : pipeline::RunStatusName(outcome.record.status),
               counts ? totals : unpublished);
  if (!outcome.status.ok()) {
    entry["error"] = {{"code", ErrorCodeName(CodeOf(outcome.status))},
                      {"message", outcome.status.message()},
                      {"hint", HintOf(outcome.status)}};
  }
  return entry;
}

const char* LevelOf(int exit_code, int64_t rejected) {
  if (exit_code == pipeline::kExitDone && rejected == 0) return "info";
  const bool soft = exit_code == pipeline::kExitDone || exit_code == pipeline::kExitQuarantine ||
                    exit_code == pipeline::kExitLeaseHeld;
  return soft ? "warning" : "error";
}

std::string Sentence(const std::vector<RunOutcome>& outcomes, int exit_code, const LineTotals& totals) {
  std::string failed;
  for (const RunOutcome& outcome : outcomes) {
    if (!outcome.status.ok()) failed += (failed.empty() ? "" : ", ") + outcome.record.pipeline;
  }
  std::string text =
      failed.empty()
          ? "done"
          : (exit_code == pipeline::kExitLeaseHeld ? "already at work elsewhere: " : "failed: ") + failed;
  text += fmt::format("; {} rows", WithThousands(totals.rows));
  if (totals.rejected > 0) text += fmt::format(", {} more in quarantine", WithThousands(totals.rejected));
  return text;
}

}  // namespace

std::string OutcomesToLogLine(const std::vector<RunOutcome>& outcomes, int exit_code, SystemTime now) {
  LineTotals totals;
  ordered_json runs = ordered_json::array();
  for (const RunOutcome& outcome : outcomes) {
    for (const RunRecord& record : outcome.recovered) runs.push_back(RunEntry(record, "recovered", totals));
    runs.push_back(OutcomeEntry(outcome, totals));
  }
  const ordered_json line{{"time", FormatRfc3339(now)},
                          {"level", LevelOf(exit_code, totals.rejected)},
                          {"message", Sentence(outcomes, exit_code, totals)},
                          {"exit_code", exit_code},
                          {"rows", totals.rows},
                          {"rejected", totals.rejected},
                          {"runs", std::move(runs)}};
  // A service's text in an error may be no UTF-8.
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ingesta::commands
