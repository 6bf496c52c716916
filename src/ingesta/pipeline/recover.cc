#include "ingesta/pipeline/recover.h"

#include <fmt/format.h>

#include "ingesta/pipeline/publish.h"

namespace ingesta::pipeline {
namespace {

Status RecoverOne(const std::string& pipeline, const std::string& run_id, const RecoverContext& context,
                  std::vector<RunRecord>& recovered) {
  const RunSpool spool(context.options.root, pipeline, run_id);
  const bool own = run_id == context.own.run_id();
  auto prepared = spool.LoadPrepared();
  if (prepared.ok() && prepared->has_value() && !(own && context.options.force)) {
    RunRecord record = **std::move(prepared);
    ARROW_ASSIGN_OR_RAISE(const auto manifest, ReadManifest(context.store, pipeline, run_id));
    if (manifest.has_value() && manifest->status == RunStatus::kSucceeded) return spool.Remove();
    const Status intact = spool.Verify(record);
    if (intact.ok()) {
      RETURN_NOT_OK(Publish(record, spool, context.store, context.run.clock, context.log));
      context.log.Info(fmt::format("published run {}, which had been extracted before", run_id));
      recovered.push_back(std::move(record));
      return Status::OK();
    }
    context.log.Warning(
        fmt::format("run {} can't be published: {}; discarding it", run_id, intact.message()));
    return spool.Remove();
  }
  if (own && context.options.resume) return Status::OK();
  context.log.Info(fmt::format("discarding run {}, which was cut off before it was whole", run_id));
  return spool.Remove();
}

}  // namespace

Status RecoverEarlierRuns(const config::PipelineSpec& pipeline, const RecoverContext& context,
                          std::vector<RunRecord>& recovered) {
  ARROW_ASSIGN_OR_RAISE(const auto run_ids, RunSpool::List(context.options.root, pipeline.name));
  for (const std::string& run_id : run_ids) {
    RETURN_NOT_OK(WithStage(RecoverOne(pipeline.name, run_id, context, recovered), Stage::kStore));
  }
  return Status::OK();
}

Result<std::string> FindUnfinishedRun(const std::string& root, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto run_ids, RunSpool::List(root, pipeline));
  std::string newest;
  for (const std::string& run_id : run_ids) {
    auto prepared = RunSpool(root, pipeline, run_id).LoadPrepared();
    if (prepared.ok() && !prepared->has_value()) newest = run_id;
  }
  return newest;
}

}  // namespace ingesta::pipeline
