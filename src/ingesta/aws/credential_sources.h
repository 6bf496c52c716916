// The places that credentials come from, one function each. None falls back to another: choosing is
// credentials.cc's and profile_credentials.cc's part. May block on the network.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/shared_config.h"
#include "ingesta/base/clock.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {

/// What sources need. References outlive them.
struct SourceContext {
  Environment environment;
  http::Client& client;
  Clock& clock;
};

// --- environment
/// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; nullopt where neither is set, an error where one is.
Result<std::optional<Credentials>> FromEnvironment(const Environment& environment);
/// `key` and `secret` of one place; nullopt where neither is set, kCredentialsNotFound naming `place` where
/// one is.
Result<std::optional<Credentials>> FromKeyPair(const std::string& key, const std::string& secret,
                                               const std::string& token, const std::string& place);

// --- STS
struct AssumeRoleOptions {
  std::string role_arn;
  std::string session_name;  ///< empty: made from the time
  std::string external_id;
  std::string duration_seconds;  ///< empty: the service's own
  std::string region;
  std::string endpoint;  ///< empty: the region's own
};
/// sts:AssumeRole, signed by `base`.
Result<Credentials> AssumeRole(const SourceContext& context, const AssumeRoleOptions& options,
                               const Credentials& base);
/// sts:AssumeRoleWithWebIdentity by the token in `token_file`, read anew each time.
Result<Credentials> AssumeRoleWithWebIdentity(const SourceContext& context, const AssumeRoleOptions& options,
                                              const std::string& token_file);

// --- AWS IAM Identity Center (SSO)
struct SsoOptions {
  std::string profile;  ///< for the hint `aws sso login --profile ...`
  std::string
      cache_name;         ///< the session's name, or the start URL (legacy): its SHA-1 names the token's file
  std::string cache_dir;  ///< ~/.aws/sso/cache
  std::string region;
  std::string account_id;
  std::string role_name;
  std::string portal_endpoint;  ///< empty: AWS's own
  std::string oidc_endpoint;
  bool may_refresh = false;  ///< a token of an sso-session can be renewed by its refresh token
};
Result<Credentials> FromSso(const SourceContext& context, const SsoOptions& options);

// --- credential_process
/// Runs `command` without a shell, 60 s at most, and reads its JSON.
Result<Credentials> FromProcess(const SourceContext& context, const std::string& command);

// --- metadata endpoints
/// The container endpoint that ECS or EKS names in the environment. REQUIRES: HasContainerEndpoint.
bool HasContainerEndpoint(const Environment& environment);
/// The URL to ask. kInvalidConfig where AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that must not be
/// given the token.
Result<std::string> ContainerUrl(const Environment& environment);
Result<Credentials> FromContainer(const SourceContext& context);

/// True unless AWS_EC2_METADATA_DISABLED.
bool InstanceMetadataEnabled(const Environment& environment);
/// IMDSv2. kNotFound where no metadata service answers, or the machine has no role; other errors are its own.
/// `endpoint`: the profile's ec2_metadata_service_endpoint, may be empty; the environment wins.
Result<Credentials> FromInstanceMetadata(const SourceContext& context, const std::string& endpoint);

}  // namespace ingesta::aws
