// How AWS services are called, whichever they are.
#pragma once

#include <string>

#include "ingesta/http/client.h"

namespace ingesta::builtin {

/// Time-outs and retries; `version` is ours, for the User-Agent.
inline http::ClientOptions AwsClientOptions(const std::string& version) {
  http::ClientOptions options;
  options.timeouts = {.connect = Millis(5'000), .idle = Millis(30'000), .total = Millis(600'000)};
  options.retry = {
      .max_retries = 5, .base = Millis(200), .cap = Millis(10'000), .max_elapsed = Millis(900'000)};
  options.user_agent = "ingesta/" + version;
  return options;
}

}  // namespace ingesta::builtin
