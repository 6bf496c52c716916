// `ingesta lake verify`: the manifests of a store's runs, its objects and its tables, held against each
// other. Reads only, and may look while runs publish: what is found is looked at again before it is told. Not
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::pipeline {

struct VerifyOptions {
  std::string root;        ///< the local root: for its spool, and for files that are fetched
  bool checksums = false;  ///< also read every file that a manifest names
};

struct VerifyReport {
  std::vector<catalog::Finding> findings;
  std::vector<std::string> notes;  ///< sentences: what could not be judged now
  int64_t runs = 0;
  int64_t objects = 0;  ///< below the datasets' prefixes
  int64_t bytes = 0;    ///< of these
  int64_t tables = 0;
  int64_t checksums = 0;  ///< files whose bytes were read

  bool HasHoles() const;
};

/// Verify the datasets of `pipeline`. An error: it could not be looked at all (no access, no network).
Result<VerifyReport> VerifyLake(const config::PipelineSpec& pipeline, const VerifyOptions& options,
                                ObjectStore& store, catalog::Catalog& catalog, const StopSource& stop);

}  // namespace ingesta::pipeline
