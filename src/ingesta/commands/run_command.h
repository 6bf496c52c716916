// `ingesta run` and what `resume` and `demo --run` share with it.
#pragma once

#include <string>
#include <vector>

#include "ingesta/commands/app.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {

struct RunArguments {
  PipelineArguments pipelines;
  std::string run_id;
  std::vector<std::string> only;
  int64_t limit = 0;
  bool dry_run = false;
  bool force = false;
  bool json = false;
  std::string summary = "table";  ///< table, json or line; `json` wins
  std::string metrics_file;
  int quarantine_exit = pipeline::kExitQuarantine;
};

/// `--quarantine-exit`, `--json`, `--metrics-file` and `--summary`.
void AddOutcomeOptions(CLI::App& command, RunArguments& arguments);

/// Run each pipeline after the other, print the summary (or JSON) on stdout and errors on stderr, and give
/// the worst exit code. A summary of one line goes to stderr, behind the log's lines. `resume`: go on with
/// what was cut off instead of extracting anew.
int RunPipelines(const std::vector<config::PipelineSpec>& pipelines, const RunArguments& arguments,
                 bool resume, App& app);

}  // namespace ingesta::commands
