#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/commands/lake_command.h"
#include "ingesta/config/nearest.h"
#include "ingesta/observe/progress_display.h"

namespace ingesta::commands {
namespace {

// This folder's pipeline, as in an ingestion's image; else those of the folders below it, as in the
// repository and the base image.
Result<std::vector<std::string>> DiscoverPipelines() {
  if (PathExists("pipeline.yaml")) return std::vector<std::string>{"."};
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(".", error)) {
    const std::string folder = entry.path().filename().string();
    if (PathExists(folder + "/pipeline.yaml")) folders.push_back(folder);
  }
  std::sort(folders.begin(), folders.end());
  if (!folders.empty()) return folders;
  return MakeError(ErrorCode::kUsage,
                   "there is no pipeline.yaml in this folder, nor in a folder directly below it",
                   "name the pipelines whose tables are meant: ingesta lake ... -p ingesta-productos");
}

}  // namespace

void LakeArguments::AddTo(CLI::App& command) {
  pipelines.AddAsOption(command);
  command.add_flag("--json", json, "Print JSON on stdout");
}

const config::ResourceSpec* Lake::FindDataset(const std::string& name) const {
  const auto found =
      std::find_if(pipeline.resources.begin(), pipeline.resources.end(),
                   [&](const config::ResourceSpec& resource) { return resource.name == name; });
  return found == pipeline.resources.end() ? nullptr : &*found;
}

Result<std::vector<catalog::DatasetHistory>> Lake::Histories(const Logger& log) const {
  ARROW_ASSIGN_OR_RAISE(const pipeline::LakeRuns runs, pipeline::ReadRuns(*store, pipeline.name));
  for (const auto& [key, status] : runs.unreadable) {
    log.Warning(fmt::format("{} is left out: {}", store->Uri(key), status.message()),
                {{"hint", "`ingesta lake verify` says more"}});
  }
  std::vector<catalog::DatasetHistory> histories;
  for (const config::ResourceSpec& resource : pipeline.resources) {
    histories.push_back(pipeline::HistoryOf(pipeline.name, resource, runs));
  }
  return histories;
}

Result<const Lake*> Lakes::Find(const std::string& dataset) const {
  std::vector<std::string> names;
  for (const Lake& lake : lakes) {
    if (lake.FindDataset(dataset) != nullptr) return &lake;
    for (const config::ResourceSpec& resource : lake.pipeline.resources) names.push_back(resource.name);
  }
  return MakeError(ErrorCode::kUsage, fmt::format("{}: the pipelines have no such dataset", dataset),
                   config::SuggestFrom(dataset, "datasets", names));
}

Result<std::unique_ptr<Lakes>> OpenLakes(const LakeArguments& arguments, App& app, bool with_catalogs) {
  PipelineArguments named = arguments.pipelines;
  if (named.pipelines.empty()) {
    ARROW_ASSIGN_OR_RAISE(named.pipelines, DiscoverPipelines());
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<config::PipelineSpec> pipelines, LoadPipelines(named, app));
  auto opened = std::make_unique<Lakes>();
  opened->sink = app.MakeLogSink();
  opened->log = std::make_unique<Logger>(*opened->sink);
  opened->factory = app.MakeFactory(*opened->log);
  for (config::PipelineSpec& pipeline : pipelines) {
    opened->sink->Redact(pipeline.secrets);
    Lake lake{.pipeline = std::move(pipeline), .store = nullptr, .catalog = nullptr};
    ARROW_ASSIGN_OR_RAISE(lake.store, opened->factory->MakeStore(lake.pipeline));
    if (with_catalogs) {
      ARROW_ASSIGN_OR_RAISE(lake.catalog, opened->factory->MakeCatalog(lake.pipeline, *lake.store));
    }
    opened->lakes.push_back(std::move(lake));
  }
  return opened;
}

std::string LakeHeading(const Lake& lake, bool color) {
  return fmt::format("{}{}{} · {} · catalog: {}\n", color ? "\x1b[1m" : "", lake.pipeline.name,
                     color ? "\x1b[0m" : "", lake.store->Uri(), lake.catalog->Describe());
}

std::string CountText(const std::optional<int64_t>& count) {
  return count ? observe::WithThousands(*count) : "-";
}

std::string BytesText(const std::optional<int64_t>& bytes) {
  return bytes ? observe::HumanBytes(*bytes) : "-";
}

std::string TimeText(const std::string& time) {
  if (time.size() < 19) return time.empty() ? "-" : time;
  return time.substr(0, 10) + " " + time.substr(11, 8);
}

Json OptionalNumber(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json OptionalText(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void AddLakeCommand(CLI::App& cli, App& app) {
  auto* group = cli.add_subcommand("lake", "Look at the tables that runs left, bring them back, check them");
  group->require_subcommand(1);
  AddLakeTablesCommand(*group, app);
  AddLakeHistoryCommand(*group, app);
  AddLakeRollbackCommand(*group, app);
  AddLakeDdlCommand(*group, app);
  AddLakeVerifyCommand(*group, app);
  AddLakeMaintainCommand(*group, app);
  group->footer(
      "Without -p: ./pipeline.yaml, else every pipeline.yaml directly below this folder. S3_BUCKET, "
      "INGESTA_DATA_DIR,\n"
      "GLUE_DATABASE and the AWS variables as for a run.\n\n"
      "Examples:\n"
      "  ingesta lake tables\n"
      "  ingesta lake history productos\n"
      "  ingesta lake rollback productos --to 20261124_020000-1f2e3d4c --dry-run\n"
      "  ingesta lake ddl --engine duckdb | duckdb\n"
      "  ingesta lake verify --checksums\n"
      "  ingesta lake maintain --dry-run");
}

}  // namespace ingesta::commands
