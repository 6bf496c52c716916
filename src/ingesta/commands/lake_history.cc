#include <fmt/format.h>

#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/commands/text_table.h"

namespace ingesta::commands {
namespace {

struct HistoryArguments {
  LakeArguments lake;
  std::string dataset;
};

Json HistoryJson(const Lake& lake, const std::string& dataset, const catalog::TableHistory& history) {
  Json states = Json::array();
  for (const catalog::HistoryEntry& entry : history.entries) {
    states.push_back({{"at", entry.time},
                      {"run", OptionalText(entry.run_id)},
                      {"operation", entry.operation},
                      {"snapshot", OptionalText(entry.snapshot)},
                      {"rows_added", OptionalNumber(entry.rows_added)},
                      {"rows_removed", OptionalNumber(entry.rows_removed)},
                      {"rows", OptionalNumber(entry.rows)},
                      {"files", OptionalNumber(entry.files)},
                      {"bytes", OptionalNumber(entry.bytes)},
                      {"current", entry.current}});
  }
  return Json{{"pipeline", lake.pipeline.name},
              {"dataset", dataset},
              {"table", history.table},
              {"kind", history.kind},
              {"history", std::move(states)}};
}

std::string HistoryText(const Lake& lake, const catalog::TableHistory& history, bool color) {
  std::string text = fmt::format("{} ({}) · {}\n", history.table, history.kind, lake.store->Uri());
  if (history.entries.empty()) return text + "  no run has published this dataset yet\n";
  TextTable lines(
      {"", "at (UTC)", "run", "operation", ">added", ">removed", ">rows", ">files", ">bytes", "snapshot"});
  for (const catalog::HistoryEntry& entry : history.entries) {
    lines.Add({entry.current ? "*" : "", TimeText(entry.time), entry.run_id.empty() ? "-" : entry.run_id,
               entry.operation, CountText(entry.rows_added), CountText(entry.rows_removed),
               CountText(entry.rows), CountText(entry.files), BytesText(entry.bytes), entry.snapshot});
  }
  return text + lines.ToString("  ", color) + "  * current\n";
}

Status History(const HistoryArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app));
  ARROW_ASSIGN_OR_RAISE(const Lake* lake, opened->Find(arguments.dataset));
  ARROW_ASSIGN_OR_RAISE(const auto histories, lake->Histories(*opened->log));
  for (const catalog::DatasetHistory& history : histories) {
    if (history.dataset.name != arguments.dataset) continue;
    ARROW_ASSIGN_OR_RAISE(const catalog::TableHistory states, lake->catalog->HistoryOf(history));
    Print(arguments.lake.json ? HistoryJson(*lake, arguments.dataset, states).dump(2) + "\n"
                              : HistoryText(*lake, states, app.ColorOnStdout()));
  }
  return Status::OK();
}

}  // namespace

void AddLakeHistoryCommand(CLI::App& group, App& app) {
  auto* command = group.add_subcommand("history", "The states that a dataset's table had, the newest first");
  const auto arguments = std::make_shared<HistoryArguments>();
  command->add_option("DATASET", arguments->dataset, "Name of the dataset")->required();
  arguments->lake.AddTo(*command);
  command->footer(
      "Snapshots of the Iceberg table; where there is none, the runs that left a CSV. `rollback` goes back "
      "to "
      "any of them.\n\n"
      "Examples:\n"
      "  ingesta lake history productos\n"
      "  ingesta lake history ordenes -p ingesta-ordenes --json");
  command->callback([arguments, &app] {
    const Status status = History(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
