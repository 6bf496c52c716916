#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/commands/text_table.h"
#include "ingesta/observe/health.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/pipeline/publish.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::commands {
namespace {

using pipeline::RunRecord;

struct ShowArguments {
  LakeArguments lake;
  std::string run_id;
};

struct FoundRun {
  RunRecord record;
  const Lake* lake = nullptr;
  bool published = true;  ///< false: it waits below the local root
};

Result<std::optional<RunRecord>> FindInLake(const Lake& lake, const std::string& run_id) {
  if (run_id != "latest") return pipeline::ReadManifest(*lake.store, lake.pipeline.name, run_id);
  ARROW_ASSIGN_OR_RAISE(pipeline::LakeRuns runs, pipeline::ReadRuns(*lake.store, lake.pipeline.name, 5));
  if (runs.records.empty()) return std::nullopt;
  return std::optional(std::move(runs.records.front()));
}

Result<std::optional<FoundRun>> FindRun(const Lakes& opened, const std::string& run_id,
                                        const std::string& root) {
  std::optional<FoundRun> found;
  for (const Lake& lake : opened.lakes) {
    ARROW_ASSIGN_OR_RAISE(auto record, FindInLake(lake, run_id));
    const bool newer = record && (!found || record->started_at > found->record.started_at);
    if (newer) found = FoundRun{*std::move(record), &lake};
  }
  if (found || run_id == "latest") return found;
  for (const Lake& lake : opened.lakes) {
    auto prepared = pipeline::RunSpool(root, lake.pipeline.name, run_id).LoadPrepared();
    if (prepared.ok() && prepared->has_value()) return FoundRun{**std::move(prepared), &lake, false};
  }
  return found;
}

double SecondsSince(const std::string& begin, const std::string& at) {
  const auto from = observe::ParseRfc3339(begin);
  const auto to = observe::ParseRfc3339(at);
  return from && to ? std::chrono::duration<double>(*to - *from).count() : 0;
}

std::string StagesText(const RunRecord& record, const std::string& dataset) {
  std::string text;
  for (const pipeline::DatasetRecord& candidate : record.datasets) {
    if (candidate.name != dataset) continue;
    for (const char* stage : {"source", "decode", "transform", "expect", "format"}) {
      const auto at = candidate.stage_seconds.find(stage);
      if (at == candidate.stage_seconds.end()) continue;
      text += fmt::format("{}{} {:.2f} s", text.empty() ? "" : ", ", stage, at->second);
    }
  }
  return text;
}

// Where the time went: each step from its beginning, with a bar of its share.
std::string TimelineText(const RunRecord& record, bool color) {
  constexpr double kBar = 24;
  double longest = 0;
  for (const pipeline::RunStep& step : record.facts.steps) longest = std::max(longest, step.seconds);
  TextTable lines({">at", "step", "dataset", ">seconds", "", "of which"});
  for (const pipeline::RunStep& step : record.facts.steps) {
    std::string bar;
    const double blocks = longest > 0 ? step.seconds / longest * kBar : 0;
    for (int i = 0; i < static_cast<int>(blocks + 0.5); ++i) bar += "█";
    lines.Add({fmt::format("+{:.0f} s", SecondsSince(record.started_at, step.started_at)), step.step,
               step.dataset, fmt::format("{:.2f}", step.seconds), bar,
               step.step == "extract" ? StagesText(record, step.dataset) : ""});
  }
  return lines.empty() ? "" : "\ntimeline\n" + lines.ToString("  ", color);
}

std::string DatasetsText(const RunRecord& record, bool color) {
  TextTable lines({"dataset", ">rows", ">rejected", ">pages", ">requests", ">retries", ">throttles", ">bytes",
                   "completeness"});
  for (const pipeline::DatasetRecord& dataset : record.datasets) {
    lines.Add({dataset.name, observe::WithThousands(dataset.rows), observe::WithThousands(dataset.rejected),
               observe::WithThousands(dataset.pages), observe::WithThousands(dataset.requests),
               observe::WithThousands(dataset.retries), observe::WithThousands(dataset.throttles),
               observe::HumanBytes(dataset.wire_bytes),
               fmt::format("{}: {}", pipeline::VerdictName(dataset.completeness.verdict),
                           dataset.completeness.explanation)});
  }
  return lines.empty() ? "" : "\ndatasets\n" + lines.ToString("  ", color);
}

std::string RetriesText(const pipeline::RunFacts& facts) {
  if (facts.retries.empty()) return "";
  std::string text = "\nretries\n";
  for (const pipeline::RetryNote& note : facts.retries) {
    text += fmt::format("  {}  {}: try {} failed ({}), waited {:.1f} s: {}\n", TimeText(note.at),
                        note.dataset, note.attempt, note.code, note.wait_seconds, note.message);
  }
  if (facts.retries_left_out > 0) text += fmt::format("  and {} more\n", facts.retries_left_out);
  return text;
}

std::string PublishedText(const FoundRun& found, bool color) {
  TextTable objects({"object", ">rows", ">bytes"});
  for (const pipeline::DatasetRecord& dataset : found.record.datasets) {
    const auto add = [&](const pipeline::DatasetFile& file) {
      objects.Add({found.lake->store->Uri(file.key), observe::WithThousands(file.rows),
                   observe::HumanBytes(file.bytes)});
    };
    for (const pipeline::DatasetFile& file : dataset.files) {
      if (file.is_object()) add(file);
    }
    if (dataset.quarantine) add(*dataset.quarantine);
  }
  std::string text;
  if (!objects.empty() && found.published) text += "\npublished\n" + objects.ToString("  ", color);
  TextTable tables({"table", "kind", "change", ">rows", "snapshot"});
  for (const catalog::TableChange& table : found.record.tables) {
    tables.Add({table.table, table.kind, table.change,
                table.rows >= 0 ? observe::WithThousands(table.rows) : "-", table.snapshot});
  }
  if (!tables.empty()) text += "\ntables\n" + tables.ToString("  ", color);
  if (!found.record.facts.store_requests.empty()) {
    text += "\nrequests to the store\n ";
    for (const auto& [operation, count] : found.record.facts.store_requests) {
      text += fmt::format(" {} {}", operation, observe::WithThousands(count));
    }
    text += "\n";
  }
  return text;
}

std::string ErrorsText(const RunRecord& record) {
  if (record.errors.empty()) return "";
  std::string text = "\nerrors\n";
  for (const pipeline::RunError& error : record.errors) {
    text += fmt::format("  {}{}{}: {}\n", error.code, error.stage.empty() ? "" : " in " + error.stage,
                        error.dataset.empty() ? "" : " of " + error.dataset, error.message);
    if (!error.hint.empty()) text += fmt::format("    -> {}\n", error.hint);
  }
  return text;
}

std::string RunText(const FoundRun& found, bool color) {
  const RunRecord& record = found.record;
  std::string text =
      fmt::format("{}run {} of {}{}: {}", color ? "\x1b[1m" : "", record.run_id, record.pipeline,
                  color ? "\x1b[0m" : "", pipeline::RunStatusName(record.status));
  if (!record.finished_at.empty()) {
    text += fmt::format(" after {:.0f} s", SecondsSince(record.started_at, record.finished_at));
  }
  text += fmt::format("\n  {} .. {} UTC · {}", TimeText(record.started_at), TimeText(record.finished_at),
                      record.store);
  if (!record.catalog.empty()) text += " · catalog: " + record.catalog;
  text += fmt::format(" · ingesta {}\n", record.version);
  if (!found.published) {
    text += fmt::format("  whole but not published: `ingesta resume {}` or the next run does it\n",
                        found.lake->pipeline.file);
  } else if (!record.tables_done) {
    text += "  its tables are still those of an earlier run: the next run finishes it\n";
  }
  if (record.superseded) text += "  a later run was published before it\n";
  return text + ErrorsText(record) + TimelineText(record, color) + DatasetsText(record, color) +
         RetriesText(record.facts) + PublishedText(found, color);
}

Status ShowRun(const ShowArguments& arguments, App& app) {
  if (arguments.run_id != "latest") RETURN_NOT_OK(pipeline::CheckRunId(arguments.run_id));
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app, /*with_catalogs=*/false));
  ARROW_ASSIGN_OR_RAISE(const auto found, FindRun(*opened, arguments.run_id, app.DataDir()));
  if (!found) {
    return MakeError(
        ErrorCode::kNotFound,
        fmt::format("{}: no pipeline here has a manifest of that run", arguments.run_id),
        "`ingesta runs` lists them; name the pipeline behind the run where it is not in this folder");
  }
  if (arguments.lake.json) {
    Json json = Json::parse(pipeline::ToJson(found->record, false));
    json["published"] = found->published;
    Print(json.dump(2) + "\n");
  } else {
    Print(RunText(*found, app.ColorOnStdout()));
  }
  return Status::OK();
}

}  // namespace

void AddShowCommand(CLI::App& cli, App& app) {
  auto* command = cli.add_subcommand("show", "One run: its timeline, retries, errors, and what it published");
  const auto arguments = std::make_shared<ShowArguments>();
  command->add_option("RUN", arguments->run_id, "Run id, or `latest`; `ingesta runs` lists them")->required();
  arguments->lake.pipelines.AddTo(*command, /*required=*/false);
  command->add_flag("--json", arguments->lake.json, "Print the manifest as JSON on stdout");
  command->footer(
      "Without a pipeline it is looked for in ./pipeline.yaml's, else in those of every pipeline.yaml "
      "directly "
      "below.\n\n"
      "Examples:\n"
      "  ingesta show latest\n"
      "  ingesta show 20261124_020000-1f2e3d4c\n"
      "  ingesta show latest ingesta-productos --json | jq .steps");
  command->callback([arguments, &app] {
    const Status status = ShowRun(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
