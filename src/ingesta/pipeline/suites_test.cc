#include "ingesta/pipeline/suites.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <filesystem>

#include "ingesta/config/arrow_schema.h"
#include "ingesta/pipeline/suite_results.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kPolicies = R"({"name": "s", "expectations": [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "precio", "min_value": 0},
     "meta": {"ingesta": {"on_failure": "quarantine"}}},
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 100},
     "meta": {"ingesta": {"on_failure": "quarantine"}}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "precio", "max_value": 5}, "severity": "info"}]})";

class Suites : public ::testing::Test {
 protected:
  Suites() {
    char name[] = "/tmp/ingesta-suites-XXXXXX";
    folder_ = mkdtemp(name);
    resource_.name = "productos";
    resource_.primary_key = {"id"};
    for (const char* column : {"id", "precio"}) {
      config::ColumnSpec spec;
      spec.name = column;
      spec.type.kind = config::ColumnType::Kind::kInt64;
      resource_.columns.push_back(spec);
    }
  }
  ~Suites() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<DatasetSuites> Make(const std::vector<std::string>& suites) {
    resource_.expectations.clear();
    for (const std::string& text : suites)
      resource_.expectations.push_back({"expectations/s.json", "s.json", text, "pipeline.yaml:3:4"});
    auto made = DatasetSuites::Make(resource_, config::ArrowSchema(resource_.columns), {.folder = folder_});
    EXPECT_OK(made.status());
    return made.ok() ? *std::move(made) : nullptr;
  }

  Batch Rows(const std::vector<std::pair<int64_t, int64_t>>& rows) const {
    arrow::Int64Builder ids;
    arrow::Int64Builder prices;
    auto text = std::make_shared<std::string>();
    for (const auto& [id, price] : rows) {
      EXPECT_OK(ids.Append(id));
      EXPECT_OK(prices.Append(price));
      *text += fmt::format("<{}>", id);
    }
    Batch batch;
    batch.rows =
        arrow::RecordBatch::Make(config::ArrowSchema(resource_.columns), static_cast<int64_t>(rows.size()),
                                 arrow::ArrayVector{ids.Finish().ValueOrDie(), prices.Finish().ValueOrDie()});
    for (size_t at = 0; at < text->size(); at = text->find('<', at + 1)) {
      batch.sources.push_back(std::string_view(*text).substr(at, text->find('>', at) + 1 - at));
    }
    batch.source_buffer = text;
    return batch;
  }

  static std::vector<int64_t> Ids(const arrow::RecordBatch& rows) {
    const auto& column = static_cast<const arrow::Int64Array&>(*rows.column(0));
    std::vector<int64_t> ids;
    for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
    return ids;
  }

  std::string folder_;
  config::ResourceSpec resource_;
};

TEST_F(Suites, NoneWhereTheDatasetNamesNone) {
  EXPECT_EQ(Make({}), nullptr);
}

