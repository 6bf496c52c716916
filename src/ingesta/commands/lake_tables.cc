#include <fmt/format.h>

#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/commands/text_table.h"

namespace ingesta::commands {
namespace {

Json TableJson(const catalog::TableInfo& table, const Lake& lake) {
  return Json{{"pipeline", table.pipeline},
              {"dataset", table.dataset},
              {"table", table.name},
              {"kind", table.kind},
              {"location", table.location},
              {"rows", OptionalNumber(table.rows)},
              {"files", OptionalNumber(table.files)},
              {"bytes", OptionalNumber(table.bytes)},
              {"last_run", OptionalText(table.run_id)},
              {"last_run_at", OptionalText(table.run_time)},
              {"snapshot", OptionalText(table.snapshot)},
              {"catalog", lake.catalog->Describe()},
              {"registered", table.registered}};
}

/// The location below the store, whose name is in the heading.
std::string ShortLocation(const catalog::TableInfo& table, const Lake& lake) {
  const std::string root = lake.store->Uri("");
  std::string location = table.location;
  if (location.starts_with(root)) location.erase(0, root.size());
  while (location.starts_with('/')) location.erase(0, 1);
  return table.kind == "view" ? "view of " + location : location;
}

std::string TablesText(const Lake& lake, const std::vector<catalog::TableInfo>& tables, bool color) {
  std::string text = LakeHeading(lake, color);
  if (tables.empty()) return text + "  no tables yet: `ingesta run` makes them\n";
  TextTable lines({"table", "kind", ">rows", ">files", ">bytes", "last run (UTC)", "run", "in", "snapshot"});
  std::string missing;
  for (const catalog::TableInfo& table : tables) {
    lines.Add({table.name, table.kind, CountText(table.rows), CountText(table.files), BytesText(table.bytes),
               TimeText(table.run_time), table.run_id.empty() ? "-" : table.run_id,
               ShortLocation(table, lake), table.snapshot});
    if (!table.registered) missing += (missing.empty() ? "" : ", ") + table.name;
  }
  text += lines.ToString("  ", color);
  if (!missing.empty()) {
    text +=
        fmt::format("  not in {}: {}\n  -> the next run registers them\n", lake.catalog->Describe(), missing);
  }
  return text;
}

Status Tables(const LakeArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments, app));
  std::string text;
  Json list = Json::array();
  for (const Lake& lake : opened->lakes) {
    ARROW_ASSIGN_OR_RAISE(const auto histories, lake.Histories(*opened->log));
    std::vector<catalog::TableInfo> tables;
    for (const catalog::DatasetHistory& history : histories) {
      RETURN_NOT_OK(app.stop.Check());
      ARROW_ASSIGN_OR_RAISE(auto of_dataset, lake.catalog->ListTables(history));
      for (catalog::TableInfo& table : of_dataset) tables.push_back(std::move(table));
    }
    for (const catalog::TableInfo& table : tables) list.push_back(TableJson(table, lake));
    text += (text.empty() ? "" : "\n") + TablesText(lake, tables, app.ColorOnStdout());
  }
  Print(arguments.json ? list.dump(2) + "\n" : text);
  return Status::OK();
}

}  // namespace

void AddLakeTablesCommand(CLI::App& group, App& app) {
  auto* command =
      group.add_subcommand("tables", "Every table of the datasets: rows, files, last run, snapshot");
  const auto arguments = std::make_shared<LakeArguments>();
  arguments->AddTo(*command);
  command->footer(
      "Examples:\n"
      "  ingesta lake tables\n"
      "  S3_BUCKET= ingesta lake tables -p ingesta-productos          the files below ./data\n"
      "  ingesta lake tables --json | jq '.[] | select(.kind == \"iceberg\") | {table, rows}'");
  command->callback([arguments, &app] {
    const Status status = Tables(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
