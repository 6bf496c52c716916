// `_ingesta/state/<pipeline>.json`: the last success of a pipeline and, for each dataset, where its
// fingerprints are. Plain values with their JSON form. Written by publication, under the pipeline's lease.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/pipeline/run_record.h"

namespace ingesta::pipeline {

struct FingerprintState {
  std::string key;
  int64_t bytes = 0;
  uint32_t crc32 = 0;
};

/// A dataset's last run, which may be an earlier one than the pipeline's.
struct DatasetState {
  std::string run_id;
  int64_t rows = 0;
  std::string completeness;  ///< VerdictName
  std::vector<std::string> files;
  std::optional<FingerprintState> fingerprints;
};

struct PipelineState {
  std::string pipeline;
  std::string last_run_id;
  std::string last_success_at;  ///< RFC 3339
  std::string timestamp;        ///< of the run's keys
  std::map<std::string, DatasetState> datasets;
};

/// nullopt where the pipeline has not been published. kCorrupt for text that is no state.
Result<std::optional<PipelineState>> ReadState(const std::string& pipeline, ObjectStore& store);
/// `before` brought up to `record`, whose fingerprints are in the store: datasets that the run left out stay.
PipelineState NextState(const std::optional<PipelineState>& before, const RunRecord& record);
Status WriteState(const PipelineState& state, ObjectStore& store);

}  // namespace ingesta::pipeline
