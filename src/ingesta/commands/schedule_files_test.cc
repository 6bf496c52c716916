#include "ingesta/commands/schedule_files.h"

#include <gmock/gmock.h>

#include "ingesta/commands/run_program.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ScheduledJob NightlyJob() {
  return {.program = "/path/to/run-ingesta.sh",
          .user = "ana",
          .schedule = "0 2 * * *",
          .log = "/var/log/ingesta.log",
          .extra_writable = ""};
}

TEST(CronSchedule, TakesFiveFieldsOrAName) {
  for (const char* good : {"0 2 * * *", "*/15 0-6,22 1 jan mon-fri", "\t0  2 * * * ", "@daily"})
    EXPECT_OK(CheckCronSchedule(good));
  for (const char* bad : {"", "0 2 * *", "0 2 * * * *", "@nightly", "0 2 * * *\n", "0 2 * * % x", "2 AM"})
    EXPECT_ERROR_CODE(ErrorCode::kUsage, CheckCronSchedule(bad));
}

TEST(CronLine, QuotesOnlyWhatTheShellWouldSplit) {
  ScheduledJob job = NightlyJob();
  EXPECT_EQ(CronLine(job), "0 2 * * * /path/to/run-ingesta.sh >> /var/log/ingesta.log 2>&1");
  job.program = "/srv/Ana's lake/run-ingesta.sh";
  EXPECT_EQ(CronLine(job), "0 2 * * * '/srv/Ana'\\''s lake/run-ingesta.sh' >> /var/log/ingesta.log 2>&1");
}

TEST(CronBlock, IsPutOnceAndLeavesTheRestAsItWas) {
  const std::string own = "# mine\nMAILTO=ana\n5 4 * * * /usr/bin/backup\n";
  const std::string once = WithCronBlock(own, NightlyJob());
  EXPECT_THAT(once, ::testing::StartsWith(own));
  EXPECT_EQ(WithCronBlock(once, NightlyJob()), once);
  EXPECT_EQ(WithoutCronBlock(once), own);
  EXPECT_EQ(WithoutCronBlock(WithCronBlock("", NightlyJob())), "");
  ScheduledJob other = NightlyJob();
  other.schedule = "@hourly";
  const std::string changed = WithCronBlock(once, other);
  EXPECT_THAT(changed, HasSubstr("\n@hourly /path/to/run-ingesta.sh"));
  EXPECT_THAT(changed, Not(HasSubstr("0 2 * * *")));
}

TEST(CronBlock, SparesWhatFollowsIt) {
  const std::string below = WithCronBlock("", NightlyJob()) + "@daily other\n";
  EXPECT_EQ(WithoutCronBlock(below), "@daily other\n");
}

TEST(ForeignCronLine, FindsALineThatWasWrittenByHand) {
  const std::string line = "0 2 * * * /path/to/run-ingesta.sh >> /var/log/ingesta.log 2>&1";
  EXPECT_EQ(ForeignCronLine("MAILTO=a\n" + line + "\n", NightlyJob().program), line);
  EXPECT_EQ(ForeignCronLine("  # " + line + "\n", NightlyJob().program), "");
  EXPECT_EQ(ForeignCronLine(WithCronBlock("", NightlyJob()), NightlyJob().program), "");
}

TEST(ScheduledPath, RefusesWhatCronAndSystemdReadOtherwise) {
  EXPECT_OK(CheckScheduledPath("/srv/a b/run-ingesta.sh"));
  for (const char* bad : {"run-ingesta.sh", "/a%b", "/a\nb", ""})
    EXPECT_ERROR_CODE(ErrorCode::kUsage, CheckScheduledPath(bad));
}

TEST(SystemdService, MayWriteBesideTheProgramAndToTheDataFolderOnly) {
  ScheduledJob job = NightlyJob();
  EXPECT_THAT(SystemdService(job), HasSubstr("\nReadWritePaths=/path/to\n"));
  job.extra_writable = "/srv/the lake";
  EXPECT_THAT(SystemdService(job), HasSubstr("\nReadWritePaths=/path/to \"/srv/the lake\"\n"));
}

TEST(RunProgram, GivesExitCodeAndBothStreams) {
  ASSERT_OK_AND_ASSIGN(const ProgramResult result,
                       RunProgram({"sh", "-c", "echo out; echo err >&2; cat; exit 7"}));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.output, "out\nerr\n");
  ASSERT_OK_AND_ASSIGN(const ProgramResult killed, RunProgram({"sh", "-c", "kill -TERM $$"}));
  EXPECT_EQ(killed.exit_code, 128 + 15);
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, RunProgram({"no-such-program-anywhere"}));
}

}  // namespace
}  // namespace ingesta::commands
