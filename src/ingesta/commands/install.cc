// `ingesta install cron|systemd`: puts a schedule where the machine's scheduler finds it, or takes it out.
// Doing it twice changes nothing; --dry-run only shows it.
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include <memory>

#include "ingesta/base/fs.h"
#include "ingesta/commands/app.h"
#include "ingesta/commands/run_program.h"
#include "ingesta/commands/schedule_files.h"

namespace ingesta::commands {
namespace {

constexpr const char* kLogrotatePath = "/etc/logrotate.d/ingesta";
constexpr const char* kServicePath = "/etc/systemd/system/ingesta.service";
constexpr const char* kTimerPath = "/etc/systemd/system/ingesta.timer";

struct InstallArguments {
  std::string program;
  std::string user;
  std::string schedule;
  std::string log = "/var/log/ingesta.log";
  std::string destdir;
  bool dry_run = false;
  bool uninstall = false;
};

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

bool IsRoot() {
  return geteuid() == 0;
}

Result<Account> AccountOf(const passwd* entry, const std::string& what) {
  if (entry == nullptr) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: there is no such user on this machine", what),
                     "--user NAME takes the name of an account");
  }
  return Account{entry->pw_name, entry->pw_uid, entry->pw_gid};
}

Result<Account> AccountByName(const std::string& name) {
  return AccountOf(getpwnam(name.c_str()), "--user " + name);
}

Result<Account> AccountById(uid_t uid) {
  return AccountOf(getpwuid(uid), fmt::format("user id {}", uid));
}

