#include "ingesta/pipeline/rollback.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/pipeline/lake_runs.h"
#include "ingesta/pipeline/lease.h"

namespace ingesta::pipeline {

Result<catalog::Rollback> RollBackDataset(const config::PipelineSpec& pipeline,
                                          const RollbackOptions& options, const RollbackContext& context) {
  const auto resource =
      std::find_if(pipeline.resources.begin(), pipeline.resources.end(),
                   [&](const config::ResourceSpec& candidate) { return candidate.name == options.dataset; });
  if (resource == pipeline.resources.end()) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("pipeline {} has no dataset {}", pipeline.name, options.dataset));
  }
  std::unique_ptr<LocalLock> lock;
  std::unique_ptr<Lease> lease;
  if (!options.dry_run) {
    ARROW_ASSIGN_OR_RAISE(lock, LocalLock::Acquire(options.root, pipeline.name));
    ARROW_ASSIGN_OR_RAISE(lease, Lease::Acquire(context.store, pipeline.name, "rollback", *lock, {},
                                                context.clock, context.stop, context.log));
  }
  ARROW_ASSIGN_OR_RAISE(const LakeRuns runs, ReadRuns(context.store, pipeline.name));
  ARROW_ASSIGN_OR_RAISE(catalog::Rollback plan,
                        context.catalog.PlanRollback(HistoryOf(pipeline.name, *resource, runs), options.to));
  if (!options.dry_run) {
    RETURN_NOT_OK(context.catalog.RollBack(plan));
  }
  return plan;
}

}  // namespace ingesta::pipeline
