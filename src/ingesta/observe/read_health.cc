// ReadPipelineFacts: what health.h judges, out of the store and the local spool.
#include <fmt/format.h>

#include <algorithm>

#include "ingesta/observe/health.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::observe {
namespace {

/// Enough for a trend of 14 where every other run fails.
constexpr size_t kNewestRuns = 40;
/// Larger quarantine objects than this are not read to be counted.
constexpr int64_t kMaxCounted = 4 << 20;

bool TellsOfAll(const pipeline::LakeRuns& runs, const config::PipelineSpec& pipeline) {
  return std::all_of(
      pipeline.resources.begin(), pipeline.resources.end(), [&](const config::ResourceSpec& resource) {
        return std::any_of(runs.records.begin(), runs.records.end(), [&](const pipeline::RunRecord& run) {
          return run.status != pipeline::RunStatus::kFailed &&
                 std::any_of(run.datasets.begin(), run.datasets.end(),
                             [&](const auto& dataset) { return dataset.name == resource.name; });
        });
      });
}

std::map<std::string, int64_t> QuarantinedRows(const pipeline::LakeRuns& runs) {
  std::map<std::string, int64_t> rows;
  for (const pipeline::RunRecord& run : runs.records) {
    for (const pipeline::DatasetRecord& dataset : run.datasets) {
      if (dataset.quarantine) rows[dataset.quarantine->key] = dataset.quarantine->rows;
    }
  }
  return rows;
}

Result<QuarantineStock> CountQuarantine(ObjectStore& store, const std::string& dataset,
                                        const std::map<std::string, int64_t>& known) {
  QuarantineStock stock;
  ARROW_ASSIGN_OR_RAISE(const auto objects, store.List(fmt::format("_ingesta/quarantine/{}/", dataset)));
  for (const StoredObject& object : objects) {
    ++stock.objects;
    if (const auto rows = known.find(object.key); rows != known.end()) {
      stock.rows += rows->second;
      continue;
    }
    // Of a run that failed, or of one whose manifest was not read.
    if (object.size > kMaxCounted) {
      ++stock.uncounted;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(object.key));
    if (document) stock.rows += std::count(document->text.begin(), document->text.end(), '\n');
  }
  return stock;
}

}  // namespace

Result<PipelineFacts> ReadPipelineFacts(ObjectStore& store, const config::PipelineSpec& pipeline,
                                        const std::string& root) {
  PipelineFacts facts;
  ARROW_ASSIGN_OR_RAISE(facts.runs, pipeline::ReadRuns(store, pipeline.name, kNewestRuns));
  if (facts.runs.more && !TellsOfAll(facts.runs, pipeline)) {
    ARROW_ASSIGN_OR_RAISE(facts.runs, pipeline::ReadRuns(store, pipeline.name));
  }
  ARROW_ASSIGN_OR_RAISE(facts.lease, pipeline::ReadLease(store, pipeline.name));
  const auto known = QuarantinedRows(facts.runs);
  for (const config::ResourceSpec& resource : pipeline.resources) {
    ARROW_ASSIGN_OR_RAISE(facts.quarantine[resource.name], CountQuarantine(store, resource.name, known));
  }
  ARROW_ASSIGN_OR_RAISE(const auto run_ids, pipeline::RunSpool::List(root, pipeline.name));
  for (const std::string& run_id : run_ids) {
    // The run that is at work is not waiting for anybody.
    if (facts.lease && facts.lease->run_id == run_id) continue;
    const auto prepared = pipeline::RunSpool(root, pipeline.name, run_id).LoadPrepared();
    if (prepared.ok() && prepared->has_value()) facts.waiting.push_back(run_id);
  }
  return facts;
}

}  // namespace ingesta::observe