/// The full path of what is to be run: what was asked for, else run-ingesta.sh above build/release/..., where
/// this program was built.
Result<std::string> ProgramToRun(const std::string& asked) {
  if (!asked.empty()) {
    const std::unique_ptr<char, void (*)(void*)> full(realpath(asked.c_str(), nullptr), std::free);
    if (full != nullptr && access(full.get(), X_OK) == 0) return std::string(full.get());
    return MakeError(ErrorCode::kUsage, fmt::format("--program {}: there is no such program", asked),
                     "the path of run-ingesta.sh");
  }
  std::string folder(PATH_MAX, '\0');
  const ssize_t size = readlink("/proc/self/exe", folder.data(), folder.size());
  folder.resize(size > 0 ? static_cast<size_t>(size) : 0);
  while (folder.size() > 1) {
    folder = ParentDir(folder);
    const std::string candidate = folder + "/run-ingesta.sh";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return MakeError(ErrorCode::kUsage, "there is no run-ingesta.sh above this program",
                   "call `run-ingesta.sh install`, or say what to run: --program PATH");
}

class Installer {
 public:
  explicit Installer(const InstallArguments& arguments, const App& app) : arguments_(arguments), app_(app) {}
  Status Cron();
  Status Systemd();

 private:
  Status PrepareJob(const std::string& default_schedule, bool owner_of_program);
  Result<std::string> ReadCrontab(std::vector<std::string>& command) const;
  Status WriteCrontab(std::vector<std::string> command, const std::string& text) const;
  Status InstallLog() const;
  Status InstallLogrotate() const;
  Status CheckLog() const;
  Status PutFile(const std::string& path, const std::string& text) const;
  Status TakeFile(const std::string& path) const;
  /// systemctl with `words`; OK without a word where systemd does not run.
  Status Systemctl(std::vector<std::string> words) const;
  bool SystemdRuns() const { return arguments_.destdir.empty() && PathExists("/run/systemd/system"); }

  const InstallArguments& arguments_;
  const App& app_;
  ScheduledJob job_;
  Account account_;
};

Status Installer::PrepareJob(const std::string& default_schedule, bool owner_of_program) {
  ARROW_ASSIGN_OR_RAISE(job_.program, ProgramToRun(arguments_.program));
  job_.schedule = arguments_.schedule.empty() ? default_schedule : arguments_.schedule;
  job_.log = arguments_.log;
  for (const std::string& path : {job_.program, job_.log}) RETURN_NOT_OK(CheckScheduledPath(path));
  if (job_.schedule.find_first_of("\n\r") != std::string::npos)
    return MakeError(ErrorCode::kUsage, "--schedule: a line break can't be part of it");
  struct stat program {};
  if (stat(job_.program.c_str(), &program) != 0) return ErrnoError(errno, job_.program);
  if (arguments_.user.empty()) {
    ARROW_ASSIGN_OR_RAISE(account_, AccountById(owner_of_program ? program.st_uid : geteuid()));
  } else {
    ARROW_ASSIGN_OR_RAISE(account_, AccountByName(arguments_.user));
  }
  job_.user = account_.name;
  const std::string data = app_.DataDir();
  if (data.starts_with('/') && !data.starts_with(ParentDir(job_.program) + "/")) job_.extra_writable = data;
  return Status::OK();
}

// ---- cron

Status Installer::Cron() {
  RETURN_NOT_OK(PrepareJob("0 2 * * *", /*owner_of_program=*/false));
  RETURN_NOT_OK(CheckCronSchedule(job_.schedule));
  if (account_.uid != geteuid() && !IsRoot()) {
    return MakeError(ErrorCode::kIo,
                     fmt::format("the crontab of {} can be changed by that user and by root", account_.name),
                     "run this as that user, or as root");
  }
  std::vector<std::string> command = {"crontab"};
  ARROW_ASSIGN_OR_RAISE(const std::string before, ReadCrontab(command));
  const std::string after = arguments_.uninstall ? WithoutCronBlock(before) : WithCronBlock(before, job_);
  if (const std::string foreign = ForeignCronLine(before, job_.program);
      !foreign.empty() && !arguments_.uninstall) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("the crontab of {} runs it already: {}", account_.name, foreign),
                     "take that line out first (crontab -e), or leave it at that");
  }
  if (!arguments_.uninstall) RETURN_NOT_OK(CheckLog());
  if (arguments_.dry_run) {
    fmt::print("# crontab of {}\n{}", account_.name, after);
    if (!arguments_.uninstall) fmt::print("\n# {}\n{}", kLogrotatePath, LogrotateFile(job_));
    return Status::OK();
  }
  if (!arguments_.uninstall) RETURN_NOT_OK(InstallLog());
  if (after == before) {
    fmt::print("unchanged: crontab of {}\n", account_.name);
  } else {
    RETURN_NOT_OK(WriteCrontab(command, after));
    fmt::print("{}: crontab of {}\n", arguments_.uninstall ? "taken out" : "written", account_.name);
  }
  RETURN_NOT_OK(InstallLogrotate());
  if (arguments_.uninstall) return Status::OK();
  fmt::print(
      "\n  {}\n\nsettings: .env beside {}, or the crontab\nlog: {}\nundo: ingesta install cron "
      "--uninstall{}\n",
      CronLine(job_), job_.program, job_.log, arguments_.user.empty() ? "" : " --user " + account_.name);
  if (!PathExists("/run/crond.pid")) fmt::print("note: cron itself does not seem to run on this machine\n");
  return Status::OK();
}

/// `command` gets the words that choose the crontab.
Result<std::string> Installer::ReadCrontab(std::vector<std::string>& command) const {
  if (account_.uid != geteuid()) command.insert(command.end(), {"-u", account_.name});
  std::vector<std::string> list = command;
  list.emplace_back("-l");
  auto listed = RunProgram(list);
  if (!listed.ok()) {
    if (CodeOf(listed.status()) != ErrorCode::kNotFound) return listed.status();
    return MakeError(ErrorCode::kNotFound, "cron is not installed on this machine",
                     "apt-get install cron; or ingesta install systemd");
  }
  if (listed->exit_code == 0) return listed->output;
  if (listed->output.starts_with("no crontab for")) return std::string();
  return MakeError(ErrorCode::kIo, "crontab -l: " + listed->output);
}

Status Installer::WriteCrontab(std::vector<std::string> command, const std::string& text) const {
  std::string path = "/tmp/ingesta-crontab.XXXXXX";
  UniqueFd file(mkstemp(path.data()));
  if (!file.valid()) return ErrnoError(errno, path);
  Status status = WriteAll(file.get(), text, path);
  if (status.ok()) status = CloseFile(file, path);
  if (status.ok()) {
    command.push_back(path);
    const auto installed = RunProgram(command);
    status = installed.status();
    if (status.ok() && installed->exit_code != 0)
      status = MakeError(ErrorCode::kUsage, "crontab refused it: " + installed->output);
  }
  const Status removed = RemoveFile(path);
  return status.ok() ? removed : status;
}

