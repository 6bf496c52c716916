// `error_handler.response_filters` of pipeline.yaml as a classifier of answers. Pure values; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/http/message.h"

namespace ingesta::http {

/// `success fail retry ignore rate_limited refresh_token_then_retry`
const std::vector<std::string>& ResponseFilterActions();

/// The first filter that fits decides: its `http_codes` hold the status (or are empty) and the body contains
/// its `error_message_contains` (or that is empty). Where none fits, ClassifyByStatus does. kInvalidConfig
/// for an unknown action, and for a filter that would fit every answer.
Result<Classifier> MakeClassifier(const std::vector<config::ResponseFilterSpec>& filters);

}  // namespace ingesta::http
