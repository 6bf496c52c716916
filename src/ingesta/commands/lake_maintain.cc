#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/config/scalar.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {
namespace {

using catalog::LakeMaintenanceOptions;
using catalog::MaintainedTable;
struct MaintainArguments {
  LakeArguments lake;
  std::vector<std::string> datasets;
  std::string snapshot_age = "5d";
  std::string orphan_age = "3d";
  std::string file_size = "128MiB";
  int keep_snapshots = 10;
  bool no_compact = false;
  bool no_expire = false;
  bool no_orphans = false;
  bool dry_run = false;
};

Result<LakeMaintenanceOptions> OptionsOf(const MaintainArguments& arguments, const App& app) {
  LakeMaintenanceOptions options{.compact = !arguments.no_compact,
                                 .expire_snapshots = !arguments.no_expire,
                                 .remove_orphans = !arguments.no_orphans,
                                 .keep_snapshots = arguments.keep_snapshots,
                                 .scratch_folder = app.DataDir() + "/_ingesta/maintain",
                                 .dry_run = arguments.dry_run};
  const auto snapshot_age = config::ParseDuration(arguments.snapshot_age);
  RETURN_NOT_OK(WithPrefix(snapshot_age.status(), "--snapshot-age"));
  options.snapshot_age = *snapshot_age;
  const auto orphan_age = config::ParseDuration(arguments.orphan_age);
  RETURN_NOT_OK(WithPrefix(orphan_age.status(), "--orphan-age"));
  options.orphan_age = *orphan_age;
  const auto file_size = config::ParseSize(arguments.file_size);
  RETURN_NOT_OK(WithPrefix(file_size.status(), "--file-size"));
  if (*file_size < (1 << 20)) return MakeError(ErrorCode::kUsage, "--file-size: it is 1MiB at least");
  options.target_file_bytes = *file_size;
  return options;
}

std::string Plural(int64_t count, const char* noun) {
  return fmt::format("{} {}{}", observe::WithThousands(count), noun, count == 1 ? "" : "s");
}

std::string TableText(const MaintainedTable& table, bool dry_run) {
  if (!table.exists && table.status.ok() && table.replaced_files.empty())
    return fmt::format("  {}: no Iceberg table\n", table.dataset);
  std::string done;
  const auto add = [&done](const std::string& text) { done += (done.empty() ? "" : "; ") + text; };
  if (table.compacted_files > 0 && dry_run) {
    add(fmt::format("{} ({}) to compact", Plural(table.compacted_files, "file"),
                    observe::HumanBytes(table.bytes_before)));
  } else if (table.compacted_files > 0) {
    add(fmt::format("{} ({}) compacted into {} ({})", Plural(table.compacted_files, "file"),
                    observe::HumanBytes(table.bytes_before), table.written_files,
                    observe::HumanBytes(table.bytes_after)));
  }
  const char* gone = dry_run ? " to go" : " removed";
  if (!table.expired_snapshots.empty()) {
    add(fmt::format("{} with {}{}", Plural(static_cast<int64_t>(table.expired_snapshots.size()), "snapshot"),
                    Plural(static_cast<int64_t>(table.expired_objects.size()), "object"), gone));
  }
  if (!table.orphans.empty()) {
    add(fmt::format("{} ({}){}", Plural(static_cast<int64_t>(table.orphans.size()), "orphan"),
                    observe::HumanBytes(table.orphan_bytes), gone));
  }
  if (!table.replaced_files.empty()) {
    add(fmt::format("{} ({}) of replaced partitions{}",
                    Plural(static_cast<int64_t>(table.replaced_files.size()), "file"),
                    observe::HumanBytes(table.replaced_bytes), gone));
  }
  if (done.empty() && table.status.ok()) done = "nothing to do";
  std::string text = fmt::format("  {}: {}\n", table.dataset, done.empty() ? "failed" : done);
  if (!table.refused_files.empty()) {
    text += fmt::format(
        "    {} left as they are, as another engine's equality deletes apply to them: run its own "
        "compaction\n",
        Plural(static_cast<int64_t>(table.refused_files.size()), "file"));
  }
  if (!table.left.empty()) {
    text += fmt::format("    {} could not be removed: allow s3:DeleteObject, and run this again\n",
                        Plural(static_cast<int64_t>(table.left.size()), "object"));
  }
  if (!table.status.ok()) {
    text += fmt::format("    {}\n", table.status.message());
    if (const std::string hint = HintOf(table.status); !hint.empty())
      text += fmt::format("    -> {}\n", hint);
  }
  return text;
}

Json TableJson(const std::string& pipeline, const MaintainedTable& table) {
  Json error = nullptr;
  if (!table.status.ok()) {
    error = {{"code", ErrorCodeName(CodeOf(table.status))},
             {"message", table.status.message()},
             {"hint", HintOf(table.status)}};
  }
  return Json{{"pipeline", pipeline},
              {"dataset", table.dataset},
              {"exists", table.exists},
              {"compacted_files", table.compacted_files},
              {"written_files", table.written_files},
              {"bytes_before", table.bytes_before},
              {"bytes_after", table.bytes_after},
              {"refused_files", table.refused_files},
              {"snapshot", table.snapshot ? Json(std::to_string(*table.snapshot)) : Json(nullptr)},
              {"expired_snapshots", table.expired_snapshots.size()},
              {"expired_objects", table.expired_objects},
              {"orphans", table.orphans},
              {"orphan_bytes", table.orphan_bytes},
              {"replaced_files", table.replaced_files},
              {"replaced_bytes", table.replaced_bytes},
              {"left", table.left},
              {"error", std::move(error)}};
}

/// Of `lake`'s datasets those that are asked for; all where none is named.
std::vector<std::string> Chosen(const Lake& lake, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const config::ResourceSpec& resource : lake.pipeline.resources) {
    const bool chosen =
        wanted.empty() || std::find(wanted.begin(), wanted.end(), resource.name) != wanted.end();
    if (chosen) names.push_back(resource.name);
  }
  return names;
}

