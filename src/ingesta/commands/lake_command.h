// What the commands of the group `ingesta lake` share: which pipelines, their stores and catalogs, and the
// datasets' histories.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/catalog/catalog.h"
#include "ingesta/commands/app.h"
#include "ingesta/pipeline/lake_runs.h"

namespace ingesta::commands {

struct LakeArguments {
  PipelineArguments pipelines;
  bool json = false;

  /// `-p`, `--set`, `--env-file` and `--json`.
  void AddTo(CLI::App& command);
};

/// A pipeline with where it publishes to.
struct Lake {
  config::PipelineSpec pipeline;
  std::unique_ptr<ObjectStore> store;
  std::unique_ptr<catalog::Catalog> catalog;

  /// nullptr where the pipeline has no such dataset.
  const config::ResourceSpec* FindDataset(const std::string& name) const;
  /// The histories of all datasets, in the pipeline's order.
  Result<std::vector<catalog::DatasetHistory>> Histories(const Logger& log) const;
};

/// The pipelines of a command, opened. What they borrow lives here.
struct Lakes {
  std::unique_ptr<LogSink> sink;
  std::unique_ptr<Logger> log;
  std::unique_ptr<pipeline::StageFactory> factory;
  std::vector<Lake> lakes;  ///< declared last: they use what is above to the end

  /// The lake of the dataset. kUsage names the datasets that there are.
  Result<const Lake*> Find(const std::string& dataset) const;
};

/// Read the pipelines (none given: ./pipeline.yaml, else those of the folders below this one) and open their
/// stores and catalogs; without `with_catalogs` the latter are nullptr.
Result<std::unique_ptr<Lakes>> OpenLakes(const LakeArguments& arguments, App& app, bool with_catalogs = true);

/// `s3://bucket` or the local root, and the catalog: a line above a pipeline's results.
std::string LakeHeading(const Lake& lake, bool color);
/// `1,234`, or `-` where it is not known.
std::string CountText(const std::optional<int64_t>& count);
/// `1.5 KiB`, or `-`.
std::string BytesText(const std::optional<int64_t>& bytes);
/// `2026-11-24 02:00:00` of RFC 3339; `-` for "".
std::string TimeText(const std::string& time);
using Json = nlohmann::ordered_json;
/// null where it is not known.
Json OptionalNumber(const std::optional<int64_t>& value);
/// null where it is empty.
Json OptionalText(const std::string& text);
/// On stdout, whole.
void Print(const std::string& text);

void AddLakeTablesCommand(CLI::App& group, App& app);
void AddLakeHistoryCommand(CLI::App& group, App& app);
void AddLakeRollbackCommand(CLI::App& group, App& app);
void AddLakeDdlCommand(CLI::App& group, App& app);
void AddLakeVerifyCommand(CLI::App& group, App& app);
void AddLakeMaintainCommand(CLI::App& group, App& app);

}  // namespace ingesta::commands
