// One page of a resource through source, decode and transform: for `check` and `preview`. Nothing is written.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/pipeline/stages.h"

namespace ingesta::commands {

struct OnePage {
  pipeline::ResourceStages stages;
  PageFacts facts;
  int64_t records = 0;
  std::vector<Batch> batches;  ///< by dataset: the resource, then its children
};

Result<OnePage> FetchOnePage(const config::PipelineSpec& pipeline, const pipeline::ResourceTree& tree,
                             pipeline::StageFactory& factory, http::Client& client);

}  // namespace ingesta::commands
