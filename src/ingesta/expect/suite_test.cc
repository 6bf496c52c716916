#include <gtest/gtest.h>

#include <string>

#include "ingesta/expect/expect.h"
#include "ingesta/expect/registry.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::expect {
namespace {

using ::testing::HasSubstr;

Result<Suite> Parse(const std::string& text) {
  return ParseSuite(text, "s.json", CoreExpectations());
}

std::string OneExpectation(const std::string& body) {
  return R"({"name": "s", "expectations": [)" + body + "]}";
}

TEST(Suite, ReadsWhatGreatExpectationsWrites) {
  ASSERT_OK_AND_ASSIGN(const Suite suite, Parse(R"({"name": "productos", "id": "6a", "expectations": [
      {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id", "mostly": 0.95},
       "meta": {"regla": "R1"}, "notes": "clave", "id": "08", "severity": "warning"},
      {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}],
      "meta": {"great_expectations_version": "1.24.1"}, "notes": null})"));
  EXPECT_EQ(suite.name, "productos");
  ASSERT_EQ(suite.expectations.size(), 2U);
  EXPECT_EQ(suite.expectations[0].severity, "warning");
  EXPECT_EQ(suite.expectations[0].on_failure, OnFailure::kWarn);
  EXPECT_EQ(suite.expectations[0].rest["notes"], "clave");
  EXPECT_EQ(suite.expectations[1].on_failure, OnFailure::kFail);
}

TEST(Suite, NamesEveryMistakeWithItsPlace) {
  const auto suite = Parse(R"({"nombre": 1, "expectations": [
      {"type": "expect_column_values_to_be_betwen", "kwargs": {}},
      {"type": "expect_column_values_to_be_between", "kwargs": {"colum": "x", "min_value": "abc", "mostly": 2}},
      {"type": "expect_column_values_to_match_like_pattern", "kwargs": {"column": "x"}}, 5]})");
  ASSERT_FALSE(suite.ok());
  const std::string message = suite.status().message();
  for (const char* part :
       {"s.json: $.nombre: a suite has no such key", "s.json: $.name: needs a text",
        "s.json: $.expectations[0].type: there is no expectation `expect_column_values_to_be_betwen`; did "
        "you mean "
        "`expect_column_values_to_be_between`?",
        "$.expectations[1].kwargs.colum: expect_column_values_to_be_between has no such kwarg; did you mean "
        "`column`?",
        "$.expectations[1].kwargs.min_value: \"abc\" is neither a number nor a date",
        "$.expectations[1].kwargs.mostly: needs a number from 0 to 1", "$.expectations[1].kwargs.column: ",
        "$.expectations[2].type: expect_column_values_to_match_like_pattern can't be checked: it needs a SQL "
        "engine",
        "$.expectations[3]: an expectation is an object"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST(Suite, ReadsWhatItPutsUpWith) {
  const auto with = [](const std::string& settings) {
    return Parse(R"({"name": "s", "expectations": [], "meta": {"ingesta": )" + settings + "}}");
  };
  ASSERT_OK_AND_ASSIGN(const Suite suite,
                       with(R"({"max_failed": 1, "max_warned": "50%", "max_quarantined": 0.01})"));
  EXPECT_TRUE(suite.limits.max_failed.Allows(1, 100));
  EXPECT_FALSE(suite.limits.max_failed.Allows(2, 100));
  EXPECT_TRUE(suite.limits.max_warned->Allows(2, 4));
  EXPECT_FALSE(suite.limits.max_warned->Allows(3, 4));
  EXPECT_FALSE(suite.limits.max_quarantined->Allows(2, 100));
  ASSERT_OK_AND_ASSIGN(const Suite plain, with("{}"));
  EXPECT_FALSE(plain.limits.max_failed.Allows(1, 100));
  EXPECT_FALSE(plain.limits.max_warned.has_value());
  for (const char* settings : {R"({"max_failed": -1})", R"({"max_failed": "many"})", R"({"max_warned": 1.5})",
                               R"({"max_quarantined": "101%"})", R"({"max_fail": 1})", "5"}) {
    const auto refused = with(settings);
    ASSERT_FALSE(refused.ok()) << settings;
    EXPECT_THAT(refused.status().message(), HasSubstr("s.json: $.meta.ingesta")) << settings;
  }
}

TEST(Suite, RefusesWhatIsNoSuite) {
  for (const char* text : {"", "[]", "{", R"({"name": "x"})", R"({"name": "", "expectations": []})"}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Parse(text).status());
  }
}

TEST(Suite, LetsOnlyRowLevelExpectationsQuarantine) {
  const std::string policy = R"(, "meta": {"ingesta": {"on_failure": "quarantine"}}})";
  ASSERT_OK_AND_ASSIGN(
      const Suite suite,
      Parse(OneExpectation(R"({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"})" +
                           policy)));
  EXPECT_EQ(suite.expectations.front().on_failure, OnFailure::kQuarantine);
  for (const char* other : {R"({"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"})",
                            R"({"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1})",
                            R"({"type": "expect_column_max_to_be_between", "kwargs": {"column": "a"})"}) {
    const auto refused = Parse(OneExpectation(other + policy));
    ASSERT_FALSE(refused.ok()) << other;
    EXPECT_THAT(refused.status().message(), HasSubstr("meta.ingesta.on_failure")) << other;
  }
}

TEST(Suite, RefusesParametersAndUnknownFormats) {
  const auto parameter = Parse(OneExpectation(
      R"({"type": "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "n"}}})"));
  EXPECT_THAT(parameter.status().message(), HasSubstr("suite parameters"));
  const auto format = Parse(OneExpectation(
      R"({"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1, "result_format": "ALL"}})"));
  EXPECT_THAT(format.status().message(), HasSubstr("BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE"));
}

TEST(Registry, SaysInBothLanguagesWhatEachExpectationIs) {
  const Registry registry = CoreExpectations();
  EXPECT_GE(registry.kinds().size(), 49U);
  for (const ExpectationKind& kind : registry.kinds()) {
    EXPECT_FALSE(kind.summary.empty() || kind.summary_es.empty()) << kind.type;
    EXPECT_NE(kind.summary.back(), '.') << kind.type;
    EXPECT_EQ(registry.FindUnsupported(kind.type), nullptr) << kind.type;
  }
}

}  // namespace
}  // namespace ingesta::expect
