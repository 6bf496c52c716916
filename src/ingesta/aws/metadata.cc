// Credentials from the endpoints that containers and machines on AWS have: ECS, EKS Pod Identity, IMDSv2
// (see credential_sources.h). They get a client of their own: short time-outs, few tries.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

constexpr std::array<std::string_view, 3> kAllowedHosts = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

Result<std::unique_ptr<http::Client>> MetadataClient(const SourceContext& context, Millis wait, int tries) {
  http::ClientOptions options;
  options.timeouts = {.connect = wait, .idle = wait, .total = 5 * wait};
  options.retry = {
      .max_retries = tries - 1, .base = Millis{100}, .cap = Millis{1'000}, .max_elapsed = 30 * wait};
  options.max_body = 1 << 20;
  return http::Client::Make(std::move(options), context.clock, SystemRandom());
}

http::Request MetadataRequest(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.follow_redirects = false;
  request.authenticate = false;
  request.classify = ClassifyAws;
  return request;
}

/// The form that container endpoints and IMDS share.
Result<Credentials> ReadJson(const std::string& body, const std::string& url, std::string source) {
  ARROW_ASSIGN_OR_RAISE(auto members, ParseJsonObject(body, fmt::format("the answer of {}", url)));
  Credentials credentials;
  credentials.access_key_id = members["AccessKeyId"];
  credentials.secret_access_key = members["SecretAccessKey"];
  credentials.session_token = members["Token"];
  credentials.expiration = ParseIso8601(members["Expiration"]);
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return MakeError(
        ErrorCode::kCredentialsNotFound,
        fmt::format("{} answered without credentials: {} {}", url, members["Code"], members["Message"]),
        "check the role of the task, pod or machine");
  }
  credentials.source = std::move(source);
  return credentials;
}

Result<std::string> AuthorizationToken(const Environment& environment) {
  const std::string file = EnvironmentValue(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  std::string token = EnvironmentValue(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (!file.empty()) {
    const Result<std::string> text = ReadTextFile(file);
    if (!text.ok()) return WithPrefix(text.status(), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = *text;
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return MakeError(ErrorCode::kInvalidConfig, "the container authorization token holds a line break");
  }
  return token;
}

std::string InstanceEndpoint(const Environment& environment, const std::string& of_profile) {
  std::string endpoint = EnvironmentValue(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) endpoint = of_profile;
  std::string mode = EnvironmentValue(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return std::tolower(c); });
  if (endpoint.empty()) endpoint = mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

int PositiveOr(const Environment& environment, const char* name, int fallback) {
  const int value = std::atoi(EnvironmentValue(environment, name).c_str());
  return value > 0 ? value : fallback;
}

bool NobodyThere(const Status& status) {
  switch (CodeOf(status)) {
    case ErrorCode::kHostNotFound:
    case ErrorCode::kConnectFailed:
    case ErrorCode::kConnectionLost:
    case ErrorCode::kTimeout:
      return true;
    default:
      return false;
  }
}

Status Absent(const std::string& endpoint, std::string_view why) {
  return MakeError(ErrorCode::kNotFound, fmt::format("{}: {}", endpoint, why));
}

Result<std::string> Get(http::Client& client, const std::string& endpoint, const std::string& path,
                        const std::string& token) {
  http::Request request = MetadataRequest("GET", endpoint + path);
  request.headers.Set("x-aws-ec2-metadata-token", token);
  ARROW_ASSIGN_OR_RAISE(http::Response answer, client.Fetch(std::move(request)));
  if (answer.status == 404) return Absent(endpoint, "the machine has no IAM role");
  if (answer.status != 200) {
    return MakeError(
        {.code = ErrorCode::kHttpStatus, .stage = {}, .http_status = answer.status},
        fmt::format("GET {}{} answered {}", endpoint, path, ParseServiceError(answer).ToString()));
  }
  return std::move(answer.body);
}

}  // namespace

bool HasContainerEndpoint(const Environment& environment) {
  return !EnvironmentValue(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
         !EnvironmentValue(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
}

Result<std::string> ContainerUrl(const Environment& environment) {
  const std::string relative = EnvironmentValue(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    return fmt::format("http://169.254.170.2{}{}", relative.starts_with('/') ? "" : "/", relative);
  }
  const std::string full = EnvironmentValue(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const std::string host = HostOf(full);
  const bool allowed = full.starts_with("https://") || IsLoopback(host) ||
                       std::find(kAllowedHosts.begin(), kAllowedHosts.end(), host) != kAllowedHosts.end();
  if (!allowed) {
    return MakeError(ErrorCode::kInvalidConfig,
                     fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI names the host {} without TLS", host),
                     "use https, a loopback address, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
  }
  return full;
}

Result<Credentials> FromContainer(const SourceContext& context) {
  ARROW_ASSIGN_OR_RAISE(const std::string url, ContainerUrl(context.environment));
  ARROW_ASSIGN_OR_RAISE(const std::string token, AuthorizationToken(context.environment));
  ARROW_ASSIGN_OR_RAISE(const auto client, MetadataClient(context, Millis{2'000}, 3));
  http::Request request = MetadataRequest("GET", url);
  request.headers.Set("Accept", "application/json");
  if (!token.empty()) request.headers.Set("Authorization", token);
  const Result<http::Response> answer = client->Fetch(std::move(request));
  if (!answer.ok()) return WithPrefix(answer.status(), "container credentials endpoint");
  if (answer->status != 200) {
    return MakeError({.code = ErrorCode::kCredentialsNotFound,
                      .stage = {},
                      .http_status = answer->status,
                      .hint = "check the task's or pod's role, and AWS_CONTAINER_AUTHORIZATION_TOKEN"},
                     fmt::format("the container credentials endpoint {} answered {}", url,
                                 ParseServiceError(*answer).ToString()));
  }
  return ReadJson(answer->body, url, "container endpoint");
}

bool InstanceMetadataEnabled(const Environment& environment) {
  return !IsTrue(EnvironmentValue(environment, "AWS_EC2_METADATA_DISABLED"));
}

Result<Credentials> FromInstanceMetadata(const SourceContext& context,
                                         const std::string& endpoint_of_profile) {
  const std::string endpoint = InstanceEndpoint(context.environment, endpoint_of_profile);
  const Millis wait(1'000 * PositiveOr(context.environment, "AWS_METADATA_SERVICE_TIMEOUT", 1));
  ARROW_ASSIGN_OR_RAISE(
      const auto client,
      MetadataClient(context, wait, PositiveOr(context.environment, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1)));
  http::Request request = MetadataRequest("PUT", endpoint + "/latest/api/token");
  request.headers.Set("x-aws-ec2-metadata-token-ttl-seconds", "21600");
  const Result<http::Response> token = client->Fetch(std::move(request));
  if (!token.ok()) {
    return NobodyThere(token.status()) ? Absent(endpoint, "no instance metadata service answers")
                                       : token.status();
  }
  if (token->status != 200)
    return Absent(endpoint, fmt::format("answered {} to the request for an IMDSv2 token", token->status));
  const std::string base = "/latest/meta-data/iam/security-credentials/";
  ARROW_ASSIGN_OR_RAISE(std::string role, Get(*client, endpoint, base, token->body));
  role = role.substr(0, role.find_first_of("\r\n"));
  if (role.empty()) return Absent(endpoint, "the machine has no IAM role");
  ARROW_ASSIGN_OR_RAISE(const std::string body,
                        Get(*client, endpoint, base + http::PercentEncode(role), token->body));
  return ReadJson(body, endpoint, fmt::format("instance metadata, role {}", role));
}

}  // namespace ingesta::aws
