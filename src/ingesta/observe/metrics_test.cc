#include "ingesta/observe/metrics.h"

#include <gmock/gmock.h>

#include <set>

#include <nlohmann/json.hpp>
#include "ingesta/observe/metric_formats.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

pipeline::RunOutcome Outcome(const std::string& pipeline = "ordenes") {
  pipeline::RunOutcome outcome;
  pipeline::RunRecord& record = outcome.record;
  record.pipeline = pipeline;
  record.status = pipeline::RunStatus::kSucceeded;
  record.started_at = "2026-11-24T02:00:00.000Z";
  record.finished_at = "2026-11-24T02:01:30.000Z";
  record.facts.steps = {{"extract", "ordenes", record.started_at, 60},
                        {"store", "", record.started_at, 4},
                        {"catalog", "", record.started_at, 2}};
  record.facts.store_requests = {{"PutObject", 9}};
  pipeline::DatasetRecord orders;
  orders.name = "ordenes";
  orders.rows = 1000;
  orders.pages = 10;
  orders.requests = 12;
  orders.retries = 2;
  orders.throttles = 1;
  orders.rejected = 3;
  orders.wire_bytes = 5000;
  orders.seconds = 60;
  orders.stage_seconds = {{"source", 50}, {"decode", 5}};
  orders.completeness.verdict = pipeline::Verdict::kExact;
  orders.completeness.duplicate_rows = 4;
  orders.files.push_back({.format = "csv", .key = "k", .bytes = 777});
  pipeline::DatasetRecord lines;
  lines.name = "detalles_orden";
  lines.rows = 3000;
  lines.completeness.verdict = pipeline::Verdict::kUnverifiable;
  record.datasets = {orders, lines};
  return outcome;
}

/// `name/second dimension` -> value.
std::map<std::string, double> Values(const pipeline::RunOutcome& outcome) {
  std::map<std::string, double> values;
  for (const MetricPoint& point : MetricsOf(outcome)) {
    std::string name = point.spec->name;
    if (point.dimensions.size() > 1) name += "/" + point.dimensions[1].second;
    EXPECT_TRUE(values.emplace(name, point.value).second) << name << " comes twice";
    EXPECT_EQ(point.dimensions.size(), point.spec->dimensions.size());
  }
  return values;
}

TEST(MetricsOf, HasWhatTheRunRecordSays) {
  const auto values = Values(Outcome());
  const std::map<std::string, double> expected = {{"run_success", 1},
                                                  {"run_seconds", 90},
                                                  {"stage_seconds/source", 50},
                                                  {"stage_seconds/decode", 5},
                                                  {"stage_seconds/store", 4},
                                                  {"stage_seconds/catalog", 2},
                                                  {"store_requests/PutObject", 9},
                                                  {"rows/ordenes", 1000},
                                                  {"rejected/ordenes", 3},
                                                  {"duplicates/ordenes", 4},
                                                  {"complete/ordenes", 1},
                                                  {"published_bytes/ordenes", 777},
                                                  {"pages/ordenes", 10},
                                                  {"requests/ordenes", 12},
                                                  {"retries/ordenes", 2},
                                                  {"throttles/ordenes", 1},
                                                  {"received_bytes/ordenes", 5000},
                                                  {"extract_seconds/ordenes", 60},
                                                  {"rows/detalles_orden", 3000},
                                                  {"rejected/detalles_orden", 0},
                                                  {"duplicates/detalles_orden", 0},
                                                  {"published_bytes/detalles_orden", 0},
                                                  {"success_time_seconds", 1795485690}};
  EXPECT_EQ(values, expected);
}

TEST(MetricsOf, EveryMetricOfTheTableCanCome) {
  std::set<std::string> seen;
  for (const MetricPoint& point : MetricsOf(Outcome())) seen.insert(point.spec->name);
  for (const MetricSpec& metric : Metrics()) EXPECT_TRUE(seen.count(metric.name)) << metric.name;
}

TEST(MetricsOf, AFailedRunHasNoRowsAndNoSuccess) {
  pipeline::RunOutcome outcome = Outcome();
  outcome.record.status = pipeline::RunStatus::kFailed;
  outcome.status = MakeError(ErrorCode::kTimeout, "slow");
  const auto values = Values(outcome);
  EXPECT_EQ(values.at("run_success"), 0);
  EXPECT_EQ(values.count("rows/ordenes"), 0U);
  EXPECT_EQ(values.count("success_time_seconds"), 0U);
}

