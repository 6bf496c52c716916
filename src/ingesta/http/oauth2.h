// OAuth 2.0 client credentials: a token from a token endpoint, kept until shortly before it expires. Used on
// one client's I/O thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/clock.h"
#include "ingesta/http/client.h"

namespace ingesta::http {

struct ClientCredentials {
  std::string token_url;
  std::string client_id;
  std::string client_secret;
  std::string scope;     ///< empty = none
  std::string audience;  ///< empty = none
  bool in_body = false;  ///< id and secret in the body instead of a Basic header
  Millis expiry_margin{60'000};
};

/// `clock` outlives the authenticator.
std::shared_ptr<Authenticator> MakeClientCredentialsAuth(ClientCredentials credentials, Clock& clock);

/// Base64 with padding.
std::string Base64(std::string_view bytes);

}  // namespace ingesta::http
