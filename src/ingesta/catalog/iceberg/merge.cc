#include "ingesta/catalog/iceberg/merge.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/merge_plan.h"
#include "ingesta/catalog/iceberg/try_again.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {

Result<PlannedMerge> TableMerger::Plan(const MergeRequest& request) {
  ARROW_ASSIGN_OR_RAISE(const auto base, catalog_.Load(request.table));
  return PlanOn(base, request);
}

Result<PlannedMerge> TableMerger::PlanOn(const std::optional<LoadedTable>& base,
                                         const MergeRequest& request) {
  PlannedMerge plan{.base = base};
  if (plan.base && plan.base->metadata.SnapshotOfRun(request.run_id) != nullptr) {
    plan.outcome = TableOutcome::kAlreadyDone;
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

void TableMerger::Finish(PlannedMerge& plan, const Status& status) {
  const bool refused = !status.ok() && CodeOf(status) == ErrorCode::kConflict;
  if (plan.files != nullptr && refused) plan.files->Discard();
  if (!plan.folder.empty()) (void)RemoveTree(plan.folder);
  plan.folder.clear();
}

namespace {

/// What there was to do, of a plan that brings no commit.
TableResult Nothing(const MergeRequest& request, const PlannedMerge& plan) {
  TableResult result{.table = request.table, .outcome = plan.outcome, .state = *plan.base};
  const Snapshot* done = plan.base->metadata.SnapshotOfRun(request.run_id);
  if (done != nullptr) result.snapshot_id = done->id;
  return result;
}

}  // namespace

Result<MergeResult> TableMerger::Merge(const MergeRequest& request) {
  TableWriter writer(catalog_, store_, clock_, random_);
  MergeResult result;
  while (true) {
    ++result.attempts;
    const bool last = result.attempts >= options_.attempts;
    ARROW_ASSIGN_OR_RAISE(const auto base, catalog_.Load(request.table));
    auto plan = PlanOn(base, request);
    if (!plan.ok()) {
      if (last || !BaseIsGone(catalog_, request.table, base)) return plan.status();
      PauseBeforeRetry(clock_, random_, result.attempts);
      continue;
    }
    result.counts = plan->counts;
    if (!plan->operation) {
      result.table = Nothing(request, *plan);
      Finish(*plan, Status::OK());
      return result;
    }
    auto committed = writer.Commit(*plan->operation);
    // The same run by another hand meanwhile: ours was not committed.
    const bool twice = committed.ok() && committed->outcome == TableOutcome::kAlreadyDone;
    Finish(*plan, twice ? MakeError(ErrorCode::kConflict, "done by another") : committed.status());
    if (committed.ok()) {
      result.table = *std::move(committed);
      return result;
    }
    if (last || CodeOf(committed.status()) != ErrorCode::kConflict) return committed.status();
    PauseBeforeRetry(clock_, random_, result.attempts);
  }
}

}  // namespace ingesta::iceberg
