#include "ingesta/http/oauth2.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "ingesta/http/errors.h"

namespace ingesta::http {
namespace {

/// RFC 6749 leaves the life of a token without `expires_in` open; a 401 renews it in any case.
constexpr int64_t kDefaultLifeSeconds = 3600;

struct Token {
  std::string value;
  int64_t life_seconds = kDefaultLifeSeconds;
};

Status BadAnswer(const std::string& why) {
  return MakeError(
      ErrorCode::kUnauthorized, "the token endpoint's answer can't be used: " + why,
      "check access_token_url; the answer must be JSON with access_token (RFC 6749, section 5.1)");
}

Result<Token> ParseToken(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) {
    return BadAnswer("it is not JSON");  // never an excerpt: it may hold the token
  }
  Token token;
  std::string_view text;
  if (root["access_token"].get(text) != simdjson::SUCCESS || text.empty())
    return BadAnswer("it has no access_token");
  token.value = text;
  if (root["token_type"].get(text) == simdjson::SUCCESS &&
      strcasecmp(std::string(text).c_str(), "bearer") != 0) {
    return BadAnswer(fmt::format("its token_type is `{}`, not Bearer", PrintableExcerpt(text, 40)));
  }
  double seconds = 0;
  if (root["expires_in"].get(seconds) == simdjson::SUCCESS) {
    token.life_seconds = static_cast<int64_t>(std::clamp(seconds, 0.0, 1e9));
  } else if (root["expires_in"].get(text) ==
             simdjson::SUCCESS) {  // some services write the number as a string
    std::from_chars(text.data(), text.data() + text.size(), token.life_seconds);
  }
  return token;
}

class ClientCredentialsAuth final : public Authenticator {
 public:
  ClientCredentialsAuth(ClientCredentials credentials, Clock& clock)
      : credentials_(std::move(credentials)),
        clock_(clock),
        // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        basic_(Base64(PercentEncode(credentials_.client_id) + ":" +
                      PercentEncode(credentials_.client_secret))) {}

  Status Apply(Request& request) override {
    if (token_.empty())
      return MakeError(ErrorCode::kInternal, "a request needs a token before it was fetched");
    request.headers.Set("Authorization", "Bearer " + token_);
    return Status::OK();
  }

  std::optional<Request> TokenRequest() override {
    if (valid_ && clock_.Monotonic() < renew_at_) return std::nullopt;
    Request request;
    request.method = "POST";
    request.url = credentials_.token_url;
    request.idempotent = true;
    request.authenticate = false;
    request.follow_redirects = false;
    request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.Add("Accept", "application/json");
    request.body.bytes = "grant_type=client_credentials";
    AddField(request, "scope", credentials_.scope);
    AddField(request, "audience", credentials_.audience);
    if (credentials_.in_body) {
      AddField(request, "client_id", credentials_.client_id);
      AddField(request, "client_secret", credentials_.client_secret);
    } else {
      request.headers.Add("Authorization", "Basic " + basic_);
    }
    return request;
  }

  Status OnToken(const Response& response) override {
    ARROW_ASSIGN_OR_RAISE(Token token, ParseToken(response.body));
    const Millis life = std::chrono::seconds(token.life_seconds);
    // A margin longer than half the life would ask anew for each request.
    renew_at_ = clock_.Monotonic() + life - std::min(credentials_.expiry_margin, life / 2);
    token_ = std::move(token.value);
    valid_ = true;
    return Status::OK();
  }

  bool Invalidate() override {
    valid_ = false;  // the value stays, to be kept out of errors
    return true;
  }

  std::vector<std::string> Secrets() const override { return {credentials_.client_secret, basic_, token_}; }

 private:
  static void AddField(Request& request, std::string_view name, const std::string& value) {
    if (!value.empty()) request.body.bytes += fmt::format("&{}={}", name, PercentEncode(value));
  }

  const ClientCredentials credentials_;
  Clock& clock_;
  const std::string basic_;
  std::string token_;
  bool valid_ = false;
  MonotonicTime renew_at_{};
};

}  // namespace

std::shared_ptr<Authenticator> MakeClientCredentialsAuth(ClientCredentials credentials, Clock& clock) {
  return std::make_shared<ClientCredentialsAuth>(std::move(credentials), clock);
}

std::string Base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock writes a final NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

}  // namespace ingesta::http
