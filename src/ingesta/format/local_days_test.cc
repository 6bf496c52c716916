#include "ingesta/format/local_days.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "ingesta/format/value_text.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

std::string DayText(int64_t day) {
  std::array<char, 16> text;
  return std::string(text.data(), AppendDate(text.data(), day));
}

/// Seconds since 1970 of the comments' moments, as Python's zoneinfo has them.
TEST(LocalDays, KnowsTheDayOnBothSidesOfMidnightThroughTheYear) {
  const struct {
    const char* zone;
    int64_t second;
    const char* day;
  } cases[] = {
      {"UTC", 0, "1970-01-01"},
      {"UTC", -1, "1969-12-31"},
      {"", 86'399, "1970-01-01"},
      // Madrid: +1 in winter, +2 in summer.
      {"Europe/Madrid", 1'795'474'799, "2026-11-23"},  // 22:59:59Z
      {"Europe/Madrid", 1'795'474'800, "2026-11-24"},  // 23:00:00Z
      {"Europe/Madrid", 1'782'943'199, "2026-07-01"},  // 21:59:59Z
      {"Europe/Madrid", 1'782'943'200, "2026-07-02"},  // 22:00:00Z
      // The days of its changes, 2026-03-29 and 2026-10-25.
      {"Europe/Madrid", 1'774'738'799, "2026-03-28"},  // 22:59:59Z
      {"Europe/Madrid", 1'774'738'800, "2026-03-29"},  // 23:00:00Z
      {"Europe/Madrid", 1'774'821'599, "2026-03-29"},  // 21:59:59Z
      {"Europe/Madrid", 1'774'821'600, "2026-03-30"},  // 22:00:00Z
      {"Europe/Madrid", 1'792'879'199, "2026-10-24"},  // 21:59:59Z
      {"Europe/Madrid", 1'792'879'200, "2026-10-25"},  // 22:00:00Z
      {"Europe/Madrid", 1'792'969'199, "2026-10-25"},  // 22:59:59Z
      {"Europe/Madrid", 1'792'969'200, "2026-10-26"},  // 23:00:00Z
      // New York: -5 and -4; 2026-03-08 and 2026-11-01.
      {"America/New_York", 1'772'945'999, "2026-03-07"},  // 04:59:59Z
      {"America/New_York", 1'772'946'000, "2026-03-08"},  // 05:00:00Z
      {"America/New_York", 1'773'028'799, "2026-03-08"},  // 03:59:59Z
      {"America/New_York", 1'773'028'800, "2026-03-09"},  // 04:00:00Z
      // Beyond the transitions that the database lists one by one.
      {"America/New_York", 2'225'073'599, "2040-07-04"},
      {"America/New_York", 2'225'073'600, "2040-07-05"},
      // Before there were zones: New York's own noon, -4:56:02.
      {"America/New_York", -2'717'694'239, "1883-11-17"},
      {"America/New_York", -2'717'694'238, "1883-11-18"},
      // A day that was never there: Samoa's 2011-12-30.
      {"Pacific/Apia", 1'325'239'199, "2011-12-29"},
      {"Pacific/Apia", 1'325'239'200, "2011-12-31"},
      // Half an hour's difference, and the years' ends.
      {"Asia/Kolkata", 253'402'300'799 - 19'800, "9999-12-31"},
      {"Asia/Kolkata", -62'135'596'800, "0001-01-01"},
  };
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(LocalDays days, LocalDays::Make(c.zone));
    EXPECT_EQ(DayText(days.DayOf(c.second * 1'000'000)), c.day) << c.zone << " " << c.second;
    EXPECT_EQ(DayText(days.DayOf(c.second * 1'000'000 + 999'999)), c.day) << c.zone << " " << c.second;
  }
}

TEST(LocalDays, WhatIsKeptDoesNotChangeAnswers) {
  ASSERT_OK_AND_ASSIGN(LocalDays kept, LocalDays::Make("America/New_York"));
  for (int64_t second = 1'700'000'000; second < 1'740'000'000; second += 7'321) {
    ASSERT_OK_AND_ASSIGN(LocalDays fresh, LocalDays::Make("America/New_York"));
    for (const int64_t moment :
         {second, second + int64_t{4'096} * 86'400, second - int64_t{4'096} * 86'400}) {
      ASSERT_EQ(kept.DayOf(moment * 1'000'000), fresh.DayOf(moment * 1'000'000)) << moment;
    }
  }
}

TEST(LocalDays, NamesAZoneThatIsNotKnown) {
  const Status status = LocalDays::Make("Europe/Madird").status();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
  EXPECT_NE(status.message().find("Europe/Madird"), std::string::npos);
  EXPECT_FALSE(HintOf(status).empty());
}

}  // namespace
}  // namespace ingesta::format
