#include "ingesta/catalog/iceberg/merge.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/merge_plan.h"
#include "ingesta/catalog/iceberg/try_again.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {

Result<PlannedMerge> TableMerger::Plan(const MergeRequest& request) {
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const auto base, catalog_.Load(request.table));
    auto plan = PlanOn(base, request);
    if (plan.ok() || attempt >= options_.attempts || !BaseIsGone(catalog_, request.table, base)) return plan;
    PauseBeforeRetry(clock_, random_, attempt);
  }
}

Result<PlannedMerge> TableMerger::PlanOn(const std::optional<LoadedTable>& base,
                                         const MergeRequest& request) {
  PlannedMerge plan{.base = base};
  plan.result.table = request.table;
  if (plan.base) plan.result.state = *plan.base;
  const Snapshot* done = plan.base ? plan.base->metadata.SnapshotOfRun(request.run_id) : nullptr;
  if (done != nullptr) {
    plan.result.outcome = TableOutcome::kAlreadyDone;
    plan.result.snapshot_id = done->id;
    return plan;
  }
  NewTable new_table;
  if (!plan.base) {
    ARROW_ASSIGN_OR_RAISE(new_table.location, catalog_.NewTableLocation(request.table));
    new_table.uuid = MakeUuid(random_);
  }
  plan.folder = fmt::format("{}/merge-{}", request.scratch, MakeUuid(random_));
  RETURN_NOT_OK(MakeDirs(plan.folder));
  const int64_t now_ms = std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
  const Status planned = MergePlanner(store_, random_, options_, request, plan).Run(new_table, now_ms);
  if (!planned.ok()) {
    // No commit has named the files yet.
    if (plan.files != nullptr) plan.files->Discard();
    (void)RemoveTree(plan.folder);
    return WithPrefix(planned, fmt::format("merge into table '{}'", request.table));
  }
  return plan;
}

bool TableMerger::IsUnused(const Result<TableResult>& committed) {
  if (committed.ok()) return committed->outcome == TableOutcome::kAlreadyDone;
  return CodeOf(committed.status()) == ErrorCode::kConflict;
}

void TableMerger::Finish(PlannedMerge& plan, bool unused) {
  if (plan.files != nullptr && unused) plan.files->Discard();
  if (!plan.folder.empty()) (void)RemoveTree(plan.folder);
  plan.folder.clear();
}

Result<MergeResult> TableMerger::Merge(const MergeRequest& request) {
  TableWriter writer(catalog_, store_, clock_, random_);
  MergeResult result;
  while (true) {
    ++result.attempts;
    ARROW_ASSIGN_OR_RAISE(PlannedMerge plan, Plan(request));
    result.counts = plan.counts;
    if (!plan.operation) {
      Finish(plan, /*unused=*/true);
      result.table = std::move(plan.result);
      return result;
    }
    auto committed = writer.Commit(*plan.operation);
    Finish(plan, IsUnused(committed));
    if (committed.ok()) {
      result.table = *std::move(committed);
      return result;
    }
    const bool last = result.attempts >= options_.attempts;
    if (last || CodeOf(committed.status()) != ErrorCode::kConflict) return committed.status();
    PauseBeforeRetry(clock_, random_, result.attempts);
  }
}

}  // namespace ingesta::iceberg
