#include "ingesta/aws/profile_credentials.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingesta::aws {
namespace {

Status ProfileError(const Profile& profile, std::string_view what, std::string hint) {
  return MakeError(ErrorCode::kCredentialsNotFound, fmt::format("AWS profile {}: {}", profile.name, what),
                   std::move(hint));
}

bool HasKeys(const Profile& profile) {
  return profile.Has("aws_access_key_id") || profile.Has("aws_secret_access_key");
}

/// A profile with a web identity token assumes its role by that, not by another profile.
bool HasRole(const Profile& profile) {
  return profile.Has("role_arn") && !profile.Has("web_identity_token_file");
}

std::string Expand(const std::string& home, const std::string& path) {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

Result<std::optional<Credentials>> KeysOf(const Profile& profile, const IniSection& section,
                                          const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(
      auto credentials,
      FromKeyPair(section.Get("aws_access_key_id"), section.Get("aws_secret_access_key"),
                  section.Get("aws_session_token"), fmt::format("profile {} in {}", profile.name, path)));
  if (credentials.has_value()) credentials->source = fmt::format("profile {}", profile.name);
  return credentials;
}

void NameSource(const Profile& profile, Credentials* credentials) {
  credentials->source = fmt::format("profile {} ({})", profile.name, credentials->source);
}

}  // namespace

Result<std::optional<Credentials>> ProfileCredentials::Resolve(const Profile* profile) {
  if (profile != nullptr && HasRole(*profile)) {
    ARROW_ASSIGN_OR_RAISE(Credentials credentials, FromRole(*profile));
    return std::optional(std::move(credentials));
  }
  ARROW_ASSIGN_OR_RAISE(auto by_web_identity, FromWebIdentity(profile, true));
  if (by_web_identity.has_value() || profile == nullptr) return by_web_identity;
  return FromKeys(*profile);
}

Result<std::optional<Credentials>> ProfileCredentials::FromKeys(const Profile& profile) {
  ARROW_ASSIGN_OR_RAISE(auto by_sso, FromSsoProfile(profile));
  if (by_sso.has_value()) return by_sso;
  ARROW_ASSIGN_OR_RAISE(auto stored, KeysOf(profile, profile.credentials, config_.credentials_path));
  if (stored.has_value()) return stored;
  const std::string command = profile.Get("credential_process");
  if (!command.empty()) {
    const Result<Credentials> made = FromProcess(context_, command);
    if (!made.ok()) return WithPrefix(made.status(), fmt::format("AWS profile {}", profile.name));
    Credentials credentials = *made;
    NameSource(profile, &credentials);
    return std::optional(std::move(credentials));
  }
  ARROW_ASSIGN_OR_RAISE(auto configured, KeysOf(profile, profile.config, config_.config_path));
  if (configured.has_value()) return configured;
  if (profile.Has("login_session")) {
    return ProfileError(
        profile, "it uses `aws login`, whose sessions ingesta cannot read",
        fmt::format("add `credential_process = aws configure export-credentials --profile {}` to another "
                    "profile and name that one in AWS_PROFILE",
                    profile.name));
  }
  return std::optional<Credentials>();
}

Result<AssumeRoleOptions> ProfileCredentials::RoleOptions(const Profile* profile) const {
  AssumeRoleOptions options;
  ARROW_ASSIGN_OR_RAISE(const AwsSettings settings, LoadSettings(context_.environment));
  options.region = settings.region;
  options.endpoint = settings.EndpointFor("sts");
  if (profile == nullptr) return options;
  // The role's own region speaks where the environment has none.
  const bool from_environment = !EnvironmentValue(context_.environment, "AWS_REGION").empty() ||
                                !EnvironmentValue(context_.environment, "AWS_DEFAULT_REGION").empty();
  if (!from_environment && profile->Has("region")) options.region = profile->Get("region");
  options.role_arn = profile->Get("role_arn");
  options.session_name = profile->Get("role_session_name");
  options.external_id = profile->Get("external_id");
  options.duration_seconds = profile->Get("duration_seconds");
  return options;
}

Result<Credentials> ProfileCredentials::FromRole(const Profile& profile) {
  visited_.push_back(profile.name);
  if (profile.Has("mfa_serial")) {
    return ProfileError(
        profile, "its role asks for an MFA code (mfa_serial), which nobody can type in an unattended run",
        "use a role without mfa_serial, or export a session's keys into the environment");
  }
  ARROW_ASSIGN_OR_RAISE(const Credentials base, BaseOf(profile));
  ARROW_ASSIGN_OR_RAISE(const AssumeRoleOptions options, RoleOptions(&profile));
  const Result<Credentials> assumed = AssumeRole(context_, options, base);
  if (!assumed.ok()) {
    return WithPrefix(assumed.status(), fmt::format("AWS profile {} (as {})", profile.name, base.source));
  }
  Credentials credentials = *assumed;
  NameSource(profile, &credentials);
  return credentials;
}

Result<Credentials> ProfileCredentials::BaseOf(const Profile& profile) {
  const std::string source_profile = profile.Get("source_profile");
  const std::string source = profile.Get("credential_source");
  if (source_profile.empty() == source.empty()) {
    return ProfileError(profile,
                        source.empty() ? "role_arn without source_profile or credential_source"
                                       : "both source_profile and credential_source",
                        "say where the keys come from that assume the role: exactly one of the two");
  }
  if (!source_profile.empty()) return FromSourceProfile(profile, source_profile);
  if (source == "Environment") {
    ARROW_ASSIGN_OR_RAISE(auto keys, FromEnvironment(context_.environment));
    if (keys.has_value()) return *keys;
    return ProfileError(profile, "credential_source = Environment, and AWS_ACCESS_KEY_ID is not set",
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  if (source == "EcsContainer") {
    if (HasContainerEndpoint(context_.environment)) return FromContainer(context_);
    return ProfileError(profile, "credential_source = EcsContainer outside of a container with a role",
                        "run on ECS or EKS with a task or pod role");
  }
  if (source == "Ec2InstanceMetadata") {
    if (InstanceMetadataEnabled(context_.environment)) {
      const auto base = FromInstanceMetadata(context_, profile.Get("ec2_metadata_service_endpoint"));
      if (base.ok() || CodeOf(base.status()) != ErrorCode::kNotFound) return base;
      return ProfileError(profile,
                          fmt::format("credential_source = Ec2InstanceMetadata: {}", base.status().message()),
                          "run on a machine with an instance role");
    }
    return ProfileError(profile,
                        "credential_source = Ec2InstanceMetadata, and AWS_EC2_METADATA_DISABLED is set",
                        "unset AWS_EC2_METADATA_DISABLED");
  }
  return ProfileError(profile, fmt::format("unknown credential_source {}", source),
                      "valid: Environment, Ec2InstanceMetadata, EcsContainer");
}

Result<Credentials> ProfileCredentials::FromSourceProfile(const Profile& profile,
                                                          const std::string& source_name) {
  const Profile* source = config_.Find(source_name);
  if (source == nullptr) {
    return ProfileError(profile,
                        fmt::format("source_profile {} does not exist ({})", source_name, config_.Describe()),
                        "correct source_profile, or add that profile");
  }
  // A profile may name itself: its own keys then assume its role.
  const bool seen = std::find(visited_.begin(), visited_.end(), source_name) != visited_.end();
  if (HasKeys(*source) || !HasRole(*source)) {
    ARROW_ASSIGN_OR_RAISE(auto by_web_identity, FromWebIdentity(source, false));
    if (by_web_identity.has_value()) return *by_web_identity;
    ARROW_ASSIGN_OR_RAISE(auto keys, FromKeys(*source));
    if (keys.has_value()) return *keys;
    return ProfileError(profile, fmt::format("source_profile {} holds no credentials", source_name),
                        fmt::format("run `aws configure --profile {}`", source_name));
  }
  if (seen) {
    return ProfileError(profile,
                        fmt::format("the chain of roles goes round in a circle: {} -> {}",
                                    fmt::join(visited_, " -> "), source_name),
                        "let one source_profile hold keys of its own");
  }
  return FromRole(*source);
}

Result<std::optional<Credentials>> ProfileCredentials::FromWebIdentity(const Profile* profile,
                                                                       bool with_environment) {
  const auto value = [&](const char* variable, const char* key) {
    std::string text = with_environment ? EnvironmentValue(context_.environment, variable) : "";
    return text.empty() && profile != nullptr ? profile->Get(key) : text;
  };
  const std::string token_file =
      Expand(config_.home, value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"));
  if (token_file.empty()) return std::optional<Credentials>();
  ARROW_ASSIGN_OR_RAISE(AssumeRoleOptions options, RoleOptions(profile));
  options.external_id.clear();
  options.role_arn = value("AWS_ROLE_ARN", "role_arn");
  options.session_name = value("AWS_ROLE_SESSION_NAME", "role_session_name");
  if (options.role_arn.empty()) {
    return MakeError(ErrorCode::kCredentialsNotFound,
                     fmt::format("the web identity token {} is configured without a role", token_file),
                     "set AWS_ROLE_ARN, or role_arn beside web_identity_token_file");
  }
  ARROW_ASSIGN_OR_RAISE(Credentials credentials, AssumeRoleWithWebIdentity(context_, options, token_file));
  credentials.source = fmt::format("web identity ({})", credentials.source);
  return std::optional(std::move(credentials));
}

Result<std::optional<Credentials>> ProfileCredentials::FromSsoProfile(const Profile& profile) {
  if (!profile.Has("sso_account_id") && !profile.Has("sso_role_name")) return std::optional<Credentials>();
  SsoOptions options;
  options.profile = profile.name;
  options.cache_name = profile.Get("sso_start_url");
  options.region = profile.Get("sso_region");
  const std::string session = profile.Get("sso_session");
  if (!session.empty()) {
    const auto found = config_.sso_sessions.find(session);
    if (found == config_.sso_sessions.end()) {
      return ProfileError(profile,
                          fmt::format("sso_session {} does not exist in {}", session, config_.config_path),
                          "run `aws configure sso`");
    }
    options.region = found->second.Get("sso_region");
    options.cache_name = session;
    options.may_refresh = true;
  }
  options.account_id = profile.Get("sso_account_id");
  options.role_name = profile.Get("sso_role_name");
  options.cache_dir = config_.home + "/.aws/sso/cache";
  for (const auto& [name, value] : {std::pair("sso_account_id", &options.account_id),
                                    {"sso_role_name", &options.role_name},
                                    {"sso_session or sso_start_url", &options.cache_name},
                                    {"sso_region", &options.region}}) {
    if (value->empty()) {
      return ProfileError(profile, fmt::format("an SSO profile without {}", name), "run `aws configure sso`");
    }
  }
  ARROW_ASSIGN_OR_RAISE(const AwsSettings settings, LoadSettings(context_.environment));
  options.portal_endpoint = settings.EndpointFor("sso");
  options.oidc_endpoint = settings.EndpointFor("sso_oidc");
  const Result<Credentials> found = FromSso(context_, options);
  if (!found.ok()) return WithPrefix(found.status(), fmt::format("AWS profile {}", profile.name));
  Credentials credentials = *found;
  NameSource(profile, &credentials);
  return std::optional(std::move(credentials));
}

}  // namespace ingesta::aws
