#include "ingesta/report/data_docs.h"

#include <gmock/gmock.h>

#include "ingesta/report/html.h"

namespace ingesta::report {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "</code><script>alert(\"1\")</script><img src='x' onerror=a()>&amp;\x01";

Json Expectation(const std::string& column, bool met, int64_t unexpected,
                 const Json& examples = Json::array()) {
  return Json{
      {"success", met},
      {"expectation_config", Json{{"type", "expect_column_values_to_be_between"},
                                  {"kwargs", Json{{"column", column}, {"min_value", 0}}},
                                  {"meta", Json{{"ingesta", Json{{"on_failure", "warn"}}}}},
                                  {"severity", "warning"},
                                  {"notes", column}}},
      {"result",
       Json{{"element_count", 10}, {"unexpected_count", unexpected}, {"partial_unexpected_list", examples}}},
      {"meta", Json::object()}};
}

RunResults Found(const std::string& run_id, const std::vector<Json>& results) {
  Json validation{{"suite_name", "productos"}, {"results", results}};
  validation["statistics"] = Json{{"evaluated_expectations", results.size()}, {"successful_expectations", 1}};
  validation["meta"]["ingesta"] = Json{{"rows", 10}, {"completeness", "exact"}};
  return {.pipeline = "productos",
          .run_id = run_id,
          .time = "2026-11-24T02:00:00Z",
          .status = "succeeded",
          .error = {},
          .datasets = {{"productos", validation}}};
}

TEST(DataDocs, ShowsWhatIsNotMetFirstAndOpen) {
  const RunResults run =
      Found("r1", {Expectation("stock", true, 0), Expectation("precio", false, 3, {-1, -2})});
  History history;
  AddRun(run, history);
  const std::string page = RunPage(run, history);
  EXPECT_LT(page.find("precio: values to be between"), page.find("stock: values to be between"));
  EXPECT_THAT(page, AllOf(HasSubstr("<details open>"), HasSubstr("3 of 10"), HasSubstr("<code>-2</code>"),
                          HasSubstr("warning"), HasSubstr("completeness exact")));
}

TEST(DataDocs, NoValueBecomesMarkup) {
  RunResults run = Found(kHostile, {Expectation(kHostile, false, 1, {kHostile, Json{{kHostile, kHostile}}})});
  run.pipeline = run.time = run.status = run.error = run.datasets.front().dataset = kHostile;
  run.datasets.front().validation["suite_name"] = kHostile;
  run.datasets.front().validation["results"][0]["exception_info"] = Json{{"exception_message", kHostile}};
  History history;
  AddRun(Found("earlier", {Expectation(kHostile, true, 0)}), history);
  AddRun(run, history);
  for (const std::string& page : {RunPage(run, history), IndexPage(run.pipeline, history)}) {
    EXPECT_THAT(page, AllOf(HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script")), Not(HasSubstr("<img")),
                            Not(HasSubstr("\x01"))));
  }
}

TEST(DataDocs, LoadsNothingFromElsewhere) {
  const RunResults run = Found("r1", {Expectation("precio", false, 1)});
  History history;
  AddRun(run, history);
  EXPECT_THAT(RunPage(run, history), AllOf(HasSubstr("default-src 'none'"), Not(HasSubstr("http://")),
                                           Not(HasSubstr("https://")), Not(HasSubstr("<script"))));
}

TEST(DataDocs, LinksRunsAndTellsTheHistoryOfAnExpectation) {
  History history;
  const RunResults first = Found("r:1", {Expectation("precio", true, 0)});
  AddRun(first, history);
  const std::string first_page = RunPage(first, history);
  EXPECT_THAT(first_page, Not(HasSubstr("previous run")));
  const RunResults second = Found("r2", {Expectation("precio", false, 4)});
  history = HistoryFromJson(HistoryToJson(history));
  AddRun(second, history);
  const std::string page = RunPage(second, history);
  EXPECT_THAT(page, AllOf(HasSubstr("href=\"./r%3A1.html\">← previous run"),
                          HasSubstr("not met, 4 unexpected"), HasSubstr("r:1: met\" href=\"./r%3A1.html\"")));
  EXPECT_THAT(WithNextLink(first_page, "r2"), HasSubstr("<a href=\"./r2.html\">next run"));
  EXPECT_EQ(WithNextLink(WithNextLink(first_page, "r2"), "r2"), WithNextLink(first_page, "r2"));
  const std::string index = IndexPage("productos", history);
  EXPECT_LT(index.find("./r2.html"), index.find("./r%3A1.html"));
}

TEST(History, ARunThatIsDoneAgainTakesItsOwnPlace) {
  History history;
  AddRun(Found("r1", {Expectation("precio", false, 1)}), history);
  AddRun(Found("r2", {Expectation("precio", false, 1)}), history);
  AddRun(Found("r1", {Expectation("precio", true, 0)}), history);
  ASSERT_EQ(history.runs.size(), 2U);
  EXPECT_EQ(history.runs.front().run_id, "r1");
  EXPECT_EQ(history.runs.front().met, 1);
}

TEST(History, IsBounded) {
  History history;
  for (size_t i = 0; i < History::kMaxRuns + 5; ++i) AddRun(Found(std::to_string(i), {}), history);
  EXPECT_EQ(history.runs.size(), History::kMaxRuns);
  EXPECT_EQ(history.runs.front().run_id, std::to_string(History::kMaxRuns + 4));
}

TEST(History, StartsAnewFromTextThatIsNone) {
  for (const char* text : {"", "[]", "{\"runs\": 1}", "{\"runs\": [{}]}", "\xff"}) {
    EXPECT_TRUE(HistoryFromJson(text).runs.empty()) << text;
  }
}

}  // namespace
}  // namespace ingesta::report
