// AWS IAM Identity Center: the token that `aws sso login` cached, exchanged for a role's credentials
// (see credential_sources.h).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/digest.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

using Members = std::map<std::string, std::string>;

std::string LoginHint(const SsoOptions& options) {
  return fmt::format("run `aws sso login --profile {}` where the files of ~/.aws are, then run again",
                     options.profile);
}

std::string Member(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? std::string() : found->second;
}

bool IsExpired(const SourceContext& context, const Members& token) {
  const std::optional<SystemTime> expiry = ParseIso8601(Member(token, "expiresAt"));
  return !expiry.has_value() || *expiry <= context.clock.Now();
}

/// Best effort: ~/.aws is often mounted read-only, and then the renewed token serves this process alone.
void SaveToken(const std::string& path, const Members& token) {
  std::string json;
  for (const auto& [name, value] : token) {
    json += (json.empty() ? "{" : ", ") + JsonString(name) + ": " + JsonString(value);
  }
  json += "}";
  const std::string staged = fmt::format("{}.{}.tmp", path, getpid());
  const int file = open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return;
  const bool whole = write(file, json.data(), json.size()) == static_cast<ssize_t>(json.size());
  close(file);
  if (!whole || rename(staged.c_str(), path.c_str()) != 0) unlink(staged.c_str());
}

http::Request PlainRequest(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.classify = ClassifyAws;
  request.follow_redirects = false;
  request.authenticate = false;
  return request;
}

/// sso-oidc:CreateToken with the refresh token; changes `token` in place.
Status RenewToken(const SourceContext& context, const SsoOptions& options, Members* token) {
  const std::string base = options.oidc_endpoint.empty()
                               ? fmt::format("https://oidc.{}.{}", options.region, DnsSuffix(options.region))
                               : options.oidc_endpoint;
  http::Request request = PlainRequest("POST", base + "/token");
  request.headers.Set("Content-Type", "application/json");
  request.body.bytes =
      fmt::format(R"({{"grantType":"refresh_token","clientId":{},"clientSecret":{},"refreshToken":{}}})",
                  JsonString(Member(*token, "clientId")), JsonString(Member(*token, "clientSecret")),
                  JsonString(Member(*token, "refreshToken")));
  request.idempotent = false;  // a refresh token may be good for one use only
  const Result<http::Response> answer = context.client.Fetch(std::move(request));
  if (!answer.ok()) return WithPrefix(answer.status(), "renewing the SSO token");
  if (answer->status != 200) {
    return MakeError(ErrorCode::kExpiredCredentials,
                     fmt::format("the SSO token of {} is expired and was not renewed: {}", options.cache_name,
                                 ParseServiceError(*answer).ToString()),
                     LoginHint(options));
  }
  ARROW_ASSIGN_OR_RAISE(const Members fresh,
                        ParseJsonObject(answer->body, "the answer of sso-oidc:CreateToken"));
  const int64_t seconds = std::atoll(Member(fresh, "expiresIn").c_str());
  (*token)["accessToken"] = Member(fresh, "accessToken");
  (*token)["expiresAt"] =
      FormatRfc3339(context.clock.Now() + std::chrono::seconds(seconds)).substr(0, 19) + "Z";
  if (fresh.count("refreshToken") != 0) (*token)["refreshToken"] = fresh.at("refreshToken");
  return Status::OK();
}

Result<std::string> AccessToken(const SourceContext& context, const SsoOptions& options) {
  const std::string path = fmt::format("{}/{}.json", options.cache_dir, Sha1Hex(options.cache_name));
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) {
    return MakeError(ErrorCode::kCredentialsNotFound,
                     fmt::format("no SSO token for {}: {}", options.cache_name, text.status().message()),
                     LoginHint(options));
  }
  ARROW_ASSIGN_OR_RAISE(Members token, ParseJsonObject(*text, path));
  if (IsExpired(context, token)) {
    const bool renewable = options.may_refresh && !Member(token, "refreshToken").empty() &&
                           !Member(token, "clientId").empty() && !Member(token, "clientSecret").empty();
    if (!renewable) {
      return MakeError(
          ErrorCode::kExpiredCredentials,
          fmt::format("the SSO token of {} ended at {}", options.cache_name, Member(token, "expiresAt")),
          LoginHint(options));
    }
    ARROW_RETURN_NOT_OK(RenewToken(context, options, &token));
    SaveToken(path, token);
  }
  if (Member(token, "accessToken").empty()) {
    return MakeError(ErrorCode::kCredentialsNotFound, fmt::format("{} holds no accessToken", path),
                     LoginHint(options));
  }
  return Member(token, "accessToken");
}

}  // namespace

Result<Credentials> FromSso(const SourceContext& context, const SsoOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const std::string token, AccessToken(context, options));
  const std::string base =
      options.portal_endpoint.empty()
          ? fmt::format("https://portal.sso.{}.{}", options.region, DnsSuffix(options.region))
          : options.portal_endpoint;
  http::Request request = PlainRequest(
      "GET", fmt::format("{}/federation/credentials?{}", base,
                         FormEncode({{"role_name", options.role_name}, {"account_id", options.account_id}})));
  request.headers.Set("x-amz-sso_bearer_token", token);
  const Result<http::Response> answer = context.client.Fetch(std::move(request));
  if (!answer.ok()) return WithPrefix(answer.status(), "sso:GetRoleCredentials");
  if (answer->status != 200) {
    const ServiceError error = ParseServiceError(*answer);
    const bool expired = answer->status == 401;
    return MakeError(
        {.code = expired ? ErrorCode::kExpiredCredentials : ErrorCode::kAccessDenied,
         .stage = {},
         .http_status = answer->status,
         .hint = expired ? LoginHint(options)
                         : "check sso_account_id and sso_role_name, and that you are assigned that role"},
        fmt::format("sso:GetRoleCredentials for role {} in account {} was refused: {}", options.role_name,
                    options.account_id, error.ToString()));
  }
  ARROW_ASSIGN_OR_RAISE(const Members members,
                        ParseJsonObject(answer->body, "the answer of sso:GetRoleCredentials"));
  Credentials credentials;
  credentials.access_key_id = Member(members, "roleCredentials.accessKeyId");
  credentials.secret_access_key = Member(members, "roleCredentials.secretAccessKey");
  credentials.session_token = Member(members, "roleCredentials.sessionToken");
  const std::string expiration = Member(members, "roleCredentials.expiration");
  if (!expiration.empty()) credentials.expiration = SystemTime(Millis(std::atoll(expiration.c_str())));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return MakeError(ErrorCode::kMalformedBody, "sso:GetRoleCredentials answered without credentials");
  }
  credentials.source = fmt::format("SSO role {} of account {}", options.role_name, options.account_id);
  return credentials;
}

}  // namespace ingesta::aws
