#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/pipeline/rollback.h"

namespace ingesta::commands {
namespace {

struct RollbackArguments {
  LakeArguments lake;
  std::string dataset;
  std::string to;
  bool dry_run = false;
};

Json RollbackJson(const catalog::Rollback& rollback, bool dry_run) {
  Json tables = Json::array();
  for (const catalog::RollbackStep& step : rollback.steps) {
    tables.push_back({{"table", step.table},
                      {"kind", step.kind},
                      {"from", OptionalText(step.from)},
                      {"to", step.to},
                      {"changed", step.changes && !dry_run}});
  }
  return Json{{"dataset", rollback.dataset},           {"run", OptionalText(rollback.run_id)},
              {"rows", OptionalNumber(rollback.rows)}, {"dry_run", dry_run},
              {"tables", std::move(tables)},           {"notes", rollback.notes}};
}

std::string RollbackText(const catalog::Rollback& rollback, bool dry_run) {
  std::string text;
  for (const catalog::RollbackStep& step : rollback.steps) {
    const char* what = step.kind == "iceberg" ? "snapshot " : "";
    if (!step.changes) {
      text += fmt::format("{}: is at {}{} already\n", step.table, what, step.to);
      continue;
    }
    text += fmt::format("{}: {} {}{} -> {}{}\n", step.table, dry_run ? "would go" : "went", what,
                        step.from.empty() ? "nothing" : step.from, what, step.to);
  }
  if (!rollback.run_id.empty()) {
    text += fmt::format("  run {}, {} rows\n", rollback.run_id, CountText(rollback.rows));
  }
  for (const std::string& note : rollback.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

Status RollBackCommand(const RollbackArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app));
  ARROW_ASSIGN_OR_RAISE(const Lake* lake, opened->Find(arguments.dataset));
  ARROW_ASSIGN_OR_RAISE(
      const catalog::Rollback rollback,
      pipeline::RollBackDataset(lake->pipeline,
                                {.dataset = arguments.dataset,
                                 .to = arguments.to,
                                 .root = app.DataDir(),
                                 .dry_run = arguments.dry_run},
                                {*lake->store, *lake->catalog, app.clock, app.stop, *opened->log}));
  Print(arguments.lake.json ? RollbackJson(rollback, arguments.dry_run).dump(2) + "\n"
                            : RollbackText(rollback, arguments.dry_run));
  return Status::OK();
}

}  // namespace

void AddLakeRollbackCommand(CLI::App& group, App& app) {
  auto* command =
      group.add_subcommand("rollback", "Bring a dataset's tables back to the state of an earlier run");
  const auto arguments = std::make_shared<RollbackArguments>();
  command->add_option("DATASET", arguments->dataset, "Name of the dataset")->required();
  command->add_option("--to", arguments->to, "Run id or snapshot id; `ingesta lake history` lists them")
      ->required()
      ->type_name("RUN");
  command->add_flag("--dry-run", arguments->dry_run, "Say what would be done, change nothing");
  arguments->lake.AddTo(*command);
  command->footer(
      "Moves the Iceberg table to that run's snapshot and <dataset>_csv_actual to its CSV. No file is "
      "deleted, "
      "so going\n"
      "forward again works the same way. Parquet partitions that a later run replaced stay as they are, and "
      "the "
      "next run\n"
      "replaces the tables again. Asks nothing. Exit code 4 while a run of the pipeline is at work.\n\n"
      "Examples:\n"
      "  ingesta lake rollback productos --to 20261124_020000-1f2e3d4c --dry-run\n"
      "  ingesta lake rollback productos --to 20261124_020000-1f2e3d4c\n"
      "  ingesta lake rollback ordenes --to 3821550127947089009 --json");
  command->callback([arguments, &app] {
    const Status status = RollBackCommand(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