Status Maintain(const MaintainArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const LakeMaintenanceOptions options, OptionsOf(arguments, app));
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app));
  for (const std::string& dataset : arguments.datasets) RETURN_NOT_OK(opened->Find(dataset).status());
  std::string text;
  Json tables = Json::array();
  for (const Lake& lake : opened->lakes) {
    const std::vector<std::string> datasets = Chosen(lake, arguments.datasets);
    if (datasets.empty()) continue;
    text += (text.empty() ? "" : "\n") + LakeHeading(lake, app.ColorOnStdout());
    for (const MaintainedTable& table : lake.catalog->Maintain(datasets, options)) {
      text += TableText(table, options.dry_run);
      tables.push_back(TableJson(lake.pipeline.name, table));
      if (!table.status.ok()) app.exit_code = pipeline::kExitFailed;
    }
  }
  if (options.dry_run) text += "\ndry run: nothing was changed\n";
  Print(arguments.lake.json ? Json{{"dry_run", options.dry_run}, {"tables", std::move(tables)}}.dump(2) + "\n"
                            : text);
  return Status::OK();
}

}  // namespace

void AddLakeMaintainCommand(CLI::App& group, App& app) {
  auto* command = group.add_subcommand(
      "maintain", "Compact small files of Iceberg tables, expire old snapshots, remove what nothing names");
  const auto arguments = std::make_shared<MaintainArguments>();
  command->add_option("DATASET", arguments->datasets, "All of the pipelines where none is named");
  arguments->lake.AddTo(*command);
  command->add_flag("--dry-run", arguments->dry_run, "Say what would be done, and do nothing");
  command->add_option("--snapshot-age", arguments->snapshot_age, "Younger snapshots stay")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--keep", arguments->keep_snapshots, "So many of the newest snapshots stay at any age")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option(
          "--orphan-age", arguments->orphan_age,
          "Younger files stay, as a run may be under way, and what was replaced later, as a query may")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--file-size", arguments->file_size, "Small files are put together up to this size")
      ->type_name("SIZE")
      ->capture_default_str();
  command->add_flag("--no-compact", arguments->no_compact, "Leave data files as they are");
  command->add_flag("--no-expire", arguments->no_expire, "Leave snapshots as they are");
  command->add_flag("--no-orphans", arguments->no_orphans,
                    "Leave orphans and replaced partitions as they are");
  command->footer(
      "Safe beside running ingestions. On S3 it needs s3:DeleteObject as well; without it what can't be "
      "removed is "
      "counted.\n\n"
      "Examples:\n"
      "  ingesta lake maintain --dry-run\n"
      "  ingesta lake maintain productos --snapshot-age 30d --keep 30\n"
      "  ingesta lake maintain --no-expire --no-orphans");
  command->callback([arguments, &app] {
    const Status status = Maintain(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
