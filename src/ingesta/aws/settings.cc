// Region and endpoints out of the environment and the shared files (see credentials.h).
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/shared_config.h"

extern char** environ;

namespace ingesta::aws {
namespace {

constexpr std::string_view kEndpointVariable = "AWS_ENDPOINT_URL";

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// The SDKs' order: variable of the service, variable for all, the profile's services section, the profile's
/// own. A variable for all therefore hides the services section.
Status AddEndpoints(const Environment& environment, const SharedConfig& config, const Profile* profile,
                    AwsSettings* settings) {
  std::string ignore = EnvironmentValue(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore.empty() && profile != nullptr) ignore = profile->Get("ignore_configured_endpoint_urls");
  if (IsTrue(ignore)) return Status::OK();

  const std::string for_all = EnvironmentValue(environment, std::string(kEndpointVariable));
  if (!for_all.empty()) {
    settings->endpoints[""] = for_all;
  } else if (profile != nullptr) {
    if (profile->Has("endpoint_url")) settings->endpoints[""] = profile->Get("endpoint_url");
    const std::string section = profile->Get("services");
    if (!section.empty()) {
      const auto found = config.services.find(section);
      if (found == config.services.end()) {
        return MakeError(
            ErrorCode::kInvalidConfig,
            fmt::format("profile {} names the services section {}, which {} does not have", profile->name,
                        section, config.config_path),
            fmt::format("add [services {}] or take the line `services` out of the profile", section));
      }
      for (const auto& [service, values] : found->second.nested) {
        const auto url = values.find("endpoint_url");
        if (url != values.end()) settings->endpoints[service] = url->second;
      }
    }
  }
  for (const auto& [name, value] : environment) {
    if (value.empty() || !name.starts_with(kEndpointVariable) ||
        name.size() <= kEndpointVariable.size() + 1 || name[kEndpointVariable.size()] != '_') {
      continue;
    }
    settings->endpoints[Lower(name.substr(kEndpointVariable.size() + 1))] = value;
  }
  return Status::OK();
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

std::string AwsSettings::EndpointFor(const std::string& service_id) const {
  auto found = endpoints.find(service_id);
  if (found == endpoints.end()) found = endpoints.find("");
  return found == endpoints.end() ? std::string() : found->second;
}

Status ProfileNotFound(const SharedConfig& config, const std::string& name) {
  return MakeError(
      ErrorCode::kCredentialsNotFound,
      fmt::format("the AWS profile {} does not exist ({})", name, config.Describe()),
      fmt::format(
          "set AWS_PROFILE to an existing profile, or create it with `aws configure --profile {}`; in "
          "a container mount the files with `-v ~/.aws:/root/.aws:ro`",
          name));
}

Result<AwsSettings> LoadSettings(const Environment& environment) {
  ARROW_ASSIGN_OR_RAISE(const SharedConfig config, LoadSharedConfig(environment));
  AwsSettings settings;
  settings.profile = ProfileName(environment);
  const Profile* profile = config.Find(settings.profile);
  if (profile == nullptr && settings.profile != "default") return ProfileNotFound(config, settings.profile);
  settings.region = EnvironmentValue(environment, "AWS_REGION");
  if (settings.region.empty()) settings.region = EnvironmentValue(environment, "AWS_DEFAULT_REGION");
  if (settings.region.empty() && profile != nullptr) settings.region = profile->Get("region");
  if (settings.region.empty()) settings.region = "us-east-1";
  settings.s3_path_style = profile != nullptr && profile->GetNested("s3", "addressing_style") == "path";
  ARROW_RETURN_NOT_OK(AddEndpoints(environment, config, profile, &settings));
  return settings;
}

}  // namespace ingesta::aws
