#include "ingesta/builtin/rest_catalog.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/catalog/rest/rest_table_catalog.h"
#include "ingesta/http/auth.h"
#include "ingesta/http/oauth2.h"

namespace ingesta::builtin {
namespace {

using config::Options;
using config::OptionSpec;
using config::OptionType;

OptionSpec Option(std::string name, OptionType type, std::string summary, std::string summary_es) {
  return OptionSpec{.name = std::move(name),
                    .type = type,
                    .summary = std::move(summary),
                    .summary_es = std::move(summary_es)};
}

Result<std::shared_ptr<http::Authenticator>> AuthOf(const Options& options, const std::string& uri,
                                                    Clock& clock) {
  const std::string token = options.StringOr("token", "");
  const std::string credential = options.StringOr("credential", "");
  const std::string signing = options.StringOr("signing_name", "");
  if (!token.empty() + !credential.empty() + !signing.empty() > 1) {
    return MakeError(ErrorCode::kInvalidConfig,
                     "catalog: rest takes one of `credential`, `token` and `signing_name`");
  }
  if (!token.empty()) return http::MakeBearerAuth(token);
  if (credential.empty()) return nullptr;
  const size_t colon = credential.find(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == credential.size()) {
    return MakeError(
        ErrorCode::kInvalidConfig, "catalog: `credential` is not of the form id:secret",
        "set the variable that it comes from to the client's id and secret, with a colon between");
  }
  return http::MakeClientCredentialsAuth(
      {.token_url = options.StringOr("oauth2_server_uri", uri + "/v1/oauth/tokens"),
       .client_id = credential.substr(0, colon),
       .client_secret = credential.substr(colon + 1),
       .scope = options.StringOr("scope", "catalog"),
       .audience = "",
       .in_body = true},
      clock);
}

}  // namespace

config::KindSpec RestCatalogKind() {
  OptionSpec uri = Option("uri", OptionType::kString, "Base URL, without /v1", "URL base, sin /v1");
  uri.required = true;
  OptionSpec scope =
      Option("scope", OptionType::kString, "OAuth2 scope to ask for (Polaris: PRINCIPAL_ROLE:ALL)",
             "Permiso OAuth2 que se pide (Polaris: PRINCIPAL_ROLE:ALL)");
  scope.default_value = "catalog";
  OptionSpec name_space = Option("namespace", OptionType::kString, "Of the tables; levels separated by dots",
                                 "De las tablas; niveles separados por puntos");
  name_space.default_value = "inventario_db";
  return {.name = "rest",
          .summary = "An Iceberg REST catalog: Polaris, Lakekeeper, Nessie, AWS Glue's own endpoint",
          .summary_es = "Un catálogo REST de Iceberg: Polaris, Lakekeeper, Nessie, el propio de AWS Glue",
          .options = {
              std::move(uri),
              Option("warehouse", OptionType::kString,
                     "The server's name of the catalog (Polaris) or account (Glue)",
                     "Nombre que da el servidor al catálogo (Polaris) o a la cuenta (Glue)"),
              std::move(name_space),
              Option("credential", OptionType::kSecret, "OAuth2 client, as id:secret",
                     "Cliente OAuth2, como id:secreto"),
              Option("oauth2_server_uri", OptionType::kString,
                     "URL of the token endpoint; the catalog's own where absent",
                     "URL que entrega el token; si falta, la del propio catálogo"),
              std::move(scope),
              Option("token", OptionType::kSecret, "A fixed bearer token", "Un token fijo"),
              Option("signing_name", OptionType::kString,
                     "Sign with AWS credentials (SigV4) for this service: glue",
                     "Firmar con credenciales de AWS (SigV4) para este servicio: glue"),
              Option("signing_region", OptionType::kString, "Region to sign for; AWS_REGION where absent",
                     "Región de la firma; si falta, AWS_REGION"),
          }};
}

Result<std::unique_ptr<iceberg::TableCatalog>> MakeRestCatalog(const Options& options,
                                                               const pipeline::FactoryContext& context,
                                                               ObjectStore& store, AwsConnector& connector) {
  catalog::RestCatalogOptions rest{.uri = options.GetString("uri"),
                                   .warehouse = options.StringOr("warehouse", ""),
                                   .prefix = "",
                                   .namespace_name = options.StringOr("namespace", "inventario_db"),
                                   .signing_service = options.StringOr("signing_name", ""),
                                   .signing_region = options.StringOr("signing_region", "")};
  ARROW_RETURN_NOT_OK(WithPrefix(http::OriginOf(rest.uri).status(), "catalog: `uri`"));
  std::shared_ptr<aws::CredentialsProvider> credentials;
  if (!rest.signing_service.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto access, connector.Connect());
    credentials = access->credentials;
    if (rest.signing_region.empty()) rest.signing_region = access->settings.region;
  }
  http::ClientOptions client = LakeClientOptions(context);
  ARROW_ASSIGN_OR_RAISE(client.authenticator, AuthOf(options, rest.uri, context.clock));
  ARROW_ASSIGN_OR_RAISE(auto http, http::Client::Make(std::move(client), context.clock, context.random));
  auto calls = std::make_unique<catalog::RestClient>(std::move(rest), std::move(http), std::move(credentials),
                                                     context.clock);
  return std::make_unique<catalog::RestTableCatalog>(std::move(calls), store, context.clock);
}

}  // namespace ingesta::builtin
