#include <gmock/gmock.h>

#include <string>

#include "ingesta/expect/expect.h"

namespace ingesta::expect {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ExpectationResult Result(OnFailure policy, bool success, Json result = Json::object(),
                         int64_t quarantined = 0) {
  ExpectationResult one;
  one.expectation.type = "expect_column_values_to_be_between";
  one.expectation.kwargs = Json{{"column", "precio"}};
  one.expectation.on_failure = policy;
  one.success = success;
  one.result = std::move(result);
  one.quarantined = quarantined;
  return one;
}

TEST(Finding, TellsCountsAndThreeExamplesOnOneLine) {
  const Json rows{{"element_count", 12'345},
                  {"unexpected_count", 1'000},
                  {"partial_unexpected_list", {-1, "a\nb", 3, 4}}};
  EXPECT_EQ(Finding(Result(OnFailure::kWarn, false, rows)),
            "1,000 of 12,345 unexpected: -1, \"a\\nb\", 3, ...");
  EXPECT_EQ(Finding(Result(OnFailure::kWarn, false, Json{{"observed_value", 7}})), "observed 7");
  EXPECT_EQ(Finding(Result(OnFailure::kWarn, false)), "");
  ExpectationResult raised = Result(OnFailure::kWarn, false, rows);
  raised.exception = "no order";
  EXPECT_EQ(Finding(raised), "no order");
}

TEST(Finding, CutsLongValuesBetweenCharacters) {
  std::string text(78, 'x');
  text += "ñandú";
  const Json rows{{"element_count", 1}, {"unexpected_count", 1}, {"partial_unexpected_list", {text}}};
  const std::string finding = Finding(Result(OnFailure::kWarn, false, rows));
  EXPECT_THAT(finding, AllOf(HasSubstr("xx..."), Not(HasSubstr("\xC3."))));
  EXPECT_FALSE(Json(finding).dump().empty()) << "valid UTF-8";
}

TEST(Subject, IsTheColumnsOrNothing) {
  Expectation expectation;
  EXPECT_EQ(Subject(expectation), "");
  expectation.kwargs = Json{{"column_A", "a"}, {"column_B", "b"}};
  EXPECT_EQ(Subject(expectation), "a, b");
  expectation.kwargs = Json{{"column_list", {"x", "y", "z"}}};
  EXPECT_EQ(Subject(expectation), "x, y, z");
}

TEST(WhyItFails, FollowsThePoliciesAndTheLimits) {
  SuiteResult result;
  result.rows = 100;
  result.results = {Result(OnFailure::kFail, true), Result(OnFailure::kWarn, false),
                    Result(OnFailure::kWarn, true), Result(OnFailure::kQuarantine, false, Json::object(), 5)};
  EXPECT_THAT(WhyItFails(result, {}), IsEmpty());
  EXPECT_THAT(WhyItFails(result, {.max_warned = Allowance{1, false}}), IsEmpty());
  EXPECT_THAT(WhyItFails(result, {.max_warned = Allowance{0, false}}),
              HasSubstr("1 of 2 expectations that warn are not met, more than max_warned (0)"));
  EXPECT_THAT(WhyItFails(result, {.max_quarantined = Allowance{0.05, true}}), IsEmpty());
  EXPECT_THAT(WhyItFails(result, {.max_quarantined = Allowance{0.04, true}}),
              HasSubstr("5 of 100 rows were taken out, more than max_quarantined (4 %)"));
  result.results.front().success = false;
  EXPECT_THAT(WhyItFails(result, {}), HasSubstr("expect_column_values_to_be_between on precio is not met"));
  EXPECT_THAT(WhyItFails(result, {.max_failed = Allowance{1, false}}), IsEmpty());
}

}  // namespace
}  // namespace ingesta::expect