/// cron's shell runs nothing where it can't open the log.
Status Installer::CheckLog() const {
  struct stat found {};
  const bool exists = stat(job_.log.c_str(), &found) == 0;
  const std::string hint = fmt::format(
      "as root: install -o {} -m 640 /dev/null {}; or choose another: --log FILE", account_.name, job_.log);
  if (account_.uid == geteuid()) {
    const std::string& place = exists ? job_.log : ParentDir(job_.log);
    if (access(place.c_str(), W_OK) == 0) return Status::OK();
    return MakeError(ErrorCode::kIo, fmt::format("{} can't be written to by {}", job_.log, account_.name),
                     hint);
  }
  if (!exists || found.st_uid == account_.uid) return Status::OK();
  return MakeError(ErrorCode::kIo, fmt::format("{} belongs to another user than {}", job_.log, account_.name),
                   fmt::format("chown {} {}; or choose another: --log FILE", account_.name, job_.log));
}

Status Installer::InstallLog() const {
  if (PathExists(job_.log)) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(UniqueFd file, OpenFile(job_.log, O_WRONLY | O_CREAT | O_EXCL, 0640));
  if (IsRoot() && fchown(file.get(), account_.uid, account_.gid) != 0)
    return ErrnoError(errno, "chown " + job_.log);
  fmt::print("made: {}\n", job_.log);
  return Status::OK();
}

Status Installer::InstallLogrotate() const {
  if (arguments_.uninstall) return IsRoot() ? TakeFile(kLogrotatePath) : Status::OK();
  if (IsRoot() && PathExists("/etc/logrotate.d")) return PutFile(kLogrotatePath, LogrotateFile(job_));
  fmt::print("note: {} is rotated only once {} has this (root can put it there):\n{}", job_.log,
             kLogrotatePath, LogrotateFile(job_));
  return Status::OK();
}

// ---- systemd

Status Installer::Systemd() {
  RETURN_NOT_OK(PrepareJob("*-*-* 02:00:00", /*owner_of_program=*/true));
  if (!IsRoot() && !arguments_.dry_run && arguments_.destdir.empty()) {
    return MakeError(ErrorCode::kIo, "/etc/systemd/system is root's",
                     "sudo, or --dry-run to see what would be put there");
  }
  if (arguments_.uninstall) {
    if (!arguments_.dry_run) RETURN_NOT_OK(Systemctl({"disable", "--now", "ingesta.timer"}));
    RETURN_NOT_OK(TakeFile(kTimerPath));
    RETURN_NOT_OK(TakeFile(kServicePath));
    return arguments_.dry_run ? Status::OK() : Systemctl({"daemon-reload"});
  }
  RETURN_NOT_OK(PutFile(kServicePath, SystemdService(job_)));
  RETURN_NOT_OK(PutFile(kTimerPath, SystemdTimer(job_)));
  if (arguments_.dry_run) return Status::OK();
  RETURN_NOT_OK(Systemctl({"daemon-reload"}));
  RETURN_NOT_OK(Systemctl({"enable", "--now", "ingesta.timer"}));
  // A timer that runs already goes by its old times until it is started anew.
  RETURN_NOT_OK(Systemctl({"restart", "ingesta.timer"}));
  fmt::print("\nruns {} as {}: {}\n", job_.program, job_.user, job_.schedule);
  if (!SystemdRuns())
    fmt::print(
        "note: systemd does not run here, so nothing was started: systemctl enable --now ingesta.timer\n");
  fmt::print(
      "settings: .env beside {}\nsee: systemctl list-timers ingesta.timer; journalctl -u ingesta\n"
      "now: systemctl start ingesta\nundo: ingesta install systemd --uninstall\n",
      job_.program);
  return Status::OK();
}

