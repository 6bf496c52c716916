// Each type's conversions, case by case.
#include "ingesta/transform/convert.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/transform/decimal_text.h"

namespace ingesta::transform {
namespace {

using ::testing::HasSubstr;
using Kind = Scalar::Kind;

std::string Text(Int128 value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  UInt128 magnitude = negative ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
  std::string text;
  for (; magnitude != 0; magnitude /= 10)
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(magnitude % 10)));
  return negative ? "-" + text : text;
}

constexpr int64_t kMin64 = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax64 = std::numeric_limits<int64_t>::max();

TEST(ConvertInteger, TakesWholeNumbersInAnyNotation) {
  struct Case {
    const char* text;
    int64_t wanted;
  };
  const std::vector<Case> cases = {{"0", 0},
                                   {"-0", 0},
                                   {"20050", 20050},
                                   {"5.0", 5},
                                   {"-5.000", -5},
                                   {"1.2E3", 1200},
                                   {"1.2346277540000001E16", 12346277540000001},
                                   {"120e-1", 12},
                                   {"0e999999999999999999", 0},
                                   {"9223372036854775807", kMax64},
                                   {"-9223372036854775808", kMin64},
                                   {"9223372036854775807.0", kMax64},
                                   {"-9223372036854775808.0", kMin64}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertInteger({Kind::kNumber, test.text}, kMin64, kMax64, &value, &complaint));
    EXPECT_EQ(value.integer, test.wanted);
  }
}

TEST(ConvertInteger, RefusesAllElse) {
  struct Case {
    Scalar scalar;
    const char* complaint;
  };
  const std::vector<Case> cases = {{{Kind::kNumber, "5.5"}, "no whole number"},
                                   {{Kind::kNumber, "4.999999999999999"}, "no whole number"},
                                   {{Kind::kNumber, "1e-1"}, "no whole number"},
                                   {{Kind::kNumber, "1e-999999"}, "no whole number"},
                                   {{Kind::kNumber, "9223372036854775808"}, "out of range"},
                                   {{Kind::kNumber, "-9223372036854775809"}, "out of range"},
                                   {{Kind::kNumber, "1e+21"}, "out of range"},
                                   {{Kind::kNumber, "1e999999999999999999"}, "out of range"},
                                   {{Kind::kString, "5"}, ""},
                                   {{Kind::kTrue, ""}, ""},
                                   {{Kind::kJson, "[5]"}, ""},
                                   {{Kind::kInvalid, "why"}, ""}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.scalar.text());
    ColumnValue value;
    Complaint complaint = "";
    EXPECT_FALSE(ConvertInteger(test.scalar, kMin64, kMax64, &value, &complaint));
    EXPECT_THAT(complaint, HasSubstr(test.complaint));
  }
}

TEST(ConvertInteger, HoldsTheLimitsOfInt32) {
  const int64_t max = std::numeric_limits<int32_t>::max();
  const int64_t min = std::numeric_limits<int32_t>::min();
  ColumnValue value;
  Complaint complaint = "";
  EXPECT_TRUE(ConvertInteger({Kind::kNumber, "2147483647"}, min, max, &value, &complaint));
  EXPECT_TRUE(ConvertInteger({Kind::kNumber, "-2147483648"}, min, max, &value, &complaint));
  EXPECT_FALSE(ConvertInteger({Kind::kNumber, "2147483648"}, min, max, &value, &complaint));
  EXPECT_FALSE(ConvertInteger({Kind::kNumber, "-2147483649.0"}, min, max, &value, &complaint));
  EXPECT_THAT(complaint, HasSubstr("out of range"));
}

