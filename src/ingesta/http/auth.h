// The kinds of `client.auth` that pipeline.yaml can name, each with its descriptor. An Authenticator that
// comes out of here is used by one client, on its I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/config/options.h"
#include "ingesta/http/client.h"

namespace ingesta::http {

struct AuthKind {
  config::KindSpec spec;
  /// REQUIRES: the options are checked against `spec` and have its defaults. `clock` outlives the
  /// authenticator.
  std::function<Result<std::shared_ptr<Authenticator>>(const config::Options& options, Clock& clock)> make;
};

/// `token` in the Authorization header of each request.
std::shared_ptr<Authenticator> MakeBearerAuth(const std::string& token);

/// `bearer`, `api_key`, `http_basic`, `oauth2_client_credentials`.
std::vector<AuthKind> AuthKinds();

}  // namespace ingesta::http
