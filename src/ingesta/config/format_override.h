// INGESTA_FORMATS: which formats a run writes, whatever the pipeline lists. Values only.
#pragma once

#include <string>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::config {

/// Reduce every dataset of `pipeline` to the formats in `list` (`csv,json`); one that no dataset of the
/// pipeline names is added to all, with its defaults. kInvalidConfig for a name that is no kind, and for a
/// dataset that would be left without any. The configuration's hash takes the choice in.
Status OverrideFormats(const std::string& list, const KindCatalog& kinds, PipelineSpec& pipeline);

}  // namespace ingesta::config