TEST(ConvertDecimal, TakesTheNumbersOwnText) {
  struct Case {
    const char* text;
    int precision;
    int scale;
    const char* wanted;  // scaled
    bool rounded;
  };
  const std::vector<Case> cases = {
      {"0", 18, 2, "0", false},
      {"-0.0", 18, 2, "0", false},
      {"4223.04", 18, 2, "422304", false},
      {"-4223.4", 18, 2, "-422340", false},
      {"17", 18, 2, "1700", false},
      {"801.230", 18, 2, "80123", false},
      // Noise of a double is no change.
      {"4416.299999999999", 18, 2, "441630", false},
      {"0.30000000000000004", 18, 2, "30", false},
      {"1.2346277540000001E7", 18, 2, "1234627754", false},
      {"10.0000009", 18, 2, "1000", false},
      {"9007199254740993.016", 18, 2, "900719925474099302", false},
      // More decimals than the column has: rounded half-even, and said so.
      {"10.125", 18, 2, "1012", true},
      {"10.135", 18, 2, "1014", true},
      {"-10.125", 18, 2, "-1012", true},
      {"10.1250001", 18, 2, "1013", true},
      {"10.000001", 18, 2, "1000", true},
      {"0.005", 18, 2, "0", true},
      {"0.015", 18, 2, "2", true},
      {"0.5", 18, 0, "0", true},
      {"1.5", 18, 0, "2", true},
      {"1e-7", 18, 2, "0", false},
      {"1e-999999999", 18, 2, "0", false},
      {"1e15", 18, 2, "100000000000000000", false},
      {"9999999999999999.99", 18, 2, "999999999999999999", false},
      {"0e500", 18, 2, "0", false},
      {"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999", false},
      {"9999999999999999999999999999999999999.94", 38, 1, "99999999999999999999999999999999999999", false},
      {"0.00000000000000000000000000000000000000000001", 38, 38, "0", false},
      {"0.12345678901234567890123456789012345678", 38, 38, "12345678901234567890123456789012345678", false},
      {"00.1000000000000000055511151231257827021181583404541015625", 18, 2, "10", false},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertDecimal({Kind::kNumber, test.text}, test.precision, test.scale, &value, &complaint));
    EXPECT_EQ(Text(value.decimal), test.wanted);
    EXPECT_EQ(value.rounded, test.rounded);
  }
}

TEST(ConvertDecimal, RefusesWhatDoesNotFit) {
  struct Case {
    const char* text;
    int precision;
    int scale;
  };
  const std::vector<Case> cases = {{"3.4e+38", 18, 2},
                                   {"1e+21", 18, 2},
                                   {"10000000000000000", 18, 2},
                                   {"-10000000000000000.00", 18, 2},
                                   {"9999999999999999.995", 18, 2},
                                   {"9.5", 1, 0},
                                   {"100", 4, 2},
                                   {"1e999999999999", 38, 0},
                                   {"100000000000000000000000000000000000000", 38, 0},
                                   {"99999999999999999999999999999999999999.5", 38, 0},
                                   {"123456789012345678901234567890123456789e1", 38, 0}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    EXPECT_FALSE(ConvertDecimal({Kind::kNumber, test.text}, test.precision, test.scale, &value, &complaint));
    EXPECT_STREQ(complaint, "it does not fit");
  }
}

TEST(ConvertDecimal, TakesStringsThatHoldAPlainNumber) {
  ColumnValue value;
  Complaint complaint = "";
  for (const char* text : {"123.45", "0123.45", "123.4500"}) {
    ASSERT_TRUE(ConvertDecimal({Kind::kString, text}, 18, 2, &value, &complaint)) << text;
    EXPECT_EQ(Text(value.decimal), "12345");
  }
  for (const char* text :
       {"", "-", ".", "1.", ".5", "1e5", "1,5", " 1", "1 ", "+1", "0x1", "NaN", "$5", "1.2.3", "--1"}) {
    EXPECT_FALSE(ConvertDecimal({Kind::kString, text}, 18, 2, &value, &complaint)) << text;
  }
  for (const Kind kind : {Kind::kTrue, Kind::kFalse, Kind::kJson, Kind::kInvalid}) {
    EXPECT_FALSE(ConvertDecimal({kind, ""}, 18, 2, &value, &complaint));
  }
}