Status Installer::Systemctl(std::vector<std::string> words) const {
  if (!SystemdRuns()) return Status::OK();
  words.insert(words.begin(), "systemctl");
  ARROW_ASSIGN_OR_RAISE(const ProgramResult result, RunProgram(words));
  if (result.exit_code == 0 || arguments_.uninstall) return Status::OK();
  return MakeError(ErrorCode::kIo, fmt::format("systemctl {}: {}", words[1], result.output),
                   "the files are written; systemd-analyze verify /etc/systemd/system/ingesta.*");
}

// ---- files

Status Installer::PutFile(const std::string& path, const std::string& text) const {
  if (arguments_.dry_run) {
    fmt::print("# {}\n{}\n", path, text);
    return Status::OK();
  }
  const std::string target = arguments_.destdir + path;
  if (const auto present = ReadFile(target); present.ok() && *present == text) {
    fmt::print("unchanged: {}\n", target);
    return Status::OK();
  }
  RETURN_NOT_OK(MakeDirs(ParentDir(target)));
  RETURN_NOT_OK(AtomicWriteFile(target, text));
  if (chmod(target.c_str(), 0644) != 0) return ErrnoError(errno, "chmod " + target);
  fmt::print("written: {}\n", target);
  return Status::OK();
}

Status Installer::TakeFile(const std::string& path) const {
  const std::string target = arguments_.destdir + path;
  if (!PathExists(target)) return Status::OK();
  if (!arguments_.dry_run) RETURN_NOT_OK(RemoveFile(target));
  fmt::print("{}: {}\n", arguments_.dry_run ? "would be taken out" : "taken out", target);
  return Status::OK();
}

void AddInstallOptions(CLI::App& command, InstallArguments& arguments, const char* schedule) {
  command.add_option("--schedule", arguments.schedule, schedule)->type_name("WHEN");
  command.add_option("--user", arguments.user, "Whose runs they are")->type_name("NAME");
  command.add_option("--program", arguments.program, "What is run (run-ingesta.sh above this program)")
      ->type_name("PATH");
  command.add_flag("--uninstall", arguments.uninstall, "Take it out again");
  command.add_flag("--dry-run", arguments.dry_run, "Show what would be put where, and put nothing");
}

}  // namespace

void AddInstallCommand(CLI::App& cli, App& app) {
  auto* group = cli.add_subcommand("install", "Run the ingestions on schedule: cron or systemd");
  group->require_subcommand(1);
  const auto arguments = std::make_shared<InstallArguments>();
  const auto finish = [&app](const Status& status) {
    app.exit_code = status.ok() ? 0 : PrintError(status, app);
  };
  auto* cron = group->add_subcommand("cron", "A line in the crontab, and the log's rotation");
  AddInstallOptions(*cron, *arguments,
                    "Five fields of cron, or @daily ('0 2 * * *': 2 AM, the machine's time)");
  cron->add_option("--log", arguments->log, "Where the output goes (/var/log/ingesta.log)")
      ->type_name("FILE");
  cron->footer(
      "Without --user it is the crontab of whoever calls.\n\n"
      "Examples:\n"
      "  ./run-ingesta.sh install cron --dry-run\n"
      "  ./run-ingesta.sh install cron --schedule '30 */6 * * *' --log ~/ingesta.log");
  cron->callback([arguments, &app, finish] { finish(Installer(*arguments, app).Cron()); });
  auto* systemd = group->add_subcommand("systemd", "A service and a timer, which make up for missed times");
  AddInstallOptions(*systemd, *arguments, "systemd's OnCalendar ('*-*-* 02:00:00', the machine's time)");
  systemd->add_option("--destdir", arguments->destdir, "Put the files below DIR and start nothing")
      ->type_name("DIR");
  systemd->footer(
      "Without --user it runs as the owner of run-ingesta.sh.\n\n"
      "Examples:\n"
      "  ./run-ingesta.sh install systemd --dry-run\n"
      "  sudo ./run-ingesta.sh install systemd --schedule 'Mon..Fri 02:00 Europe/Madrid'");
  systemd->callback([arguments, &app, finish] { finish(Installer(*arguments, app).Systemd()); });
}

}  // namespace ingesta::commands
