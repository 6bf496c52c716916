#include "ingesta/commands/run_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "ingesta/base/fs.h"

extern char** environ;

namespace ingesta::commands {

Result<ProgramResult> RunProgram(std::vector<std::string> words) {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDERR_FILENO);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  write_end.Reset();
  if (failed == ENOENT) return MakeError(ErrorCode::kNotFound, fmt::format("{} is not installed", words[0]));
  if (failed != 0) return ErrnoError(failed, "start " + words[0]);
  ProgramResult result;
  std::array<char, 4096> buffer;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const size_t got, ReadSome(read_end.get(), buffer.data(), buffer.size(), words[0]));
    if (got == 0) break;
    result.output.append(buffer.data(), got);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoError(errno, "wait for " + words[0]);
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace ingesta::commands
