#include "ingesta/http/auth.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <utility>

#include "ingesta/http/oauth2.h"

namespace ingesta::http {
namespace {

using config::Options;
using config::OptionSpec;
using config::OptionType;
using config::OptionValue;

OptionSpec Required(std::string name, OptionType type, std::string summary, std::string summary_es) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.summary = std::move(summary);
  spec.summary_es = std::move(summary_es);
  spec.required = true;
  return spec;
}

OptionSpec Optional(std::string name, OptionType type, std::string summary, std::string summary_es,
                    std::optional<OptionValue> default_value = std::nullopt) {
  OptionSpec spec = Required(std::move(name), type, std::move(summary), std::move(summary_es));
  spec.required = false;
  spec.default_value = std::move(default_value);
  return spec;
}

Status CheckSecret(const std::string& value, const char* what) {
  if (!value.empty()) return Status::OK();
  return MakeError(ErrorCode::kInvalidConfig, fmt::format("auth: {} is empty", what),
                   "set the variable that it comes from");
}

/// One header with a fixed value.
class HeaderAuth final : public Authenticator {
 public:
  HeaderAuth(std::string name, std::string value, std::vector<std::string> secrets)
      : name_(std::move(name)), value_(std::move(value)), secrets_(std::move(secrets)) {}

  Status Apply(Request& request) override {
    request.headers.Set(name_, value_);
    return Status::OK();
  }
  std::vector<std::string> Secrets() const override { return secrets_; }

 private:
  const std::string name_;
  const std::string value_;
  const std::vector<std::string> secrets_;
};

/// One query parameter with a fixed value.
class QueryAuth final : public Authenticator {
 public:
  QueryAuth(const std::string& name, std::string value)
      : parameter_(PercentEncode(name) + "=" + PercentEncode(value)), secret_(std::move(value)) {}

  Status Apply(Request& request) override {
    if (request.url.find("?" + parameter_) != std::string::npos ||
        request.url.find("&" + parameter_) != std::string::npos) {
      return Status::OK();  // a redirect has kept it
    }
    const size_t fragment = std::min(request.url.find('#'), request.url.size());
    const bool first = request.url.find('?') == std::string::npos;
    request.url.insert(fragment, (first ? "?" : "&") + parameter_);
    return Status::OK();
  }
  std::vector<std::string> Secrets() const override { return {secret_}; }

 private:
  const std::string parameter_;
  const std::string secret_;
};

Result<std::shared_ptr<Authenticator>> MakeBearer(const Options& options, Clock&) {
  const std::string& token = options.GetString("token");
  ARROW_RETURN_NOT_OK(CheckSecret(token, "`token`"));
  return MakeBearerAuth(token);
}

Result<std::shared_ptr<Authenticator>> MakeApiKey(const Options& options, Clock&) {
  const std::string& key = options.GetString("api_key");
  ARROW_RETURN_NOT_OK(CheckSecret(key, "`api_key`"));
  if (options.GetString("location") == "query")
    return std::make_shared<QueryAuth>(options.GetString("name"), key);
  return std::make_shared<HeaderAuth>(options.GetString("name"), key, std::vector{key});
}

Result<std::shared_ptr<Authenticator>> MakeBasic(const Options& options, Clock&) {
  const std::string& user = options.GetString("username");
  const std::string& password = options.GetString("password");
  if (user.find(':') != std::string::npos) {
    return MakeError(ErrorCode::kInvalidConfig, "auth: `username` of http_basic can't have a colon");
  }
  const std::string encoded = Base64(user + ":" + password);
  return std::make_shared<HeaderAuth>("Authorization", "Basic " + encoded, std::vector{encoded, password});
}

Result<std::shared_ptr<Authenticator>> MakeOauth2(const Options& options, Clock& clock) {
  ClientCredentials credentials;
  credentials.token_url = options.GetString("access_token_url");
  credentials.client_id = options.GetString("client_id");
  credentials.client_secret = options.GetString("client_secret");
  credentials.scope = options.StringOr("scope", "");
  credentials.audience = options.StringOr("audience", "");
  credentials.in_body = options.GetString("client_auth") == "body";
  credentials.expiry_margin = options.GetDuration("expiry_margin");
  ARROW_RETURN_NOT_OK(CheckSecret(credentials.client_id, "`client_id`"));
  ARROW_RETURN_NOT_OK(CheckSecret(credentials.client_secret, "`client_secret`"));
  ARROW_RETURN_NOT_OK(WithPrefix(OriginOf(credentials.token_url).status(), "auth: `access_token_url`"));
  return MakeClientCredentialsAuth(std::move(credentials), clock);
}

AuthKind Bearer() {
  return {{"bearer",
           "A fixed token in the Authorization header",
           "Un token fijo en la cabecera Authorization",
           {Required("token", OptionType::kSecret, "The token", "El token")}},
          &MakeBearer};
}

AuthKind ApiKey() {
  OptionSpec location =
      Optional("location", OptionType::kEnum, "Where the key goes", "Dónde va la clave", "header");
  location.choices = {"header", "query"};
  return {{"api_key",
           "A fixed key in a header or a query parameter",
           "Una clave fija en una cabecera o en un parámetro de la URL",
           {Required("api_key", OptionType::kSecret, "The key", "La clave"),
            Optional("name", OptionType::kString, "Name of the header or parameter",
                     "Nombre de la cabecera o del parámetro", "Authorization"),
            std::move(location)}},
          &MakeApiKey};
}

AuthKind Basic() {
  return {{"http_basic",
           "User name and password (RFC 7617)",
           "Usuario y contraseña (RFC 7617)",
           {Required("username", OptionType::kString, "The user name", "El nombre de usuario"),
            Optional("password", OptionType::kSecret, "The password", "La contraseña", "")}},
          &MakeBasic};
}

AuthKind Oauth2() {
  OptionSpec client_auth = Optional(
      "client_auth", OptionType::kEnum, "Where client id and secret go: the Authorization header or the body",
      "Dónde van el id y el secreto del cliente: la cabecera Authorization o el cuerpo", "basic");
  client_auth.choices = {"basic", "body"};
  return {{"oauth2_client_credentials",
           "A token from a token endpoint (RFC 6749, section 4.4), kept until it expires",
           "Un token pedido a un servidor de autorización (RFC 6749, sección 4.4), guardado hasta que caduca",
           {Required("access_token_url", OptionType::kString, "URL of the token endpoint",
                     "URL que entrega el token"),
            Required("client_id", OptionType::kString, "Client id", "Id del cliente"),
            Required("client_secret", OptionType::kSecret, "Client secret", "Secreto del cliente"),
            Optional("scope", OptionType::kString, "Scopes to ask for, separated by spaces",
                     "Permisos que se piden, separados por espacios"),
            Optional("audience", OptionType::kString, "Audience to ask for", "Audiencia que se pide"),
            std::move(client_auth),
            Optional("expiry_margin", OptionType::kDuration, "Renew the token so long before it expires",
                     "Renovar el token con esta antelación", Millis(60'000))}},
          &MakeOauth2};
}

}  // namespace

std::shared_ptr<Authenticator> MakeBearerAuth(const std::string& token) {
  return std::make_shared<HeaderAuth>("Authorization", "Bearer " + token, std::vector{token});
}

std::vector<AuthKind> AuthKinds() {
  return {Bearer(), ApiKey(), Basic(), Oauth2()};
}

}  // namespace ingesta::http
