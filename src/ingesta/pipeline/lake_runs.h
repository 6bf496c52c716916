// The published runs of a pipeline out of the manifests in its store, and the histories of its datasets that
// the catalog's looking functions take. Reads only. Not thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/run_record.h"

namespace ingesta::pipeline {

struct LakeRuns {
  std::vector<RunRecord> records;                          ///< the newest first, failed ones too
  std::vector<std::pair<std::string, Status>> unreadable;  ///< keys of manifests that are none
  bool more = false;                                       ///< there are manifests that were not asked for
};

/// The manifests of `pipeline`; with `newest` only so many of those that were written last.
Result<LakeRuns> ReadRuns(ObjectStore& store, const std::string& pipeline, size_t newest = 0);

/// The runs that published `resource`'s dataset.
catalog::DatasetHistory HistoryOf(const std::string& pipeline, const config::ResourceSpec& resource,
                                  const LakeRuns& runs);

}  // namespace ingesta::pipeline
