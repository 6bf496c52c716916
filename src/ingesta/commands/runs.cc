#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/commands/text_table.h"
#include "ingesta/observe/health.h"
#include "ingesta/observe/progress_display.h"

namespace ingesta::commands {
namespace {

struct RunsArguments {
  LakeArguments lake;
  size_t limit = 20;
};

struct RunTotals {
  int64_t rows = 0;
  int64_t rejected = 0;
  int64_t retries = 0;
};

RunTotals TotalsOf(const pipeline::RunRecord& run) {
  RunTotals totals;
  for (const pipeline::DatasetRecord& dataset : run.datasets) {
    totals.rows += dataset.rows;
    totals.rejected += dataset.rejected;
    totals.retries += dataset.retries;
  }
  return totals;
}

std::optional<double> SecondsOf(const pipeline::RunRecord& run) {
  const auto started = observe::ParseRfc3339(run.started_at);
  const auto finished = observe::ParseRfc3339(run.finished_at);
  if (!started || !finished) return std::nullopt;
  return std::chrono::duration<double>(*finished - *started).count();
}

Json RunJson(const pipeline::RunRecord& run) {
  const RunTotals totals = TotalsOf(run);
  const auto seconds = SecondsOf(run);
  Json datasets = Json::object();
  for (const pipeline::DatasetRecord& dataset : run.datasets) datasets[dataset.name] = dataset.rows;
  return Json{{"run", run.run_id},
              {"pipeline", run.pipeline},
              {"status", pipeline::RunStatusName(run.status)},
              {"started_at", OptionalText(run.started_at)},
              {"finished_at", OptionalText(run.finished_at)},
              {"seconds", seconds ? Json(*seconds) : Json(nullptr)},
              {"rows", totals.rows},
              {"rows_by_dataset", std::move(datasets)},
              {"rejected", totals.rejected},
              {"retries", totals.retries},
              {"tables_done", run.tables_done},
              {"superseded", run.superseded},
              {"error", run.errors.empty() ? Json(nullptr) : Json(run.errors.front().code)}};
}

std::string RunsText(const std::vector<pipeline::RunRecord>& runs, bool color) {
  if (runs.empty()) return "no run has left a manifest yet\n";
  TextTable lines(
      {"run", "pipeline", "status", "started (UTC)", ">seconds", ">rows", ">rejected", ">retries", "error"});
  for (const pipeline::RunRecord& run : runs) {
    const RunTotals totals = TotalsOf(run);
    const auto seconds = SecondsOf(run);
    lines.Add({run.run_id, run.pipeline, std::string(pipeline::RunStatusName(run.status)),
               TimeText(run.started_at), seconds ? fmt::format("{:.0f}", *seconds) : "-",
               observe::WithThousands(totals.rows), observe::WithThousands(totals.rejected),
               observe::WithThousands(totals.retries), run.errors.empty() ? "" : run.errors.front().code});
  }
  return lines.ToString("", color);
}

Status ListRuns(const RunsArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app, /*with_catalogs=*/false));
  std::vector<pipeline::RunRecord> runs;
  for (const Lake& lake : opened->lakes) {
    ARROW_ASSIGN_OR_RAISE(pipeline::LakeRuns read,
                          pipeline::ReadRuns(*lake.store, lake.pipeline.name, arguments.limit));
    for (const auto& [key, status] : read.unreadable) {
      opened->log->Warning(fmt::format("{} is left out: {}", lake.store->Uri(key), status.message()));
    }
    std::move(read.records.begin(), read.records.end(), std::back_inserter(runs));
  }
  std::stable_sort(runs.begin(), runs.end(), [](const pipeline::RunRecord& a, const pipeline::RunRecord& b) {
    return a.started_at > b.started_at;
  });
  if (runs.size() > arguments.limit) runs.resize(arguments.limit);
  if (arguments.lake.json) {
    Json list = Json::array();
    for (const pipeline::RunRecord& run : runs) list.push_back(RunJson(run));
    Print(Json{{"runs", std::move(list)}}.dump(2) + "\n");
  } else {
    Print(RunsText(runs, app.ColorOnStdout()));
  }
  return Status::OK();
}

}  // namespace

void AddRunsCommand(CLI::App& cli, App& app) {
  auto* command = cli.add_subcommand("runs", "The runs that left a manifest, the newest first");
  const auto arguments = std::make_shared<RunsArguments>();
  arguments->lake.pipelines.AddTo(*command, /*required=*/false);
  command->add_option("--limit", arguments->limit, "So many runs at most")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", arguments->lake.json, "Print JSON on stdout");
  command->footer(
      "Without a pipeline: ./pipeline.yaml, else every pipeline.yaml directly below this folder. A run that "
      "never reached\n"
      "the store has no manifest; its log tells of it.\n\n"
      "Examples:\n"
      "  ingesta runs\n"
      "  ingesta runs ingesta-productos --limit 50\n"
      "  ingesta runs --json | jq -r '.runs[] | select(.status == \"failed\") | .run'");
  command->callback([arguments, &app] {
    const Status status = ListRuns(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
