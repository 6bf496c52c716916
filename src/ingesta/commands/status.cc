#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "ingesta/commands/lake_command.h"
#include "ingesta/commands/text_table.h"
#include "ingesta/config/scalar.h"
#include "ingesta/observe/health.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {
namespace {

using observe::DatasetHealth;
using observe::DatasetState;
using observe::PipelineHealth;

struct StatusArguments {
  LakeArguments lake;
  std::string max_age = "26h";
  bool watch = false;
  std::string interval = "5s";
};

/// What is known of one pipeline at one moment. `health` points into `facts`.
struct PipelineStatus {
  const Lake* lake = nullptr;
  observe::PipelineFacts facts;
  PipelineHealth health;
};

Json RunLinkJson(const pipeline::RunRecord* run) {
  if (run == nullptr) return nullptr;
  return Json{{"run", run->run_id},
              {"status", pipeline::RunStatusName(run->status)},
              {"started_at", OptionalText(run->started_at)},
              {"finished_at", OptionalText(run->finished_at)}};
}

Json FailureJson(const Lake& lake, const DatasetHealth& dataset) {
  if (dataset.last_failure == nullptr) return nullptr;
  Json json = RunLinkJson(dataset.last_failure);
  const auto* error = observe::ErrorOf(*dataset.last_failure, lake.pipeline, dataset.dataset);
  json["code"] = error->code;
  json["stage"] = OptionalText(error->stage);
  json["message"] = error->message;
  json["hint"] = OptionalText(error->hint);
  return json;
}

Json DatasetStatusJson(const Lake& lake, const DatasetHealth& dataset) {
  const pipeline::DatasetRecord* published = dataset.published;
  Json completeness = nullptr;
  if (published != nullptr) {
    completeness = {{"verdict", pipeline::VerdictName(published->completeness.verdict)},
                    {"explanation", published->completeness.explanation}};
  }
  return Json{{"dataset", dataset.dataset},
              {"state", observe::DatasetStateName(dataset.state)},
              {"last_run", RunLinkJson(dataset.last_run)},
              {"last_success", RunLinkJson(dataset.last_success)},
              {"age_seconds", dataset.age ? Json(dataset.age->count()) : Json(nullptr)},
              {"rows", published != nullptr ? Json(published->rows) : Json(nullptr)},
              {"rejected", published != nullptr ? Json(published->rejected) : Json(nullptr)},
              {"completeness", std::move(completeness)},
              {"trend", dataset.trend},
              {"quarantine", Json{{"objects", dataset.quarantine.objects},
                                  {"rows", dataset.quarantine.rows},
                                  {"uncounted_objects", dataset.quarantine.uncounted}}},
              {"last_failure", FailureJson(lake, dataset)}};
}

Json HolderJson(const std::optional<pipeline::LeaseHolder>& holder) {
  if (!holder) return nullptr;
  return Json{{"run", holder->run_id}, {"host", holder->host}, {"renewed_at", holder->renewed_at}};
}

Json StatusJson(const std::vector<PipelineStatus>& pipelines, SystemTime now) {
  Json list = Json::array();
  bool fine = true;
  for (const PipelineStatus& status : pipelines) {
    Json datasets = Json::array();
    for (const DatasetHealth& dataset : status.health.datasets) {
      datasets.push_back(DatasetStatusJson(*status.lake, dataset));
    }
    fine = fine && status.health.IsFine();
    list.push_back(Json{{"pipeline", status.lake->pipeline.name},
                        {"store", status.lake->store->Uri()},
                        {"fine", status.health.IsFine()},
                        {"running", HolderJson(status.health.running)},
                        {"dead_lease", HolderJson(status.health.dead)},
                        {"waiting_runs", status.facts.waiting},
                        {"datasets", std::move(datasets)},
                        {"next", OptionalText(status.health.next)}});
  }
  return Json{{"at", FormatRfc3339(now)}, {"fine", fine}, {"pipelines", std::move(list)}};
}

std::string StateText(DatasetState state, bool color) {
  const std::string name(observe::DatasetStateName(state));
  if (!color) return name;
  const char* code = state == DatasetState::kFine   ? "\x1b[32m"
                     : state == DatasetState::kLate ? "\x1b[33m"
                                                    : "\x1b[31m";
  return fmt::format("{}{}\x1b[0m", code, name);
}

std::string QuarantineText(const observe::QuarantineStock& stock) {
  if (stock.objects == 0) return "-";
  return fmt::format("{}{} rows", stock.uncounted > 0 ? "over " : "", observe::WithThousands(stock.rows));
}

std::string FailureText(const Lake& lake, const PipelineHealth& health) {
  const DatasetHealth* newest = nullptr;
  for (const DatasetHealth& dataset : health.datasets) {
    const bool newer =
        dataset.last_failure != nullptr &&
        (newest == nullptr || dataset.last_failure->started_at > newest->last_failure->started_at);
    if (newer) newest = &dataset;
  }
  if (newest == nullptr) return "";
  const auto* error = observe::ErrorOf(*newest->last_failure, lake.pipeline, newest->dataset);
  std::string text =
      fmt::format("  last failure: {} UTC, run {}{}: {}\n", TimeText(newest->last_failure->started_at),
                  newest->last_failure->run_id,
                  error->stage.empty() ? "" : fmt::format(" ({})", error->stage), error->message);
  if (!error->hint.empty()) text += fmt::format("    -> {}\n", error->hint);
  return text;
}

std::string PipelineText(const PipelineStatus& status, SystemTime now, bool color) {
  const Lake& lake = *status.lake;
  const PipelineHealth& health = status.health;
  std::string text = fmt::format("{}{}{} · {}\n", color ? "\x1b[1m" : "", lake.pipeline.name,
                                 color ? "\x1b[0m" : "", lake.store->Uri());
  TextTable lines(
      {"dataset", "state", ">age", ">rows", "last runs", "completeness", ">rejected", "quarantine"});
  for (const DatasetHealth& dataset : health.datasets) {
    const pipeline::DatasetRecord* published = dataset.published;
    lines.Add(
        {dataset.dataset, std::string(observe::DatasetStateName(dataset.state)),
         dataset.age ? observe::HumanAge(*dataset.age) : "-",
         published != nullptr ? observe::WithThousands(published->rows) : "-",
         observe::Sparkline(dataset.trend),
         published != nullptr ? std::string(pipeline::VerdictName(published->completeness.verdict)) : "-",
         published != nullptr ? observe::WithThousands(published->rejected) : "-",
         QuarantineText(dataset.quarantine)});
  }
  text += lines.ToString("  ", color);
  if (health.running) {
    const auto renewed = observe::ParseRfc3339(health.running->renewed_at);
    text += fmt::format("  at work: run {} on {}, last sign of life {} ago\n", health.running->run_id,
                        health.running->host,
                        observe::HumanAge(std::chrono::duration_cast<std::chrono::seconds>(now - *renewed)));
  }
  if (health.dead) {
    text += fmt::format("  run {} on {} ended without giving its lease back; the next run takes it over\n",
                        health.dead->run_id, health.dead->host);
  }
  for (const std::string& run_id : status.facts.waiting) {
    text += fmt::format("  run {} is whole but not published: it waits on this machine\n", run_id);
  }
  for (const DatasetHealth& dataset : health.datasets) {
    if (dataset.published == nullptr) continue;
    const pipeline::Completeness& completeness = dataset.published->completeness;
    if (completeness.verdict != pipeline::Verdict::kInexact) continue;
    text += fmt::format("  {} is inexact: {}\n", dataset.dataset, completeness.explanation);
  }
  text += FailureText(lake, health);
  if (!health.next.empty()) text += fmt::format("  next: {}\n", health.next);
  return text;
}

std::string StatusText(const std::vector<PipelineStatus>& pipelines, SystemTime now, bool color) {
  std::string text;
  bool fine = true;
  for (const PipelineStatus& status : pipelines) {
    text += (text.empty() ? "" : "\n") + PipelineText(status, now, color);
    fine = fine && status.health.IsFine();
  }
  return text + fmt::format("\n{}\n", StateText(fine ? DatasetState::kFine : DatasetState::kFailed, color) +
                                          (fine ? ": every dataset is up to date"
                                                : ": look at the datasets that are not fine"));
}

Result<std::vector<PipelineStatus>> Look(const Lakes& opened, const observe::HealthOptions& options,
                                         const std::string& root) {
  std::vector<PipelineStatus> pipelines;
  for (const Lake& lake : opened.lakes) {
    PipelineStatus& status = pipelines.emplace_back();
    status.lake = &lake;
    ARROW_ASSIGN_OR_RAISE(status.facts, observe::ReadPipelineFacts(*lake.store, lake.pipeline, root));
    for (const auto& [key, unreadable] : status.facts.runs.unreadable) {
      opened.log->Warning(fmt::format("{} is left out: {}", lake.store->Uri(key), unreadable.message()),
                          {{"hint", "`ingesta lake verify` says more"}});
    }
  }
  // Once nothing moves any more: the health points into the facts.
  for (PipelineStatus& status : pipelines) {
    status.health = observe::AssessPipeline(status.lake->pipeline, status.facts, options);
  }
  return pipelines;
}

/// Until `interval` is over or a stop is asked for.
void Wait(StopSource& stop, Millis interval) {
  std::mutex mutex;
  std::condition_variable wake;
  const StopCallback callback(stop, [&] {
    const std::lock_guard lock(mutex);
    wake.notify_all();
  });
  std::unique_lock lock(mutex);
  wake.wait_for(lock, interval, [&stop] { return stop.stopped(); });
}

Status ShowStatus(const StatusArguments& arguments, App& app) {
  const auto max_age = config::ParseDuration(arguments.max_age);
  RETURN_NOT_OK(WithPrefix(max_age.status(), "--max-age"));
  const auto interval = config::ParseDuration(arguments.interval);
  RETURN_NOT_OK(WithPrefix(interval.status(), "--interval"));
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app, /*with_catalogs=*/false));
  const bool color = app.ColorOnStdout();
  for (;;) {
    const observe::HealthOptions options{.now = app.clock.Now(), .max_age = *max_age};
    ARROW_ASSIGN_OR_RAISE(const auto pipelines, Look(*opened, options, app.DataDir()));
    const bool fine = std::all_of(pipelines.begin(), pipelines.end(),
                                  [](const PipelineStatus& status) { return status.health.IsFine(); });
    app.exit_code = fine ? pipeline::kExitDone : pipeline::kExitFailed;
    std::string text;
    if (arguments.lake.json) {
      text = StatusJson(pipelines, options.now).dump(arguments.watch ? -1 : 2) + "\n";
    } else {
      // Home and erase below rather than clear: no flicker.
      text = (arguments.watch && color ? "\x1b[H\x1b[J" : "") + StatusText(pipelines, options.now, color);
    }
    Print(text);
    std::fflush(stdout);
    if (!arguments.watch) return Status::OK();
    Wait(app.stop, *interval);
    if (app.stop.stopped()) return Status::OK();
  }
}

}  // namespace