TEST(ConvertDecimal, ShortAndLongWayAgree) {
  testing::SeededRandom random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string text = random.Below(2) == 0 ? "-" : "";
    text += std::to_string(random.Below(1ULL << random.Below(50)));
    const uint64_t decimals = random.Below(4);
    if (decimals > 0) {
      std::string fraction;
      for (uint64_t i = 0; i < decimals; ++i) fraction += static_cast<char>('0' + random.Below(10));
      text += "." + fraction;
    }
    ColumnValue short_way;
    ColumnValue long_way;
    Complaint complaint = "";
    const bool short_ok = ConvertDecimal({Kind::kNumber, text}, 14, 2, &short_way, &complaint);
    const bool long_ok = ConvertDecimal({Kind::kNumber, text + "e0"}, 14, 2, &long_way, &complaint);
    ASSERT_EQ(short_ok, long_ok) << text;
    if (!short_ok) continue;
    ASSERT_EQ(Text(short_way.decimal), Text(long_way.decimal)) << text;
    ASSERT_EQ(short_way.rounded, long_way.rounded) << text;
  }
}

TEST(ConvertDouble, TakesNumbers) {
  struct Case {
    const char* text;
    double wanted;
  };
  const std::vector<Case> cases = {{"0", 0},
                                   {"2.7", 2.7},
                                   {"-1e-3", -0.001},
                                   {"3.4e+38", 3.4e38},
                                   {"1e-999", 0},
                                   {"1.7976931348623157e308", 1.7976931348623157e308},
                                   {"4416.299999999999", 4416.299999999999}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertDouble({Kind::kNumber, test.text}, &value, &complaint));
    EXPECT_EQ(value.real, test.wanted);
  }
  ColumnValue value;
  Complaint complaint = "";
  EXPECT_FALSE(ConvertDouble({Kind::kNumber, "1e999"}, &value, &complaint));
  EXPECT_THAT(complaint, HasSubstr("out of range"));
  EXPECT_FALSE(ConvertDouble({Kind::kNumber, "-1e999"}, &value, &complaint));
  EXPECT_FALSE(ConvertDouble({Kind::kString, "2.7"}, &value, &complaint));
  EXPECT_FALSE(ConvertDouble({Kind::kTrue, ""}, &value, &complaint));
}

TEST(ConvertBool, TakesTrueAndFalseOnly) {
  ColumnValue value;
  Complaint complaint = "";
  ASSERT_TRUE(ConvertBool({Kind::kTrue, ""}, &value, &complaint));
  EXPECT_EQ(value.integer, 1);
  ASSERT_TRUE(ConvertBool({Kind::kFalse, ""}, &value, &complaint));
  EXPECT_EQ(value.integer, 0);
  EXPECT_FALSE(ConvertBool({Kind::kNumber, "1"}, &value, &complaint));
  EXPECT_FALSE(ConvertBool({Kind::kString, "true"}, &value, &complaint));
}

TEST(ConvertString, TakesPlainValuesAsTheyAre) {
  struct Case {
    Scalar scalar;
    const char* wanted;
  };
  const std::vector<Case> cases = {{{Kind::kString, "x"}, "x"},
                                   {{Kind::kString, ""}, ""},
                                   {{Kind::kNumber, "1.50"}, "1.50"},
                                   {{Kind::kTrue, ""}, "true"},
                                   {{Kind::kFalse, ""}, "false"}};
  ColumnValue value;
  Complaint complaint = "";
  for (const Case& test : cases) {
    ASSERT_TRUE(ConvertString(test.scalar, &value, &complaint));
    EXPECT_EQ(value.text, test.wanted);
  }
  EXPECT_FALSE(ConvertString({Kind::kJson, "[]"}, &value, &complaint));
  EXPECT_THAT(complaint, HasSubstr("join"));
  EXPECT_FALSE(ConvertString({Kind::kInvalid, "why"}, &value, &complaint));
}

TEST(ConvertJson, KeepsAnyValueAsJson) {
  struct Case {
    Scalar scalar;
    const char* wanted;
  };
  const std::vector<Case> cases = {{{Kind::kString, "a\"b\n"}, R"("a\"b\n")"},
                                   {{Kind::kNumber, "1.50"}, "1.50"},
                                   {{Kind::kTrue, ""}, "true"},
                                   {{Kind::kJson, R"({"a":[1]})"}, R"({"a":[1]})"}};
  for (const Case& test : cases) {
    std::string scratch;
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertJson(test.scalar, &scratch, &value, &complaint));
    EXPECT_EQ(value.text, test.wanted);
  }
}

