#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "ingesta/expect/json_text.h"
#include "ingesta/expect/regex.h"
#include "ingesta/expect/row_condition.h"
#include "ingesta/expect/strptime.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::expect {
namespace {

TEST(Regex, MeansWhatItMeansToPython) {
  const std::tuple<const char*, const char*, bool> cases[] = {{R"(^\d$)", "٣", true},
                                                              {R"(^\w+$)", "ñandú", true},
                                                              {R"((?=.*a)(?=.*b))", "xbxa", true},
                                                              {R"((?<!a)b)", "ab", false},
                                                              {R"(x$)", "x\n", true},
                                                              {R"(x\Z)", "x\n", false},
                                                              {R"(^.$)", "\r", true},
                                                              {R"(\u00f1)", "ñ", true},
                                                              {R"([[]a)", "[a", true},
                                                              {R"(^a{,2}$)", "aa", true},
                                                              {R"((?P<n>a)(?P=n))", "aa", true},
                                                              {R"(\s)", "\x1c", true},
                                                              {R"((?u)ñ)", "ñ", true},
                                                              {R"((?i)ñ)", "Ñ", true},
                                                              {R"(^$)", "", true}};
  for (const auto& [pattern, text, matches] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto regex, Regex::Compile(pattern));
    ASSERT_OK_AND_ASSIGN(const bool found, regex->Search(text));
    EXPECT_EQ(found, matches) << pattern;
  }
}

TEST(Regex, RefusesWhatPythonDoesNotHave) {
  for (const char* pattern :
       {"(", "[a", R"(\p{L})", R"(\K)", "(*UTF)a", "(?|a)", "(?R)", R"(\u12)", "a\\", "(?a)b"}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Regex::Compile(pattern).status());
  }
}

TEST(PythonJson, IsWhatJsonLoadsTakes) {
  const std::pair<const char*, bool> cases[] = {{"{}", true},          {" [1, -2.5e3, null, true] ", true},
                                                {"NaN", true},         {"-Infinity", true},
                                                {R"("\ud800")", true}, {R"({"a": 1, "a": 2})", true},
                                                {"", false},           {"01", false},
                                                {"1.", false},         {"[1,]", false},
                                                {"{'a': 1}", false},   {"\"a\nb\"", false},
                                                {"nul", false},        {"1 2", false},
                                                {R"("\x")", false}};
  for (const auto& [text, is_json] : cases) EXPECT_EQ(IsPythonJson(text), is_json) << text;
  EXPECT_FALSE(IsPythonJson(std::string(100'000, '[')));
}

TEST(TimeFormat, AgreesWithStrptime) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"%Y-%m-%d", "2025-01-31", true},
      {"%Y-%m-%d", "2025-1-3", true},
      {"%Y-%m-%d", "2025-02-29", false},
      {"%Y-%m-%d", "2024-02-29", true},
      {"%Y-%m-%d", "2025-01-31 ", false},
      {"%Y-%m-%d", "0000-01-01", false},
      {"%d %b %y", "03  JAN 99", true},
      {"%H:%M:%S", "23:59:60", false},
      {"%m-%d", "02-29", false},
      {"%Y-%m-%dT%H:%M:%S%z", "2025-01-31T10:00:00+02:00", true},
      {"%j", "366", true},
      {"%%%Y", "%2025", true}};
  for (const auto& [form, text, matches] : cases) {
    ASSERT_OK_AND_ASSIGN(const TimeFormat format, TimeFormat::Compile(form));
    ASSERT_OK_AND_ASSIGN(const bool found, format.Matches(text));
    EXPECT_EQ(found, matches) << form << " " << text;
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, TimeFormat::Compile("%Q").status());
}

TEST(ConditionText, TakesComparisonsAndRefusesTheRest) {
  for (const char* text :
       {"a == 1", "5 < b", "`mi columna` != 'x'", "a > 1 and (b < 2 or not c == True)",
        "a in [1, 2] & b not in ('x',)", "a.isnull() | ~b.notnull()", "col(\"a\") >= -1.5e3",
        "col(\"a\").notnull()", "a <= b", "col(\"d\") > date(\"2025-01-01\")"}) {
    EXPECT_OK(ParseConditionText(text).status());
  }
  for (const char* text : {"", "a", "a ==", "a == 1 b", "a + 1 > 2", "1 == 2", "a.str.len() > 2", "a in b",
                           "(a == 1", "@x > 1", "a == 'x"}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ParseConditionText(text).status());
  }
}

}  // namespace
}  // namespace ingesta::expect
