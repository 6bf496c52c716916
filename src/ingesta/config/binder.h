// The checked values -> PipelineSpec. Pure function; the last step of the parse.
#pragma once

#include "ingesta/config/pipeline_spec.h"
#include "ingesta/config/value.h"

namespace ingesta::config {

/// REQUIRES: `root` came out of the check without a mistake. `file`, `config_hash` and `secrets` are left to
/// the caller.
PipelineSpec Bind(const Value& root);

}  // namespace ingesta::config