TEST(ConvertTimestamp, TakesEveryFormOfTheServices) {
  struct Case {
    const char* text;
    int64_t wanted;
  };
  const std::vector<Case> cases = {
      {"1970-01-01T00:00:00", 0},
      {"2025-09-01T08:00:04", 1756713604000000},
      {"2025-06-21T04:51:31.469407", 1750481491469407},
      {"2024-09-05T13:20:17.104Z", 1725542417104000},
      {"2025-09-01T08:00:04.1", 1756713604100000},
      {"2025-09-01T08:00:04.123456789", 1756713604123456},
      {"2025-09-01T08:00:04.999999999", 1756713604999999},
      {"2025-09-01 08:00:04", 1756713604000000},
      {"2025-09-01t08:00:04z", 1756713604000000},
      {"2025-09-01T08:00:04+00:00", 1756713604000000},
      {"2025-09-01T10:00:04+02:00", 1756713604000000},
      {"2025-09-01T02:30:04-0530", 1756713604000000},
      {"2025-09-01T06:00:04-02", 1756713604000000},
      {"2025-09-01T08:00", 1756713600000000},
      {"2025-09-01", 1756684800000000},
      {"1899-12-31T23:59:59.5", -2208988800500000},
      {"0001-01-01T00:00:00", -62135596800000000},
      {"9999-12-31T23:59:59.999999", 253402300799999999},
      {"2024-02-29T00:00:00", 1709164800000000},
      {"2000-02-29", 951782400000000},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertTimestamp({Kind::kString, test.text}, TimeFormat::kIso8601, &value, &complaint))
        << complaint;
    EXPECT_EQ(value.integer, test.wanted);
  }
}

TEST(ConvertTimestamp, RefusesWhatIsNoTime) {
  struct Case {
    const char* text;
    const char* complaint;
  };
  constexpr const char* kForm = "a time looks like";
  constexpr const char* kCalendar = "no such day or time";
  constexpr const char* kYears = "years 1 to 9999";
  const std::vector<Case> cases = {{"", kForm},
                                   {"ayer", kForm},
                                   {"2025", kForm},
                                   {"2025-09", kForm},
                                   {"2025-9-1", kForm},
                                   {"25-09-01", kForm},
                                   {"01/09/2025", kForm},
                                   {"2025-09-01T", kForm},
                                   {"2025-09-01T08", kForm},
                                   {"2025-09-01T08:0", kForm},
                                   {"2025-09-01T08:00:", kForm},
                                   {"2025-09-01T08:00:04.", kForm},
                                   {"2025-09-01T08:00:04.Z", kForm},
                                   {"2025-09-01T08:00:04.1234567890", kForm},
                                   {"2025-09-01T08:00:04,5", kForm},
                                   {"2025-09-01T08:00:04 UTC", kForm},
                                   {"2025-09-01T08:00:04Zx", kForm},
                                   {"2025-09-01T08:00:04+2", kForm},
                                   {"2025-09-01T08:00:04+24:00", kForm},
                                   {"2025-09-01T08:00:04+02:60", kForm},
                                   {"2025-09-01T08:00:04+02:0", kForm},
                                   {"2025-09-01T-8:00:04", kForm},
                                   {"2025-09-01T08:00:0a", kForm},
                                   {" 2025-09-01", kForm},
                                   {"2025-09-01 ", kForm},
                                   {"2025-00-01", kCalendar},
                                   {"2025-13-01", kCalendar},
                                   {"2025-09-00", kCalendar},
                                   {"2025-09-31", kCalendar},
                                   {"2025-02-29", kCalendar},
                                   {"1900-02-29", kCalendar},
                                   {"2025-09-01T24:00:00", kCalendar},
                                   {"2025-09-01T08:60:00", kCalendar},
                                   {"2025-09-01T23:59:60", kCalendar},
                                   {"0000-01-01", kYears},
                                   {"0001-01-01T00:00:00+01:00", kYears},
                                   {"9999-12-31T23:59:59-01:00", kYears},
                                   {"10000-01-01", kForm}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    EXPECT_FALSE(ConvertTimestamp({Kind::kString, test.text}, TimeFormat::kIso8601, &value, &complaint));
    EXPECT_THAT(complaint, HasSubstr(test.complaint));
  }
  ColumnValue value;
  Complaint complaint = "";
  EXPECT_FALSE(ConvertTimestamp({Kind::kNumber, "1756713604"}, TimeFormat::kIso8601, &value, &complaint));
}

