// Credentials of a profile of the shared files, in botocore's order: role_arn; web identity; SSO; static keys
// of the credentials file; credential_process; static keys of the config file. A profile that says one of
// them and cannot is an error. May block on the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/shared_config.h"

namespace ingesta::aws {

class ProfileCredentials {
 public:
  /// REQUIRES: both outlive this object.
  ProfileCredentials(const SourceContext& context, const SharedConfig& config)
      : context_(context), config_(config) {}

  /// Of the profile that AWS_PROFILE names, and of web identity in the environment, which goes before the
  /// profile's own keys and after its role_arn. nullopt: neither says anything. `profile` may be nullptr (no
  /// profile `default`).
  Result<std::optional<Credentials>> Resolve(const Profile* profile);

 private:
  Result<std::optional<Credentials>> FromKeys(const Profile& profile);
  Result<Credentials> FromRole(const Profile& profile);
  Result<Credentials> BaseOf(const Profile& profile);
  Result<Credentials> FromSourceProfile(const Profile& profile, const std::string& source_name);
  Result<std::optional<Credentials>> FromWebIdentity(const Profile* profile, bool with_environment);
  Result<std::optional<Credentials>> FromSsoProfile(const Profile& profile);
  Result<AssumeRoleOptions> RoleOptions(const Profile* profile) const;

  const SourceContext& context_;
  const SharedConfig& config_;
  std::vector<std::string> visited_;  ///< names of the profiles of a chain of roles, for loops
};

}  // namespace ingesta::aws
