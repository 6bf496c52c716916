// credential_process: a program of the user's that prints credentials as JSON (see credential_sources.h).
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

constexpr Millis kTimeLimit{60'000};
constexpr size_t kMaxOutput = 1U << 20;
constexpr const char* kHint = "run the profile's credential_process by hand and see what it prints";

struct Pipe {
  std::array<int, 2> ends = {-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseWriteEnd();
    if (ends[0] >= 0) close(ends[0]);
  }
  void CloseWriteEnd() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

struct Output {
  std::string out;
  std::string error;
  bool timed_out = false;
};

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> Spawn(std::vector<std::string> words, const Environment& environment, const Pipe& out,
                    const Pipe& error) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error.ends[1], STDERR_FILENO);
  // Its own group, so that a time-out ends what it started too; signals as in a fresh process, whatever this
  // one blocks.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, words[0].c_str(), &actions, &attributes, Pointers(words).data(),
                                  Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    return MakeError(
        ErrorCode::kCredentialsNotFound,
        fmt::format("credential_process {}: {}", words[0], std::generic_category().message(failed)), kHint);
  }
  return pid;
}

Output ReadBoth(const Pipe& out, const Pipe& error) {
  Output output;
  const MonotonicTime deadline = RealClock().Monotonic() + kTimeLimit;
  std::array<pollfd, 2> polled = {pollfd{out.ends[0], POLLIN, 0}, pollfd{error.ends[0], POLLIN, 0}};
  std::array<std::string*, 2> texts = {&output.out, &output.error};
  std::array<char, 4096> buffer;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left = std::chrono::ceil<Millis>(deadline - RealClock().Monotonic());
    if (left.count() <= 0) {
      output.timed_out = true;
      return output;
    }
    if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0 && errno != EINTR)
      return output;
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      const ssize_t got = read(polled[i].fd, buffer.data(), buffer.size());
      if (got > 0 && texts[i]->size() < kMaxOutput) texts[i]->append(buffer.data(), static_cast<size_t>(got));
      if (got == 0 || (got < 0 && errno != EINTR)) polled[i].fd = -1;
    }
  }
  return output;
}

Result<Credentials> ReadJson(const std::string& text) {
  Result<std::map<std::string, std::string>> parsed =
      ParseJsonObject(text, "the output of credential_process");
  if (!parsed.ok()) return MakeError(ErrorCode::kCredentialsNotFound, parsed.status().message(), kHint);
  std::map<std::string, std::string>& members = *parsed;
  if (members["Version"] != "1") {
    return MakeError(ErrorCode::kCredentialsNotFound,
                     fmt::format("the output of credential_process has Version \"{}\" where 1 is understood",
                                 members["Version"]),
                     kHint);
  }
  Credentials credentials;
  credentials.access_key_id = members["AccessKeyId"];
  credentials.secret_access_key = members["SecretAccessKey"];
  credentials.session_token = members["SessionToken"];
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return MakeError(ErrorCode::kCredentialsNotFound,
                     "the output of credential_process lacks AccessKeyId or SecretAccessKey", kHint);
  }
  if (!members["Expiration"].empty()) {
    credentials.expiration = ParseIso8601(members["Expiration"]);
    if (!credentials.expiration.has_value()) {
      return MakeError(
          ErrorCode::kCredentialsNotFound,
          fmt::format("the output of credential_process has the Expiration {}, which is no ISO 8601 time",
                      Excerpt(members["Expiration"], 40)),
          kHint);
    }
  }
  credentials.source = "credential_process";
  return credentials;
}

}  // namespace

Result<Credentials> FromProcess(const SourceContext& context, const std::string& command) {
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> words, SplitCommand(command));
  if (words.empty()) return MakeError(ErrorCode::kInvalidConfig, "credential_process is empty");
  const std::string program = words[0];
  Pipe out;
  Pipe error;
  if (out.ends[0] < 0 || error.ends[0] < 0)
    return ErrnoError(errno, "cannot make a pipe for credential_process");
  ARROW_ASSIGN_OR_RAISE(const pid_t pid, Spawn(std::move(words), context.environment, out, error));
  out.CloseWriteEnd();
  error.CloseWriteEnd();
  const Output output = ReadBoth(out, error);
  if (output.timed_out) kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (output.timed_out) {
    return MakeError(ErrorCode::kTimeout,
                     fmt::format("credential_process {} gave no answer within 60 s", program), kHint);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return MakeError(
        ErrorCode::kCredentialsNotFound,
        fmt::format("credential_process {} {} {}: {}", program,
                    WIFEXITED(status) ? "ended with exit code" : "was killed by signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), Excerpt(output.error)),
        kHint);
  }
  return ReadJson(output.out);
}

}  // namespace ingesta::aws
