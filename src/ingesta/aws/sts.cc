// sts:AssumeRole and sts:AssumeRoleWithWebIdentity by the query API (see credential_sources.h).
#include <fmt/format.h>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/digest.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/aws/sigv4.h"
#include "ingesta/aws/text.h"
#include "ingesta/aws/xml.h"

namespace ingesta::aws {
namespace {

std::string SessionName(const SourceContext& context, const AssumeRoleOptions& options) {
  if (!options.session_name.empty()) return options.session_name;
  const auto now = std::chrono::floor<std::chrono::seconds>(context.clock.Now()).time_since_epoch().count();
  return fmt::format("ingesta-{}", now);
}

FormFields CommonFields(const SourceContext& context, const char* action, const AssumeRoleOptions& options) {
  FormFields fields = {{"Action", action},
                       {"Version", "2011-06-15"},
                       {"RoleArn", options.role_arn},
                       {"RoleSessionName", SessionName(context, options)}};
  if (!options.duration_seconds.empty()) fields.emplace_back("DurationSeconds", options.duration_seconds);
  return fields;
}

http::Request MakeRequest(const AssumeRoleOptions& options, const FormFields& fields) {
  http::Request request;
  request.method = "POST";
  request.url = options.endpoint.empty()
                    ? fmt::format("https://sts.{}.{}/", options.region, DnsSuffix(options.region))
                    : options.endpoint;
  const size_t host = request.url.find("://") + 3;
  if (request.url.find('/', host) == std::string::npos) request.url += '/';
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body.bytes = FormEncode(fields);
  request.classify = ClassifyAws;
  request.idempotent = true;  // a second session is as good as the first
  request.follow_redirects = false;
  request.authenticate = false;
  return request;
}

Status Refusal(const char* action, const AssumeRoleOptions& options, const ServiceError& error) {
  const std::string message =
      fmt::format("sts:{} of {} was refused: {}", action, options.role_arn, error.ToString());
  if (error.code == "AccessDenied") {
    return MakeError({.code = ErrorCode::kAccessDenied,
                      .stage = {},
                      .http_status = error.status,
                      .hint = fmt::format(
                          "let the caller have sts:{} on {}, and let the role's trust policy name the caller",
                          action, options.role_arn)},
                     message);
  }
  const bool expired = error.IsExpired() || error.code == "ExpiredTokenException";
  return MakeError(
      {.code = expired ? ErrorCode::kExpiredCredentials : ErrorCode::kHttpStatus,
       .stage = {},
       .http_status = error.status,
       .hint = expired ? "renew the credentials or the web identity token that the role is assumed with"
                       : "check role_arn and the values beside it"},
      message);
}

Result<Credentials> Call(const SourceContext& context, const char* action, const AssumeRoleOptions& options,
                         http::Request request) {
  const std::string url = request.url;
  const Result<http::Response> answer = context.client.Fetch(std::move(request));
  if (!answer.ok()) return WithPrefix(answer.status(), fmt::format("sts:{} of {}", action, options.role_arn));
  if (answer->status != 200) return Refusal(action, options, ParseServiceError(*answer));
  ARROW_ASSIGN_OR_RAISE(const XmlNode root, ParseXml(answer->body));
  const XmlNode* node = root.Find("Credentials");
  Credentials credentials;
  if (node != nullptr) {
    credentials.access_key_id = node->ChildText("AccessKeyId");
    credentials.secret_access_key = node->ChildText("SecretAccessKey");
    credentials.session_token = node->ChildText("SessionToken");
    credentials.expiration = ParseIso8601(node->ChildText("Expiration"));
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return MakeError(ErrorCode::kMalformedBody,
                     fmt::format("{} answered sts:{} without credentials", url, action),
                     "check AWS_ENDPOINT_URL_STS");
  }
  credentials.source = fmt::format("role {}", options.role_arn);
  return credentials;
}

}  // namespace

Result<Credentials> AssumeRole(const SourceContext& context, const AssumeRoleOptions& options,
                               const Credentials& base) {
  FormFields fields = CommonFields(context, "AssumeRole", options);
  if (!options.external_id.empty()) fields.emplace_back("ExternalId", options.external_id);
  http::Request request = MakeRequest(options, fields);
  const std::string payload_hash = Sha256Hex(request.body.bytes);
  request.before_attempt = [base, payload_hash, region = options.region,
                            &clock = context.clock](http::Request& attempt) {
    return SignRequest(base, {.region = region, .service = "sts"}, clock.Now(), payload_hash, attempt);
  };
  return Call(context, "AssumeRole", options, std::move(request));
}

Result<Credentials> AssumeRoleWithWebIdentity(const SourceContext& context, const AssumeRoleOptions& options,
                                              const std::string& token_file) {
  Result<std::string> token = ReadTextFile(token_file);
  if (!token.ok()) {
    return MakeError(
        ErrorCode::kCredentialsNotFound,
        fmt::format("the web identity token cannot be read: {}", token.status().message()),
        "check AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file, and that the file is mounted");
  }
  FormFields fields = CommonFields(context, "AssumeRoleWithWebIdentity", options);
  fields.emplace_back("WebIdentityToken", *token);
  return Call(context, "AssumeRoleWithWebIdentity", options, MakeRequest(options, fields));
}

}  // namespace ingesta::aws
