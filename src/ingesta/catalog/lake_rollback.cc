#include "ingesta/catalog/lake_rollback.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "ingesta/catalog/glue/hive_tables.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/catalog/lake_history.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

constexpr size_t kNamedStates = 5;

/// The state that `to` names: nullptr where there is none.
const HistoryEntry* FindEntry(const TableHistory& states, const std::string& to) {
  const auto found =
      std::find_if(states.entries.begin(), states.entries.end(), [&](const HistoryEntry& entry) {
        const bool is_run =
            !entry.run_id.empty() && (entry.run_id == to || entry.run_id + "@" + entry.run_time == to);
        return is_run || (!entry.snapshot.empty() && entry.snapshot == to);
      });
  return found == states.entries.end() ? nullptr : &*found;
}

std::string StatesOf(const TableHistory& states) {
  std::string names;
  size_t named = 0;
  for (const HistoryEntry& entry : states.entries) {
    if (++named > kNamedStates) break;
    names += fmt::format("{}{}", names.empty() ? "" : ", ",
                         entry.run_id.empty() ? "snapshot " + entry.snapshot : entry.run_id);
  }
  if (states.entries.size() > kNamedStates)
    names += fmt::format(" and {} more", states.entries.size() - kNamedStates);
  return names;
}

Status NoSuchState(const DatasetHistory& history, const TableHistory& states, const std::string& to) {
  const std::string& name = history.dataset.name;
  std::string hint =
      states.entries.empty()
          ? fmt::format("{} has no state to go back to: no run has left one", name)
          : fmt::format("there are: {}; `ingesta lake history {}` shows them", StatesOf(states), name);
  if (const DatasetRun* run = history.Find(to); run != nullptr && states.kind == "iceberg") {
    std::string message =
        run->switched
            ? fmt::format("the snapshot of run {} has expired, or was removed", to)
            : fmt::format("run {} was published after a later one and never was the table's state", to);
    for (const PublishedFile& file : run->files) {
      if (file.format == "csv") hint += fmt::format("; its rows are in {}", file.key);
    }
    return MakeError(ErrorCode::kNotFound, fmt::format("table {}: {}", states.table, message), hint);
  }
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("table {}: there is no run or snapshot {}", states.table, to), hint);
}

std::vector<std::string> KeysOf(const DatasetRun& run, std::string_view format) {
  std::vector<std::string> keys;
  for (const PublishedFile& file : run.files) {
    if (file.format == format) keys.push_back(file.key);
  }
  return keys;
}

/// The symlink file's step, or a note why there is none.
Status PlanSymlink(const DatasetHistory& history, const DatasetRun* run, ObjectStore& store, Rollback& plan) {
  ARROW_ASSIGN_OR_RAISE(const auto targets, SymlinkTargets(history.dataset.name, store));
  if (!targets) return Status::OK();
  const std::string table = HiveTableName(history.dataset.name, "csv_actual");
  if (run == nullptr || !run->Has("csv")) {
    plan.notes.push_back(fmt::format("{} stays as it is: that state has no CSV of a run", table));
    return Status::OK();
  }
  for (const std::string& key : KeysOf(*run, "csv")) {
    ARROW_ASSIGN_OR_RAISE(const auto object, store.Head(key));
    if (object) {
      plan.steps.push_back({.table = table,
                            .kind = "csv_actual",
                            .from = targets->empty() ? "" : targets->front(),
                            .to = key,
                            .changes = targets->empty() || targets->front() != key});
      return Status::OK();
    }
    plan.notes.push_back(fmt::format("{} stays as it is: {} is there no more", table, store.Uri(key)));
  }
  return Status::OK();
}

void NoteParquet(const DatasetHistory& history, const DatasetRun* run, Rollback& plan) {
  const DatasetRun* newest = history.Newest("parquet");
  if (newest == nullptr || newest == run) return;
  const std::string table = HiveTableName(history.dataset.name, "parquet");
  if (!history.dataset.partition_by.by_run_date()) {
    plan.notes.push_back(
        fmt::format("{} stays as run {} left it: its partitions were replaced", table, newest->run_id));
    return;
  }
  std::set<std::string> of_run;
  if (run != nullptr) {
    for (const PublishedFile& file : run->files) {
      if (file.format == "parquet") of_run.insert(file.partition);
    }
  }
  bool other_days = false;
  std::set<std::string> named;
  for (const DatasetRun& later : history.runs) {
    if (&later == run) break;
    for (const PublishedFile& file : later.files) {
      if (file.format != "parquet" || !later.switched) continue;
      if (of_run.count(file.partition) == 0) {
        other_days = true;
      } else if (named.insert(file.partition).second) {
        plan.notes.push_back(fmt::format("{}: partition {} stays as run {} left it, which replaced it", table,
                                         file.partition, later.run_id));
      }
    }
  }
  if (other_days) plan.notes.push_back(fmt::format("{}: the partitions of other days stay", table));
}

}  // namespace

Result<Rollback> PlanRollback(const DatasetHistory& history, const std::string& to, ObjectStore& store,
                              const LakeAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const TableHistory states, HistoryOf(history, store, access));
  const HistoryEntry* entry = FindEntry(states, to);
  if (entry == nullptr) return NoSuchState(history, states, to);
  Rollback plan;
  plan.dataset = history.dataset.name;
  plan.run_id = entry->run_id;
  plan.run_time = entry->run_time;
  plan.rows = entry->rows;
  const DatasetRun* run =
      entry->run_id.empty()
          ? nullptr
          : history.Find(entry->run_time.empty() ? entry->run_id : entry->run_id + "@" + entry->run_time);
  if (states.kind == "iceberg") {
    const auto current = std::find_if(states.entries.begin(), states.entries.end(),
                                      [](const HistoryEntry& state) { return state.current; });
    plan.steps.push_back({.table = states.table,
                          .kind = "iceberg",
                          .from = current == states.entries.end() ? "" : current->snapshot,
                          .to = entry->snapshot,
                          .changes = !entry->current});
  }
  ARROW_RETURN_NOT_OK(PlanSymlink(history, run, store, plan));
  NoteParquet(history, run, plan);
  const std::string& disposition = history.dataset.write_disposition;
  plan.notes.push_back(disposition == "append"  ? "the next run appends to this state"
                       : disposition == "merge" ? "the next run merges its rows into this state"
                                                : "the next run replaces this state again");
  return plan;
}

Status RollBack(const Rollback& plan, ObjectStore& store, const LakeAccess& access, Clock& clock,
                Random& random) {
  for (const RollbackStep& step : plan.steps) {
    if (!step.changes) continue;
    if (step.kind == "iceberg") {
      iceberg::TableWriter writer(*access.tables, store, clock, random);
      const int64_t snapshot = std::strtoll(step.to.c_str(), nullptr, 10);
      ARROW_RETURN_NOT_OK(writer.RollBack(plan.dataset, snapshot).status());
    } else {
      ARROW_RETURN_NOT_OK(
          store.Write(SymlinkKey(plan.dataset), store.Location(step.to) + "\n", std::nullopt).status());
    }
  }
  return Status::OK();
}

}  // namespace ingesta::catalog
