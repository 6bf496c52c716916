#include "ingesta/commands/schedule_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ingesta/base/fs.h"

namespace ingesta::commands {
namespace {

constexpr std::string_view kBlockBegin =
    "# begin ingesta (made by `ingesta install cron`, taken out by `ingesta install cron --uninstall`)";
constexpr std::string_view kBlockEnd = "# end ingesta";
constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-@=:,";

std::vector<std::string> CronLines(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// A word for cron's shell.
std::string CronWord(const std::string& word) {
  if (word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted;
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + quoted + "'";
}

/// A path for systemd and logrotate, where quotes hold blanks together.
std::string UnitWord(const std::string& word) {
  std::string quoted;
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return word.find_first_not_of(kPlain) == std::string::npos ? word : "\"" + quoted + "\"";
}

}  // namespace

Status CheckScheduledPath(const std::string& path) {
  if (path.starts_with('/') && path.find_first_of("%\n\r") == std::string::npos) return Status::OK();
  return MakeError(ErrorCode::kUsage, fmt::format("'{}' can't be put into a schedule", path),
                   "a full path without % and line breaks can");
}

Status CheckCronSchedule(const std::string& schedule) {
  constexpr std::array<std::string_view, 8> kNames = {"@hourly",  "@daily",  "@midnight", "@weekly",
                                                      "@monthly", "@yearly", "@annually", "@reboot"};
  if (std::find(kNames.begin(), kNames.end(), schedule) != kNames.end()) return Status::OK();
  int fields = 0;
  bool inside = false;
  bool known = true;
  for (const char c : schedule) {
    const bool blank = c == ' ' || c == '\t';
    fields += !blank && !inside ? 1 : 0;
    inside = !blank;
    known = known && (blank || std::string_view("*,-/~").find(c) != std::string_view::npos ||
                      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  }
  if (known && fields == 5) return Status::OK();
  return MakeError(
      ErrorCode::kUsage, fmt::format("--schedule '{}': cron takes five fields", schedule),
      "minute, hour, day of the month, month, day of the week: '0 2 * * *' is 2 AM every day; or "
      "@daily, @hourly");
}

std::string CronLine(const ScheduledJob& job) {
  return fmt::format("{} {} >> {} 2>&1", job.schedule, CronWord(job.program), CronWord(job.log));
}

std::string WithoutCronBlock(std::string_view crontab) {
  std::string kept;
  bool ours = false;
  for (const std::string& line : CronLines(crontab)) {
    if (line == kBlockBegin) {
      ours = true;
    } else if (!ours) {
      kept += line + "\n";
    } else if (line == kBlockEnd) {
      ours = false;
    }
  }
  return kept;
}

std::string WithCronBlock(std::string_view crontab, const ScheduledJob& job) {
  return fmt::format("{}{}\n{}\n{}\n", WithoutCronBlock(crontab), kBlockBegin, CronLine(job), kBlockEnd);
}

std::string ForeignCronLine(std::string_view crontab, const std::string& program) {
  for (const std::string& line : CronLines(WithoutCronBlock(crontab))) {
    const size_t first = line.find_first_not_of(" \t");
    if (first != std::string::npos && line[first] != '#' && line.find(program) != std::string::npos)
      return line;
  }
  return "";
}

// Renamed rather than copied and cut: a run that is at work goes on writing to the file it opened, and the
// copy of a file that grows loses lines. For the same reason a file is compressed a day later.
std::string LogrotateFile(const ScheduledJob& job) {
  return fmt::format(
      "# The log of ingesta's scheduled runs: a file a day, the last 30 kept.\n"
      "{} {{\n"
      "    daily\n"
      "    rotate 30\n"
      "    missingok\n"
      "    notifempty\n"
      "    compress\n"
      "    delaycompress\n"
      "    create\n"
      "}}\n",
      UnitWord(job.log));
}

std::string SystemdService(const ScheduledJob& job) {
  const std::string folder = ParentDir(job.program);
  std::string writable = UnitWord(folder);
  if (!job.extra_writable.empty()) writable += " " + UnitWord(job.extra_writable);
  return fmt::format(
      R"([Unit]
Description=ingesta: the services' data into the data lake
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
ExecStart={program}
# 3: done, with rows in quarantine. 4, another run is at work, counts as a failure: nobody should take it for done.
SuccessExitStatus=3
Environment=INGESTA_SUMMARY=line
# A run ends by itself long before; SIGTERM ends it cleanly within 10 s.
TimeoutStartSec=12h
TimeoutStopSec=30s
Nice=5

NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0027
)",
      fmt::arg("user", job.user), fmt::arg("program", UnitWord(job.program)), fmt::arg("writable", writable));
}

std::string SystemdTimer(const ScheduledJob& job) {
  return fmt::format(
      R"([Unit]
Description=ingesta, on schedule

[Timer]
OnCalendar={}
# A time that passed while the machine was off is made up for.
Persistent=yes
AccuracySec=1s

[Install]
WantedBy=timers.target
)",
      job.schedule);
}

}  // namespace ingesta::commands