TEST_F(Suites, TakeRowsOutWithReasonKeyAndText) {
  const auto suites = Make({kPolicies});
  Batch batch = Rows({{1, 10}, {2, -5}, {3, 30}, {400, 4}});
  ASSERT_OK_AND_ASSIGN(const auto taken, suites->TakeOut(batch, 7));
  EXPECT_THAT(taken, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(Ids(*batch.rows), ElementsAre(1, 3));
  EXPECT_THAT(batch.sources, ElementsAre("<1>", "<3>"));
  EXPECT_THAT(Ids(*batch.taken_out), ElementsAre(2, 400));
  ASSERT_EQ(batch.rejected.size(), 2U);
  const RejectedRow& row = batch.rejected.front();
  EXPECT_EQ(row.key, "2");
  EXPECT_EQ(row.source, "<2>");
  EXPECT_EQ(row.page, 7);
  EXPECT_EQ(row.column, "precio");
  EXPECT_EQ(row.expectation, "expect_column_values_to_be_between");
  EXPECT_THAT(row.reason, AllOf(HasSubstr("\"min_value\":0"), HasSubstr("precio = -5")));
  EXPECT_EQ(batch.rejected.back().column, "id");
}

TEST_F(Suites, ResultsAreOfTheRowsThatStayAndOfThoseTakenOut) {
  const auto suites = Make({kPolicies});
  Batch batch = Rows({{1, 10}, {2, -5}, {3, 30}, {4, -6}});
  ASSERT_OK(suites->TakeOut(batch, 0).status());
  // What the proof has met before is rejected once.
  batch.rejected.pop_back();
  ASSERT_OK(suites->KeepTaken(batch));
  ASSERT_OK_AND_ASSIGN(const auto writer, suites->NewWriter("", batch.rows->schema()));
  ASSERT_OK(writer->Write(batch));
  ASSERT_OK_AND_ASSIGN(const auto outcomes, suites->Finish());
  const expect::SuiteResult& result = outcomes.front().result;
  ASSERT_EQ(result.results.size(), 4U);
  EXPECT_EQ(result.rows, 3);
  EXPECT_FALSE(result.results[0].success);
  EXPECT_EQ(result.results[0].quarantined, 1);
  EXPECT_EQ(result.results[0].result["element_count"], 3);
  EXPECT_FALSE(result.results[0].result.contains("partial_unexpected_index_list"));
  EXPECT_TRUE(result.results[1].success) << "two rows stay";
  EXPECT_TRUE(result.results[2].success);
  EXPECT_EQ(result.results[3].result["unexpected_count"], 2);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Suites, StartOverForgetsWhatWasObserved) {
  for (const bool taken_too : {false, true}) {
    const auto suites = Make({kPolicies});
    Batch batch = Rows({{1, -1}, {2, 2}});
    ASSERT_OK(suites->TakeOut(batch, 0).status());
    ASSERT_OK(suites->KeepTaken(batch));
    ASSERT_OK(suites->Observe(*batch.rows));
    ASSERT_OK(suites->StartOver(taken_too));
    ASSERT_OK(suites->Observe(*batch.rows));
    ASSERT_OK_AND_ASSIGN(const auto outcomes, suites->Finish());
    EXPECT_EQ(outcomes.front().result.rows, taken_too ? 1 : 2);
  }
}

TEST_F(Suites, DroppedRowsAreNotJudged) {
  const auto suites = Make({kPolicies});
  Batch batch = Rows({{1, -1}, {2, 2}});
  batch.dropped = {1, 0};
  ASSERT_OK_AND_ASSIGN(const auto taken, suites->TakeOut(batch, 0));
  EXPECT_THAT(taken, IsEmpty());
  EXPECT_THAT(batch.rejected, IsEmpty());
}

TEST_F(Suites, ChildrenGoWithTheirParentAndKeepTheirNumbers) {
  Batch child = Rows({{10, 0}, {11, 0}, {12, 0}, {13, 0}});
  child.parents = {0, 1, 1, 2};
  ASSERT_OK(RemoveChildrenOf(child, {0, 1, 0}));
  EXPECT_THAT(Ids(*child.rows), ElementsAre(10, 13));
  EXPECT_THAT(child.parents, ElementsAre(0, 1));
  EXPECT_THAT(child.sources, ElementsAre("<10>", "<13>"));
}

TEST_F(Suites, MistakesNameThePlaceInThePipeline) {
  config::PipelineSpec pipeline;
  resource_.expectations = {
      {"expectations/s.json", "s.json",
       R"({"name": "s", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"colum": "id"}}, 5]})",
       "pipeline.yaml:3:4"},
      {"expectations/t.json", "t.json",
       R"({"name": "t", "expectations": [{"type": "expect_column_values_to_be_null", "kwargs": {"column": "x"}}]})",
       "pipeline.yaml:3:9"}};
  pipeline.resources = {resource_};
  const Status status = CheckSuites(pipeline);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("pipeline.yaml:3:4: s.json: $.expectations[0]"),
                                      HasSubstr("pipeline.yaml:3:4: s.json: $.expectations[1]"),
                                      HasSubstr("pipeline.yaml:3:9: t.json: $.expectations[0]"),
                                      HasSubstr("there is no column `x`")));
  pipeline.resources.front().expectations.clear();
  EXPECT_OK(CheckSuites(pipeline));
}

TEST_F(Suites, OnlyPoliciesThatFailStopTheRun) {
  const auto suites = Make({kPolicies});
  const Batch batch = Rows({{1, 10}, {2, 20}, {3, 30}});
  ASSERT_OK(suites->Observe(*batch.rows));
  ASSERT_OK_AND_ASSIGN(const auto outcomes, suites->Finish());
  for (const bool whole : {true, false}) {
    DatasetRecord record;
    record.name = "productos";
    ASSERT_OK(RecordSuites(
        outcomes, {.pipeline = "p", .run_id = "r1", .folder = folder_, .now = {}, .whole = whole}, record));
    ASSERT_EQ(record.expectations.size(), 1U);
    EXPECT_EQ(record.expectations.front().met, 2);
    EXPECT_EQ(record.expectations.front().unmet.size(), 2U);
    const Status status = CheckExpectations({record}, "r1");
    EXPECT_EQ(status.ok(), !whole) << "what was read in part fails nothing";
    if (status.ok()) continue;
    EXPECT_THAT(status.message(),
                AllOf(HasSubstr("productos: expect_table_row_count_to_equal is not met: observed 3"),
                      Not(HasSubstr("max_value"))));
    EXPECT_THAT(HintOf(status),
                AllOf(HasSubstr("_ingesta/validations/productos/r1.json"), HasSubstr("expectations/s.json")));
  }
}

}  // namespace
}  // namespace ingesta::pipeline
