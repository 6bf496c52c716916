#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "ingesta/expect/expect.h"
#include "ingesta/expect/registry.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::expect {
namespace {

using ::testing::HasSubstr;

struct Row {
  int64_t id;
  std::string text;
};

std::shared_ptr<arrow::Schema> Schema() {
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())});
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::vector<Row>& rows) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (const Row& row : rows) {
    EXPECT_TRUE(ids.Append(row.id).ok());
    EXPECT_TRUE(texts.Append(row.text).ok());
  }
  return arrow::RecordBatch::Make(Schema(), static_cast<int64_t>(rows.size()),
                                  {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

Suite SuiteOf(const std::string& expectations) {
  return ParseSuite(R"({"name": "s", "expectations": [)" + expectations + "]}", "s.json", CoreExpectations())
      .ValueOrDie();
}

Result<SuiteResult> Evaluate(const Suite& suite, const std::vector<Row>& rows, size_t batch_rows,
                             EvaluatorOptions options) {
  ARROW_ASSIGN_OR_RAISE(const auto evaluator, Evaluator::Make(suite, Schema(), CoreExpectations(), options));
  for (size_t at = 0; at < rows.size(); at += batch_rows) {
    const auto end = rows.begin() + static_cast<int64_t>(std::min(at + batch_rows, rows.size()));
    RETURN_NOT_OK(evaluator->Update(*Batch({rows.begin() + static_cast<int64_t>(at), end})));
  }
  return evaluator->Finish();
}

TEST(Evaluator, NamesTheRowsToTakeOutByTheFirstExpectationTheyBreak) {
  const Suite suite = SuiteOf(R"(
      {"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 2}, "severity": "info"},
      {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "text", "regex": "^\\w+$"},
       "meta": {"ingesta": {"on_failure": "quarantine"}}},
      {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "id", "value_set": [2, 5]},
       "meta": {"ingesta": {"on_failure": "quarantine"}}})");
  ASSERT_OK_AND_ASSIGN(const auto evaluator, Evaluator::Make(suite, Schema(), CoreExpectations()));
  std::vector<RowVerdict> verdicts;
  ASSERT_OK(evaluator->Update(*Batch({{1, "ok"}, {2, "no good"}, {2, "ok"}, {9, "ok"}}), &verdicts));
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].row, 1);
  EXPECT_EQ(verdicts[0].expectation, 1);
  EXPECT_EQ(verdicts[1].row, 2);
  EXPECT_EQ(verdicts[1].expectation, 2);
  ASSERT_OK_AND_ASSIGN(const SuiteResult result, evaluator->Finish());
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.results[0].result["unexpected_count"], 1);
  EXPECT_EQ(result.results[1].quarantined, 1);
  EXPECT_EQ(result.results[2].result["unexpected_count"], 2);
}

TEST(Evaluator, RefusesBeforeTheRunWhatTheColumnsDoNotAllow) {
  const Suite suite = SuiteOf(R"(
      {"type": "expect_column_values_to_be_between", "kwargs": {"column": "text", "min_value": 1}},
      {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "Text"}},
      {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "text", "regex": "("}},
      {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1, "row_condition": "id ** 2 > 4", "condition_parser": "pandas"}})");
  const auto made = Evaluator::Make(suite, Schema(), CoreExpectations());
  ASSERT_FALSE(made.ok());
  for (const char* part :
       {"$.expectations[0]: ", "has no order against the number 1", "there is no column `Text`",
        "missing closing parenthesis", "row_condition: `id ** 2 > 4` is not understood at `*`"}) {
    EXPECT_THAT(made.status().message(), HasSubstr(part));
  }
}

// Whole-column statistics against what a plain computation in memory gives, with so little memory that
// everything goes to disk, and with enough.
TEST(Evaluator, GivesTheSameOnDiskAsInMemory) {
  const Suite suite = SuiteOf(R"(
      {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "text"}},
      {"type": "expect_column_median_to_be_between", "kwargs": {"column": "id"}},
      {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "id"}},
      {"type": "expect_column_most_common_value_to_be_in_set", "kwargs": {"column": "text", "value_set": ["t3"]}},
      {"type": "expect_column_values_to_not_be_outliers", "kwargs": {"column": "id"}})");
  std::mt19937 random(7);
  std::vector<Row> rows;
  for (int i = 0; i < 5000; ++i) {
    rows.push_back({static_cast<int64_t>(random() % 1000), i % 5 == 0 ? "t3" : fmt::format("u{}", i % 4990)});
  }
  std::vector<int64_t> ids;
  for (const Row& row : rows) ids.push_back(row.id);
  std::sort(ids.begin(), ids.end());
  const double median = static_cast<double>(ids[2499] + ids[2500]) / 2;
  const auto distinct = std::unique(ids.begin(), ids.end()) - ids.begin();
  const std::string folder = ::testing::TempDir() + "/expect-scratch";
  std::filesystem::create_directories(folder);
  Json first;
  for (const int64_t limit : {int64_t{1000}, int64_t{20'000}, int64_t{1} << 28}) {
    ASSERT_OK_AND_ASSIGN(const SuiteResult result,
                         Evaluate(suite, rows, 100, {.memory_limit = limit, .scratch_folder = folder}));
    EXPECT_EQ(result.results[1].result["observed_value"], median) << limit;
    EXPECT_EQ(result.results[2].result["observed_value"], distinct) << limit;
    EXPECT_EQ(result.results[3].result["observed_value"], Json::array({"t3"})) << limit;
    Json all = Json::array();
    for (const ExpectationResult& one : result.results) all.push_back(one.result);
    if (first.is_null()) first = all;
    EXPECT_EQ(all, first) << limit;
    EXPECT_TRUE(std::filesystem::is_empty(folder)) << "scratch files are left behind";
  }
}

TEST(Evaluator, RecordsWhatARowMakesImpossibleAndGoesOn) {
  const Suite suite = SuiteOf(R"(
      {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "text", "regex": "(a+)+$"}},
      {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}})");
  ASSERT_OK_AND_ASSIGN(const SuiteResult result,
                       Evaluate(suite, {{1, std::string(64, 'a') + "b"}, {2, "a"}}, 1, {}));
  EXPECT_FALSE(result.results[0].success);
  EXPECT_THAT(result.results[0].exception, HasSubstr("match limit"));
  EXPECT_TRUE(result.results[1].success);
}

TEST(Evaluator, TellsOneResultInAllFormats) {
  const std::string body =
      R"({"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 1, "result_format": FORMAT}})";
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {R"("BOOLEAN_ONLY")", {}},
      {R"("BASIC")",
       {"element_count", "unexpected_count", "unexpected_percent", "partial_unexpected_list", "missing_count",
        "missing_percent", "unexpected_percent_total", "unexpected_percent_nonmissing"}},
      {R"({"result_format": "SUMMARY", "exclude_unexpected_values": true})",
       {"element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
        "unexpected_percent_total", "unexpected_percent_nonmissing", "partial_unexpected_index_list"}}};
  for (const auto& [format, keys] : cases) {
    std::string text = body;
    text.replace(text.find("FORMAT"), 6, format);
    ASSERT_OK_AND_ASSIGN(const SuiteResult result,
                         Evaluate(SuiteOf(text), {{1, "a"}, {2, "b"}, {3, "c"}}, 2, {}));
    EXPECT_FALSE(result.success);
    std::vector<std::string> found;
    for (const auto& [key, value] : result.results.front().result.items()) found.push_back(key);
    EXPECT_EQ(found, keys) << format;
  }
}

}  // namespace
}  // namespace ingesta::expect
