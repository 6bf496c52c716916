// AWS credentials in the order of the AWS SDKs. Which source applies is decided once; a source that is
// configured and fails is an error that names what was tried, never a step to the next identity. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;             ///< empty for long-lived keys
  std::optional<SystemTime> expiration;  ///< nullopt for long-lived keys
  std::string source;  ///< for messages: `environment`, `profile default`, `container endpoint`, ...
};

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Valid credentials, renewed where they end within 5 minutes. May block on the network.
  virtual Result<Credentials> Get() = 0;
  /// Forget cached credentials after the service called them expired.
  virtual void Invalidate() = 0;
};

/// Environment variables by name, injected for tests.
using Environment = std::map<std::string, std::string>;
Environment ProcessEnvironment();

/// What the shared config and the environment say beside credentials.
struct AwsSettings {
  std::string region;          ///< AWS_REGION, AWS_DEFAULT_REGION, profile; `us-east-1` where none says
  std::string profile;         ///< AWS_PROFILE or `default`
  bool s3_path_style = false;  ///< the profile says `s3 = addressing_style = path`
  /// Endpoint for a service id such as `s3` or `sts`, in the SDKs' order: AWS_ENDPOINT_URL_<ID>,
  /// AWS_ENDPOINT_URL, the profile's [services] section, the profile's endpoint_url; empty = AWS's own.
  /// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is honoured.
  std::map<std::string, std::string> endpoints;  ///< by service id; key "" = for all
  std::string EndpointFor(const std::string& service_id) const;
};

Result<AwsSettings> LoadSettings(const Environment& environment);

/// Order: environment keys -> profile (role_arn with source_profile or credential_source, web identity,
/// cached SSO token, static keys of the credentials file, credential_process, static keys of the config file)
/// -> web identity by environment
/// -> container endpoint -> IMDSv2. As in botocore, web identity by environment goes before what a profile
/// has of its own, but for its role_arn. A missing profile called `default` falls through; another named
/// profile that does not exist, or half a key pair, is an error. Resolution is lazy: the first Get() decides.
/// `client` outlives the provider.
Result<std::shared_ptr<CredentialsProvider>> MakeDefaultCredentials(Environment environment,
                                                                    http::Client& client, Clock& clock);
std::shared_ptr<CredentialsProvider> MakeStaticCredentials(Credentials credentials);

}  // namespace ingesta::aws
