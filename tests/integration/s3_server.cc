#include "s3_server.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace ingesta::integration {
namespace {

constexpr int kNotHere = 77;

/// Exit code and standard output of a shell command.
std::pair<int, std::string> Run(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  std::string output;
  std::array<char, 4096> buffer;
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), got);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

std::string Script(const char* verb, const std::string& dir) {
  return fmt::format("'{}/scripts/s3-server.sh' {} '{}'", INGESTA_SOURCE_DIR, verb, dir);
}

}  // namespace

Result<std::unique_ptr<S3Server>> S3Server::Start() {
  std::unique_ptr<S3Server> server(new S3Server);
  const char* kind = std::getenv("S3_KIND");
  server->is_minio_ = kind != nullptr && std::string_view(kind) == "minio";
  std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-s3-server-XXXXXX").string();
  server->dir_ = mkdtemp(pattern.data());
  const auto [code, output] = Run(Script("start", server->dir_));
  if (code == kNotHere) return MakeError(ErrorCode::kNotFound, "this S3 server cannot be had here");
  if (code != 0)
    return MakeError(ErrorCode::kInternal, fmt::format("s3-server.sh start: exit code {}", code));
  for (size_t at = 0; at < output.size();) {
    const size_t end = std::min(output.find('\n', at), output.size());
    const std::string line = output.substr(at, end - at);
    const size_t equals = line.find('=');
    if (equals != std::string::npos) server->environment_[line.substr(0, equals)] = line.substr(equals + 1);
    at = end + 1;
  }
  return server;
}

S3Server::~S3Server() {
  if (dir_.empty()) return;
  Run(Script("stop", dir_));
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

aws::Credentials S3Server::keys() const {
  aws::Credentials keys;
  keys.access_key_id = environment_.at("AWS_ACCESS_KEY_ID");
  keys.secret_access_key = environment_.at("AWS_SECRET_ACCESS_KEY");
  keys.source = "test";
  return keys;
}

}  // namespace ingesta::integration
