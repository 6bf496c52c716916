// The kinds of `client.error_handler.backoff`, as retry policies of the HTTP client.
#pragma once

#include <vector>

#include "ingesta/config/pipeline_spec.h"
#include "ingesta/http/client.h"

namespace ingesta::builtin {

/// `exponential`, `constant`, `wait_time_from_header`.
std::vector<config::KindSpec> BackoffKinds();
/// REQUIRES: `client.backoff` is empty or checked against BackoffKinds.
http::RetryPolicy MakeRetryPolicy(const config::ClientSpec& client);

}  // namespace ingesta::builtin
