// The texts that `ingesta install` puts where a scheduler finds them: a block of a crontab, logrotate's file,
// systemd's service and timer. Pure: values in, text out. deploy/cron and deploy/systemd hold what these give
// for /opt/ingesta.
#pragma once

#include <string>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::commands {

struct ScheduledJob {
  std::string program;         ///< absolute path of what is run
  std::string user;            ///< who runs it
  std::string schedule;        ///< cron: five fields or `@daily`; systemd: an OnCalendar expression
  std::string log;             ///< cron: the file that output is added to
  std::string extra_writable;  ///< systemd: a data folder outside the program's folder; "" = none
};

/// kUsage for a path that no scheduler can be told: % and line breaks mean something else to cron and
/// systemd.
Status CheckScheduledPath(const std::string& path);
/// kUsage for what is neither five fields nor one of cron's names.
Status CheckCronSchedule(const std::string& schedule);

/// `0 2 * * * /path/to/run-ingesta.sh >> /var/log/ingesta.log 2>&1`, quoted where the shell or cron needs it.
std::string CronLine(const ScheduledJob& job);
/// `crontab` without our block. The same text where there is none.
std::string WithoutCronBlock(std::string_view crontab);
/// `crontab` with one block of ours, at the end; a block that was there goes.
std::string WithCronBlock(std::string_view crontab, const ScheduledJob& job);
/// The first line outside our block that runs `program`, "" where there is none.
std::string ForeignCronLine(std::string_view crontab, const std::string& program);

std::string LogrotateFile(const ScheduledJob& job);
std::string SystemdService(const ScheduledJob& job);
std::string SystemdTimer(const ScheduledJob& job);

}  // namespace ingesta::commands
