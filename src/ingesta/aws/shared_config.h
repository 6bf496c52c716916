// The shared AWS files (~/.aws/config, ~/.aws/credentials) as profiles, SSO sessions and services, and the
// environment beside them. Values, read once; nothing here asks the network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/ini_file.h"
#include "ingesta/base/status.h"

namespace ingesta::aws {

/// The variable's value; an empty one counts as absent.
std::string EnvironmentValue(const Environment& environment, const std::string& name);
/// `true` in any case.
bool IsTrue(std::string_view text);

/// A profile over both files. Keys of the credentials file win over the same keys of the config file.
struct Profile {
  std::string name;
  IniSection config;       ///< of the config file
  IniSection credentials;  ///< of the credentials file

  std::string Get(const std::string& key) const;
  bool Has(const std::string& key) const { return !Get(key).empty(); }
  /// A value of an indented group such as `s3 =`; "" where absent.
  std::string GetNested(const std::string& group, const std::string& key) const;
};

struct SharedConfig {
  std::string config_path;
  std::string credentials_path;
  std::string home;  ///< of the user; "" where unknown
  std::map<std::string, Profile> profiles;
  std::map<std::string, IniSection> sso_sessions;
  std::map<std::string, IniSection> services;

  const Profile* Find(const std::string& name) const;
  /// For messages: which files were read, and the profiles in them.
  std::string Describe() const;
};

/// Absent files are empty ones; unreadable or malformed ones are errors.
Result<SharedConfig> LoadSharedConfig(const Environment& environment);

/// AWS_PROFILE, or `default`.
std::string ProfileName(const Environment& environment);

/// kCredentialsNotFound that lists the profiles there are.
Status ProfileNotFound(const SharedConfig& config, const std::string& name);

/// The whole file. kNotFound where there is none.
Result<std::string> ReadTextFile(const std::string& path);

}  // namespace ingesta::aws