TEST(ConvertTimestamp, TakesSecondsAndMillisecondsSince1970) {
  struct Case {
    const char* text;
    TimeFormat format;
    std::optional<int64_t> wanted;
  };
  const TimeFormat s = TimeFormat::kEpochSeconds;
  const TimeFormat ms = TimeFormat::kEpochMillis;
  const std::vector<Case> cases = {{"0", s, 0},
                                   {"1756713604", s, 1756713604000000},
                                   {"1756713604.25", s, 1756713604250000},
                                   {"1756713604.1234569", s, 1756713604123456},
                                   {"1.756713604E9", s, 1756713604000000},
                                   {"-1", s, -1000000},
                                   {"-0.0000001", s, -1},
                                   {"1756713604104", ms, 1756713604104000},
                                   {"1756713604104.5", ms, 1756713604104500},
                                   {"253402300800", s, std::nullopt},
                                   {"-62135596801", s, std::nullopt},
                                   {"1e300", s, std::nullopt}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ColumnValue value;
    Complaint complaint = "";
    const bool ok = ConvertTimestamp({Kind::kNumber, test.text}, test.format, &value, &complaint);
    ASSERT_EQ(ok, test.wanted.has_value());
    if (ok) {
      EXPECT_EQ(value.integer, *test.wanted);
    }
  }
  ColumnValue value;
  Complaint complaint = "";
  EXPECT_FALSE(ConvertTimestamp({Kind::kString, "1756713604"}, s, &value, &complaint));
  EXPECT_THAT(complaint, HasSubstr("seconds since 1970"));
}

TEST(ConvertDate, GivesTheDayInUtc) {
  struct Case {
    Scalar scalar;
    TimeFormat format;
    int64_t wanted;
  };
  const std::vector<Case> cases = {
      {{Kind::kString, "1970-01-02"}, TimeFormat::kIso8601, 1},
      {{Kind::kString, "1969-12-31"}, TimeFormat::kIso8601, -1},
      {{Kind::kString, "1969-12-31T23:00:00"}, TimeFormat::kIso8601, -1},
      {{Kind::kString, "1970-01-01T01:00:00+02:00"}, TimeFormat::kIso8601, -1},
      {{Kind::kNumber, "86400"}, TimeFormat::kEpochSeconds, 1},
      {{Kind::kNumber, "86399999"}, TimeFormat::kEpochMillis, 0},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.scalar.text());
    ColumnValue value;
    Complaint complaint = "";
    ASSERT_TRUE(ConvertDate(test.scalar, test.format, &value, &complaint));
    EXPECT_EQ(value.integer, test.wanted);
  }
}

TEST(ConvertDate, KnowsEveryDayOfTheCalendar) {
  // Counted by hand, day by day, from 1970 to 2400.
  int64_t days = 0;
  for (int year = 1970; year <= 2400; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= lengths[month - 1]; ++day, ++days) {
        const std::string text = fmt::format("{:04}-{:02}-{:02}", year, month, day);
        ColumnValue value;
        Complaint complaint = "";
        ASSERT_TRUE(ConvertDate({Kind::kString, text}, TimeFormat::kIso8601, &value, &complaint)) << text;
        ASSERT_EQ(value.integer, days) << text;
      }
    }
  }
}

}  // namespace
}  // namespace ingesta::transform
