// Reads the suites of expectations that resources name, so that a run checks what was checked before it. What
// is in them is the expect stage's business. Reads files; no other I/O.
#pragma once

#include <string>
#include <vector>

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/config/value.h"

namespace ingesta::config {

/// Fill in the `expectations` of `spec`'s resources, which Bind made of `root`, from files relative to the
/// folder of `spec.file`. Notes files that can't be read. Gives their texts, for the configuration's hash.
std::vector<std::string> ReadSuiteFiles(const Value& root, PipelineSpec& spec, Diagnostics& diagnostics);

}  // namespace ingesta::config
