#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "ingesta/commands/run_command.h"
#include "ingesta/commands/summary.h"
#include "ingesta/commands/summary_line.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/observe/telemetry.h"
#include "ingesta/pipeline/recover.h"

namespace ingesta::commands {
namespace {

Status CheckOnly(const std::vector<config::PipelineSpec>& pipelines, const std::vector<std::string>& only) {
  for (const std::string& name : only) {
    std::string datasets;
    bool found = false;
    for (const config::PipelineSpec& pipeline : pipelines) {
      for (const config::ResourceSpec& resource : pipeline.resources) {
        found = found || resource.name == name;
        datasets += (datasets.empty() ? "" : ", ") + resource.name;
      }
    }
    if (!found) {
      return MakeError(ErrorCode::kUsage, fmt::format("--only {}: no such dataset", name),
                       "there are: " + datasets);
    }
  }
  return Status::OK();
}

bool WantsAny(const pipeline::RunOptions& options, const config::PipelineSpec& pipeline) {
  return std::any_of(pipeline.resources.begin(), pipeline.resources.end(),
                     [&](const config::ResourceSpec& resource) { return options.Wants(resource.name); });
}

// One line belongs to the log and so to its stream: two streams of a container may be read in any order.
void PrintSummary(const std::vector<pipeline::RunOutcome>& outcomes,
                  const std::vector<config::PipelineSpec>& pipelines, const RunArguments& arguments,
                  int exit_code, const App& app) {
  if (!arguments.json && arguments.summary == "line") {
    std::string line = OutcomesToLogLine(outcomes, exit_code, app.clock.Now());
    for (const config::PipelineSpec& spec : pipelines) line = Redacted(std::move(line), spec.secrets);
    std::fwrite(line.data(), 1, line.size(), stderr);
    return;
  }
  const bool json = arguments.json || arguments.summary == "json";
  const std::string text = json ? OutcomesToJson(outcomes) : FormatSummary(outcomes, app.ColorOnStdout());
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);  // before telemetry is waited for
}

}  // namespace

int RunPipelines(const std::vector<config::PipelineSpec>& pipelines, const RunArguments& arguments,
                 bool resume, App& app) {
  if (const Status status = CheckOnly(pipelines, arguments.only); !status.ok()) {
    return PrintError(status, app);
  }
  const auto sink = app.MakeLogSink();
  const Logger log(*sink);
  const std::string root = app.DataDir();
  const auto factory = app.MakeFactory(log);
  const bool live = app.StderrIsTerminal() && sink->format() == LogFormat::kHuman;
  const auto progress = observe::MakeProgressDisplay(log, app.clock, {.live = live});
  auto telemetry = observe::Telemetry::Make({.environment = app.environment,
                                             .root = root,
                                             .metrics_file = arguments.metrics_file,
                                             .version = Version(),
                                             .stdout_is_json = arguments.json},
                                            app.clock, app.random, log);
  if (!telemetry.ok()) return PrintError(telemetry.status(), app);
  const pipeline::RunContext context{*factory, app.clock, app.random, app.stop, log, *progress};
  std::vector<pipeline::RunOutcome> outcomes;
  int exit_code = pipeline::kExitDone;
  for (const config::PipelineSpec& spec : pipelines) {
    pipeline::RunOptions options{.run_id = arguments.run_id,
                                 .root = root,
                                 .only = arguments.only,
                                 .limit = arguments.limit,
                                 .dry_run = arguments.dry_run,
                                 .force = arguments.force,
                                 .resume = resume,
                                 .version = Version()};
    if (!WantsAny(options, spec)) continue;
    sink->Redact(spec.secrets);
    if (resume) options.run_id = pipeline::FindUnfinishedRun(root, spec.name).ValueOr("");
    pipeline::RunOutcome outcome = pipeline::RunPipeline(spec, options, context);
    if (!outcome.status.ok()) {
      log.With("pipeline", spec.name)
          .With("run_id", outcome.record.run_id)
          .Error(WithPrefix(outcome.status, spec.name));
    }
    if (options.Publishes()) (*telemetry)->OnRunEnd(spec, outcome);
    exit_code = pipeline::WorseExitCode(exit_code, pipeline::ExitCodeOf(outcome, arguments.quarantine_exit));
    outcomes.push_back(std::move(outcome));
    if (app.stop.stopped()) break;
  }
  // Telemetry may log a sink's failure, and a summary in a line is the log's last.
  const bool summary_is_last = arguments.summary == "line" && !arguments.json;
  if (!summary_is_last) PrintSummary(outcomes, pipelines, arguments, exit_code, app);
  const bool good = exit_code == pipeline::kExitDone || exit_code == pipeline::kExitQuarantine;
  if (good && !outcomes.empty() && !arguments.dry_run && arguments.limit == 0) (*telemetry)->OnSuccess();
  (*telemetry)->Finish();
  if (summary_is_last) PrintSummary(outcomes, pipelines, arguments, exit_code, app);
  return exit_code;
}

void AddOutcomeOptions(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("--quarantine-exit", arguments.quarantine_exit,
                  "Exit code for a run with rows in quarantine (INGESTA_QUARANTINE_EXIT; 3)")
      ->envname("INGESTA_QUARANTINE_EXIT")
      ->check(CLI::IsMember({0, 3}));
  command.add_flag("--json", arguments.json, "Print the run records as JSON on stdout");
  command
      .add_option("--metrics-file", arguments.metrics_file,
                  "Write metrics for Prometheus' textfile collector (INGESTA_METRICS_FILE)")
      ->type_name("FILE");
  command
      .add_option("--summary", arguments.summary,
                  "table or json on stdout; line: one line of JSON, the log's last (INGESTA_SUMMARY)")
      ->envname("INGESTA_SUMMARY")
      ->check(CLI::IsMember({"table", "json", "line"}));
}

void AddRunCommand(CLI::App& cli, App& app) {
  auto* command = cli.add_subcommand("run", "Extract, prove complete and publish the datasets of pipelines");
  const auto arguments = std::make_shared<RunArguments>();
  arguments->pipelines.AddTo(*command);
  command->add_option("--only", arguments->only, "Only this dataset; may be repeated")
      ->allow_extra_args(false)
      ->type_name("DATASET");
  command->add_option("--limit", arguments->limit, "Stop each dataset after about N rows; publishes nothing")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--dry-run", arguments->dry_run, "Extract and prove, publish nothing");
  command
      ->add_option("--run-id", arguments->run_id,
                   "Repeating a run id that succeeded does nothing (INGESTA_RUN_ID)")
      ->envname("INGESTA_RUN_ID")
      ->type_name("ID");
  command->add_flag("--force", arguments->force, "Run again although the run id has succeeded");
  AddOutcomeOptions(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  ingesta run ingesta-productos ingesta-ordenes ingesta-proveedores\n"
      "  ingesta run ingesta-ordenes --only clientes --dry-run\n"
      "  S3_BUCKET= ingesta run ingesta-productos        files below ./data instead of S3\n"
      "  ingesta run ingesta-productos --run-id \"$(date +%F)\" --json");
  command->callback([arguments, &app] {
    auto pipelines = LoadPipelines(arguments->pipelines, app);
    app.exit_code = pipelines.ok() ? RunPipelines(*pipelines, *arguments, /*resume=*/false, app)
                                   : PrintError(pipelines.status(), app);
  });
}

}  // namespace ingesta::commands
