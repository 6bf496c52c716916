#include "ingesta/aws/shared_config.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace ingesta::aws {
namespace {

std::string HomeDirectory(const Environment& environment) {
  std::string home = EnvironmentValue(environment, "HOME");
  if (!home.empty()) return home;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_dir;
  return "";
}

std::string FilePath(const Environment& environment, const char* variable, const std::string& home,
                     const char* name) {
  std::string path = EnvironmentValue(environment, variable);
  if (path.empty()) return home.empty() ? "" : fmt::format("{}/.aws/{}", home, name);
  if (path == "~" || path.starts_with("~/")) path = home + path.substr(1);
  return path;
}

Result<std::map<IniHeader, IniSection>> LoadIni(const std::string& path) {
  if (path.empty()) return std::map<IniHeader, IniSection>{};
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) {
    if (CodeOf(text.status()) == ErrorCode::kNotFound) return std::map<IniHeader, IniSection>{};
    return text.status();
  }
  return ParseIni(*text, path);
}

/// [name] in the config file counts as a profile only for `default`; [profile default] wins over [default].
void AddConfigSections(std::map<IniHeader, IniSection> sections, SharedConfig* config) {
  const auto plain = sections.find(IniHeader{"default"});
  if (plain != sections.end()) config->profiles["default"].config = std::move(plain->second);
  for (auto& [header, section] : sections) {
    if (header.size() != 2) continue;
    if (header[0] == "profile") config->profiles[header[1]].config = std::move(section);
    if (header[0] == "sso-session") config->sso_sessions[header[1]] = std::move(section);
    if (header[0] == "services") config->services[header[1]] = std::move(section);
  }
}

}  // namespace

std::string EnvironmentValue(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

bool IsTrue(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower == "true";
}

Result<std::string> ReadTextFile(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
  if (file == nullptr) {
    const int cause = errno;
    // A file in a directory that this user may not enter (/root for another UID) is as good as none; one that
    // is there and may not be read is a mistake to tell.
    const bool hidden = cause == EACCES && access(path.c_str(), F_OK) != 0;
    if (cause == ENOENT || cause == ENOTDIR || hidden) {
      return MakeError(ErrorCode::kNotFound, fmt::format("{} does not exist", path));
    }
    return ErrnoError(cause, fmt::format("cannot open {}", path));
  }
  std::string text;
  std::array<char, 8192> buffer;
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
    text.append(buffer.data(), got);
  }
  if (ferror(file.get()) != 0) return ErrnoError(errno, fmt::format("cannot read {}", path));
  return text;
}

std::string Profile::Get(const std::string& key) const {
  std::string value = credentials.Get(key);
  return value.empty() ? config.Get(key) : value;
}

std::string Profile::GetNested(const std::string& group, const std::string& key) const {
  const auto found = config.nested.find(group);
  if (found == config.nested.end()) return "";
  const auto value = found->second.find(key);
  return value == found->second.end() ? std::string() : value->second;
}

const Profile* SharedConfig::Find(const std::string& name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::string SharedConfig::Describe() const {
  std::vector<std::string> names;
  for (const auto& [name, profile] : profiles) names.push_back(name);
  return fmt::format("{} and {}: {}", config_path, credentials_path,
                     names.empty() ? "no profiles" : fmt::format("profiles {}", fmt::join(names, ", ")));
}

Result<SharedConfig> LoadSharedConfig(const Environment& environment) {
  SharedConfig config;
  config.home = HomeDirectory(environment);
  config.config_path = FilePath(environment, "AWS_CONFIG_FILE", config.home, "config");
  config.credentials_path = FilePath(environment, "AWS_SHARED_CREDENTIALS_FILE", config.home, "credentials");
  ARROW_ASSIGN_OR_RAISE(auto config_sections, LoadIni(config.config_path));
  AddConfigSections(std::move(config_sections), &config);
  ARROW_ASSIGN_OR_RAISE(auto credential_sections, LoadIni(config.credentials_path));
  for (auto& [header, section] : credential_sections) {
    const std::string name = fmt::format("{}", fmt::join(header, " "));
    config.profiles[name].credentials = std::move(section);
  }
  for (auto& [name, profile] : config.profiles) profile.name = name;
  return config;
}

std::string ProfileName(const Environment& environment) {
  std::string name = EnvironmentValue(environment, "AWS_PROFILE");
  if (name.empty()) name = EnvironmentValue(environment, "AWS_DEFAULT_PROFILE");
  return name.empty() ? "default" : name;
}

}  // namespace ingesta::aws