TEST(MetricsOf, SaysNothingOfARunThatDidNothing) {
  pipeline::RunOutcome done = Outcome();
  done.already_done = true;
  EXPECT_TRUE(MetricsOf(done).empty());
  pipeline::RunOutcome held = Outcome();
  held.status = MakeError(ErrorCode::kLeaseHeld, "another");
  EXPECT_TRUE(MetricsOf(held).empty());
}

TEST(MetricsReference, HasALineForEachMetric) {
  const std::string text = MetricsReference();
  for (const MetricSpec& metric : Metrics()) {
    EXPECT_THAT(text, HasSubstr(std::string("\n| `") + metric.name + "` | "));
    EXPECT_EQ(*metric.alarm_en == '\0', *metric.alarm_es == '\0') << metric.name;
    EXPECT_NE(*metric.meaning_es, '\0');
  }
}

TEST(PrometheusText, HasHelpTypeAndEscapedLabels) {
  pipeline::RunOutcome outcome = Outcome("or\"d\\e\nnes");
  const std::string text = PrometheusText(MetricsOf(outcome), "");
  EXPECT_THAT(text,
              HasSubstr("# TYPE ingesta_rows gauge\n"
                        "ingesta_rows{pipeline=\"or\\\"d\\\\e\\nnes\",dataset=\"detalles_orden\"} 3000\n"));
  EXPECT_EQ(text.back(), '\n');
}

TEST(PrometheusText, KeepsOtherPipelinesAndTheTimeOfTheLastSuccess) {
  const std::string first = PrometheusText(MetricsOf(Outcome("ordenes")), "");
  const std::string both = PrometheusText(MetricsOf(Outcome("productos")), first);
  EXPECT_THAT(both, HasSubstr("ingesta_rows{pipeline=\"ordenes\",dataset=\"ordenes\"} 1000\n"));
  EXPECT_THAT(both, HasSubstr("ingesta_rows{pipeline=\"productos\",dataset=\"ordenes\"} 1000\n"));

  pipeline::RunOutcome failed = Outcome("ordenes");
  failed.record.status = pipeline::RunStatus::kFailed;
  failed.status = MakeError(ErrorCode::kTimeout, "slow");
  const std::string after = PrometheusText(MetricsOf(failed), both + "garbage\ningesta_unknown{a=\"b\"} 1\n");
  EXPECT_THAT(after, Not(HasSubstr("ingesta_rows{pipeline=\"ordenes\"")));
  EXPECT_THAT(after, HasSubstr("ingesta_success_time_seconds{pipeline=\"ordenes\"} 1795485690\n"));
  EXPECT_THAT(after, HasSubstr("ingesta_run_success{pipeline=\"ordenes\"} 0\n"));
  EXPECT_THAT(after, HasSubstr("ingesta_rows{pipeline=\"productos\""));
  EXPECT_THAT(after, Not(HasSubstr("garbage")));
  EXPECT_THAT(after, Not(HasSubstr("unknown")));
}

TEST(EmfLines, DeclaresWhatItCarries) {
  const SystemTime at{std::chrono::milliseconds(1'795'485'690'123)};
  const std::string text = EmfLines(MetricsOf(Outcome()), "ingesta", at);
  int lines = 0;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1, ++lines) {
    const auto line = nlohmann::json::parse(text.substr(begin, text.find('\n', begin) - begin));
    EXPECT_EQ(line["_aws"]["Timestamp"], 1'795'485'690'123);
    const auto& directive = line["_aws"]["CloudWatchMetrics"][0];
    EXPECT_EQ(directive["Namespace"], "ingesta");
    for (const auto& dimension : directive["Dimensions"][0]) {
      EXPECT_TRUE(line[dimension.get<std::string>()].is_string()) << line;
    }
    ASSERT_FALSE(directive["Metrics"].empty());
    for (const auto& metric : directive["Metrics"]) {
      EXPECT_TRUE(line[metric["Name"].get<std::string>()].is_number()) << line;
      EXPECT_NE(metric["Name"], "success_time_seconds");
    }
  }
  EXPECT_EQ(lines, 8);  // the run, four stages, one operation, two datasets
}

}  // namespace
}  // namespace ingesta::observe