void AddStatusCommand(CLI::App& cli, App& app) {
  auto* command =
      cli.add_subcommand("status", "How each dataset is: last run, age, rows, trend, what to do next");
  const auto arguments = std::make_shared<StatusArguments>();
  arguments->lake.pipelines.AddTo(*command, /*required=*/false);
  command->add_flag("--json", arguments->lake.json, "Print JSON on stdout; with --watch a line each time");
  command->add_option("--max-age", arguments->max_age, "A dataset whose last success is older is late")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_flag("--watch", arguments->watch, "Look again and again, until Ctrl-C");
  command->add_option("--interval", arguments->interval, "How often with --watch")
      ->type_name("DURATION")
      ->capture_default_str();
  command->footer(
      "Without a pipeline: ./pipeline.yaml, else every pipeline.yaml directly below this folder. Reads "
      "manifests, leases\n"
      "and quarantine from S3_BUCKET or INGESTA_DATA_DIR, as a run writes them; on S3 it needs "
      "s3:ListBucket.\n"
      "Exit code 0 where every dataset is fine, 1 where the last run failed, is late, or there was none.\n\n"
      "Examples:\n"
      "  ingesta status\n"
      "  ingesta status ingesta-productos --max-age 2h --json\n"
      "  ingesta status --watch --interval 10s");
  command->callback([arguments, &app] {
    const Status status = ShowStatus(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
