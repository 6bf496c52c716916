#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"

namespace ingesta::commands {
namespace {

struct DdlArguments {
  LakeArguments lake;
  std::vector<std::string> datasets;
  std::string engine;
  std::string database;
};

/// What is printed of one lake.
struct LakeDdl {
  std::string engine;
  std::vector<std::pair<std::string, catalog::DdlScript>> datasets;
  Status absent;  ///< of a dataset that no run has published
};

Status CheckDatasets(const DdlArguments& arguments, const Lakes& opened) {
  for (const std::string& dataset : arguments.datasets) RETURN_NOT_OK(opened.Find(dataset).status());
  return Status::OK();
}

bool IsWanted(const DdlArguments& arguments, const std::string& dataset) {
  return arguments.datasets.empty() ||
         std::find(arguments.datasets.begin(), arguments.datasets.end(), dataset) != arguments.datasets.end();
}

Result<LakeDdl> DdlOfLake(const DdlArguments& arguments, const Lake& lake, const Lakes& opened) {
  LakeDdl ddl;
  ddl.engine = !arguments.engine.empty()    ? arguments.engine
               : lake.store->kind() == "s3" ? "athena"
                                            : "duckdb";
  ARROW_ASSIGN_OR_RAISE(const auto histories, lake.Histories(*opened.log));
  for (const catalog::DatasetHistory& history : histories) {
    if (!IsWanted(arguments, history.dataset.name)) continue;
    auto script = lake.catalog->Ddl(ddl.engine, history, arguments.database);
    // Who asks for all of them wants those that there are.
    const bool absent = !script.ok() && CodeOf(script.status()) == ErrorCode::kNotFound;
    if (absent && arguments.datasets.empty()) {
      ddl.absent = script.status();
      continue;
    }
    RETURN_NOT_OK(script.status());
    ddl.datasets.emplace_back(history.dataset.name, *std::move(script));
  }
  return ddl;
}

Status PrintDdl(const DdlArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app));
  RETURN_NOT_OK(CheckDatasets(arguments, *opened));
  std::string text;
  std::string prologue;
  Json list = Json::array();
  Status absent;
  for (const Lake& lake : opened->lakes) {
    ARROW_ASSIGN_OR_RAISE(const LakeDdl ddl, DdlOfLake(arguments, lake, *opened));
    if (!ddl.absent.ok()) {
      absent = ddl.absent;
      opened->log->Warning(absent.message(), {{"pipeline", lake.pipeline.name}});
    }
    for (const auto& [dataset, script] : ddl.datasets) {
      if (script.prologue != prologue) text += prologue = script.prologue;
      text += script.sql;
      list.push_back({{"pipeline", lake.pipeline.name},
                      {"dataset", dataset},
                      {"engine", ddl.engine},
                      {"database", script.database},
                      {"prologue", script.prologue},
                      {"sql", script.sql}});
    }
  }
  if (list.empty()) return absent;
  Print(arguments.lake.json ? list.dump(2) + "\n" : text);
  return Status::OK();
}

}  // namespace

void AddLakeDdlCommand(CLI::App& group, App& app) {
  auto* command = group.add_subcommand("ddl", "The tables as SQL to paste into Athena, DuckDB or Spark");
  const auto arguments = std::make_shared<DdlArguments>();
  command->add_option("DATASET", arguments->datasets, "Names of datasets (all)");
  command
      ->add_option("--engine", arguments->engine,
                   "athena, duckdb or spark (athena on S3, duckdb on local files)")
      ->check(CLI::IsMember({"athena", "duckdb", "spark"}));
  command
      ->add_option("--database", arguments->database,
                   "Database or schema (GLUE_DATABASE, else inventario_db)")
      ->type_name("NAME");
  arguments->lake.AddTo(*command);
  command->footer(
      "Locations, partitions and metadata are those of this moment.\n\n"
      "Examples:\n"
      "  ingesta lake ddl --engine duckdb | duckdb lake.db\n"
      "  ingesta lake ddl --engine athena productos ordenes > tables.sql\n"
      "  ingesta lake ddl --engine spark -p ingesta-productos --json");
  command->callback([arguments, &app] {
    const Status status = PrintDdl(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
