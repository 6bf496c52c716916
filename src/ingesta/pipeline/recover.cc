#include "ingesta/pipeline/recover.h"

#include <fmt/format.h>

#include "ingesta/pipeline/publish.h"

namespace ingesta::pipeline {
namespace {

Status Recover(RunRecord record, const RunSpool& spool, const RecoverContext& context,
               std::vector<RunRecord>& recovered) {
  const std::string& run_id = spool.run_id();
  ARROW_ASSIGN_OR_RAISE(const auto manifest, ReadManifest(context.store, record.pipeline, run_id));
  if (manifest.has_value() && manifest->status == RunStatus::kSucceeded && manifest->tables_done)
    return spool.Remove();
  const Status intact = spool.Verify(record);
  if (!intact.ok()) {
    context.log.Warning(
        fmt::format("run {} can't be published: {}; discarding it", run_id, intact.message()));
    return spool.Remove();
  }
  RETURN_NOT_OK(Publish(record, spool, {context.store, context.catalog, context.run.clock, context.log}));
  context.log.Info(fmt::format("published run {}, which had been extracted before", run_id));
  recovered.push_back(std::move(record));
  return Status::OK();
}

}  // namespace

Status RecoverEarlierRuns(const config::PipelineSpec& pipeline, const RecoverContext& context,
                          std::vector<RunRecord>& recovered) {
  ARROW_ASSIGN_OR_RAISE(const auto run_ids, RunSpool::List(context.options.root, pipeline.name));
  Status unreadable;
  for (const std::string& run_id : run_ids) {
    const RunSpool spool(context.options.root, pipeline.name, run_id);
    const bool own = run_id == context.own.run_id();
    const bool replaced = own && context.options.force;
    auto prepared = spool.LoadPrepared();
    if (!prepared.ok() && !replaced) {
      // It may be whole: not to be thrown away for a disk that stumbles, and no reason to leave the others.
      if (unreadable.ok()) unreadable = prepared.status();
    } else if (prepared.ok() && prepared->has_value() && !replaced) {
      RETURN_NOT_OK(WithStage(Recover(**std::move(prepared), spool, context, recovered), Stage::kStore));
    } else if (!own || !context.options.resume) {
      context.log.Info(fmt::format("discarding run {}, which was cut off before it was whole", run_id));
      RETURN_NOT_OK(WithStage(spool.Remove(), Stage::kStore));
    }
  }
  return WithStage(unreadable, Stage::kStore);
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
