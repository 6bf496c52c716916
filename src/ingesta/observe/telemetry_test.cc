// Sinks that are away, slow or refuse: nothing of it reaches the run.
#include "ingesta/observe/telemetry.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "ingesta/base/fs.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::observe {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedAnswer;
using testing::ScriptedServer;

class LinesSink final : public LogSink {
 public:
  LinesSink() : LogSink(LogFormat::kJson, LogLevel::kDebug, false, RealClock()) {}
  std::string text;
  int Lines() const { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

 protected:
  void Emit(std::string_view line) override { text += line; }
};

class TelemetryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
    folder_ = std::filesystem::temp_directory_path() / ("ingesta-telemetry-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static config::PipelineSpec Productos() {
    config::PipelineSpec pipeline;
    pipeline.name = "productos";
    pipeline.file = "ingesta-productos/pipeline.yaml";
    return pipeline;
  }
  static pipeline::RunOutcome Outcome() {
    pipeline::RunOutcome outcome;
    outcome.record.pipeline = "productos";
    outcome.record.status = pipeline::RunStatus::kSucceeded;
    outcome.record.started_at = "2026-11-24T02:00:00.000Z";
    outcome.record.finished_at = "2026-11-24T02:01:30.000Z";
    outcome.record.datasets.push_back({.name = "productos", .rows = 7, .pages = 1, .requests = 1});
    return outcome;
  }
  Result<std::unique_ptr<Telemetry>> Make(aws::Environment environment) {
    return Telemetry::Make(
        {.environment = std::move(environment), .root = folder_, .version = "1.2.3", .patience = patience_},
        RealClock(), SystemRandom(), log_);
  }
  /// Tell of one run; how long that took.
  Millis Tell(const aws::Environment& environment) {
    auto telemetry = Make(environment);
    EXPECT_OK(telemetry.status());
    const MonotonicTime begun = RealClock().Monotonic();
    pipeline::RunOutcome outcome = Outcome();
    (*telemetry)->OnRunEnd(Productos(), outcome);
    (*telemetry)->Finish();
    return std::chrono::duration_cast<Millis>(RealClock().Monotonic() - begun);
  }
  aws::Environment Aws() const {
    return {{"INGESTA_METRICS", "cloudwatch:tests"},
            {"AWS_ACCESS_KEY_ID", "key"},
            {"AWS_SECRET_ACCESS_KEY", "secret"},
            {"AWS_ENDPOINT_URL", server_->url()},
            {"HOME", folder_},
            {"AWS_REGION", "eu-west-1"},
            {"AWS_EC2_METADATA_DISABLED", "true"}};
  }

  Millis patience_{5'000};
  LinesSink lines_;
  Logger log_{lines_};
  std::string folder_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(TelemetryTest, WithoutASinkNothingHappens) {
  EXPECT_LT(Tell({}), Millis(100));
  EXPECT_EQ(lines_.text, "");
}

TEST_F(TelemetryTest, RefusesWhatIsNoSink) {
  for (const char* text :
       {"datadog", "prometheus", "prometheus:", "otlp", "otlp:collector", "emf:x", "emf;cloudwatch"}) {
    const auto made = Make({{"INGESTA_METRICS", text}});
    EXPECT_ERROR_CODE(ErrorCode::kUsage, made.status());
    EXPECT_THAT(made.status().message(), HasSubstr(text));
    EXPECT_THAT(HintOf(made.status()), HasSubstr("cloudwatch"));
  }
}

TEST_F(TelemetryTest, AnOtlpCollectorGetsTheShapeThatItExpects) {
  server_->On("POST", "/v1/metrics", ScriptedAnswer::Json("{}"));
  Tell({{"INGESTA_METRICS", " otlp:" + server_->url() + "/ "},
        {"OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b,x-team=lake"}});
  ASSERT_EQ(server_->Count("POST", "/v1/metrics"), 1);
  const auto request = server_->requests().front();
  EXPECT_EQ(request.Header("Content-Type"), "application/json");
  EXPECT_EQ(request.Header("x-key"), "a b");
  EXPECT_EQ(request.Header("x-team"), "lake");
  const auto body = nlohmann::json::parse(request.body);
  const auto& resource = body.at("resourceMetrics").at(0);
  EXPECT_EQ(resource.at("resource").at("attributes").at(0).at("value").at("stringValue"), "ingesta");
  std::map<std::string, double> values;
  for (const auto& metric : resource.at("scopeMetrics").at(0).at("metrics")) {
    for (const auto& point : metric.at("gauge").at("dataPoints")) {
      EXPECT_TRUE(point.at("timeUnixNano").is_string());
      EXPECT_EQ(point.at("attributes").at(0).at("key"), "pipeline");
      values[metric.at("name").get<std::string>()] = point.at("asDouble").get<double>();
    }
    EXPECT_FALSE(metric.at("unit").get<std::string>().empty());
  }
  EXPECT_EQ(values.at("ingesta.rows"), 7);
  EXPECT_EQ(values.at("ingesta.run_success"), 1);
  EXPECT_EQ(lines_.text, "");
}

TEST_F(TelemetryTest, CloudWatchGetsASignedForm) {
  server_->On("POST", "/", ScriptedAnswer::Status(200, "<PutMetricDataResponse/>"));
  Tell(Aws());
  ASSERT_EQ(server_->Count("POST", "/"), 1) << lines_.text;
  const auto request = server_->requests().front();
  EXPECT_THAT(request.Header("Authorization"), HasSubstr("/eu-west-1/monitoring/aws4_request"));
  EXPECT_THAT(request.body,
              HasSubstr("Action=PutMetricData&Version=2010-08-01&Namespace=tests&MetricData.member.1."));
  EXPECT_THAT(request.body, HasSubstr("MetricName=rows&"));
  EXPECT_THAT(request.body, ::testing::Not(HasSubstr("success_time")));
}

TEST_F(TelemetryTest, CloudWatchThatRefusesIsNamedOnceWithItsPermission) {
  server_->On("POST", "/",
              ScriptedAnswer::Status(403,
                                     "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>"
                                     "</Error></ErrorResponse>"));
  auto telemetry = Make(Aws());
  ASSERT_OK(telemetry.status());
  pipeline::RunOutcome outcome = Outcome();
  (*telemetry)->OnRunEnd(Productos(), outcome);
  (*telemetry)->OnRunEnd(Productos(), outcome);
  (*telemetry)->Finish();
  EXPECT_EQ(lines_.Lines(), 1) << lines_.text;
  EXPECT_THAT(lines_.text, HasSubstr("allow cloudwatch:PutMetricData"));
  EXPECT_THAT(lines_.text, HasSubstr("the run is not affected"));
}

TEST_F(TelemetryTest, AFileIsReplacedWholeAndOthersStay) {
  const std::string path = folder_ + "/sub/ingesta.prom";
  Tell({{"INGESTA_METRICS_FILE", path}});
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(path));
  EXPECT_THAT(text, HasSubstr("ingesta_rows{pipeline=\"productos\",dataset=\"productos\"} 7\n"));
}

TEST_F(TelemetryTest, AFileThatCannotBeWrittenIsLogged) {
  ASSERT_OK(AtomicWriteFile(folder_ + "/file", "x"));
  Tell({{"INGESTA_METRICS", "prometheus:" + folder_ + "/file/ingesta.prom"}});
  EXPECT_EQ(lines_.Lines(), 1);
  EXPECT_THAT(lines_.text, HasSubstr("metrics to prometheus"));
}

TEST_F(TelemetryTest, ASinkThatHangsCostsNoMoreThanThePatience) {
  server_->On("POST", "/", ScriptedAnswer::Hang());
  patience_ = Millis(300);
  const Millis took = Tell({{"INGESTA_METRICS", "otlp:" + server_->url()}});
  EXPECT_GE(took, patience_);
  EXPECT_LT(took, Millis(1'500));
  EXPECT_EQ(lines_.Lines(), 1) << lines_.text;
  EXPECT_THAT(lines_.text, HasSubstr("did not answer within 0.3 s"));
}

TEST_F(TelemetryTest, ASinkThatIsAwayIsLoggedAndTheOthersAreServed) {
  const std::string gone = server_->url();
  server_.reset();
  const std::string path = folder_ + "/ingesta.prom";
  EXPECT_LT(Tell({{"INGESTA_METRICS", "otlp:" + gone + ",prometheus:" + path}}), Millis(4'000));
  EXPECT_EQ(lines_.Lines(), 1) << lines_.text;
  EXPECT_THAT(lines_.text, HasSubstr("metrics to otlp"));
  EXPECT_TRUE(PathExists(path));
}

pipeline::RunOutcome BadOutcome() {
  pipeline::RunOutcome outcome;
  outcome.record.run_id = "bad";
  outcome.record.pipeline = "productos";
  outcome.status = MakeError(ErrorCode::kTimeout, "slow", "wait");
  return outcome;
}

/// What channels were sent, by their paths.
std::vector<nlohmann::json> Bodies(const ScriptedServer& server, const std::string& target) {
  std::vector<nlohmann::json> bodies;
  for (const auto& request : server.requests()) {
    if (request.target == target) bodies.push_back(nlohmann::json::parse(request.body));
  }
  return bodies;
}

class AlertsTest : public TelemetryTest {
 protected:
  /// A process whose run ends so.
  void End(pipeline::RunOutcome outcome, const std::string& channels) {
    auto telemetry = Make({{"INGESTA_ALERTS", channels}});
    ASSERT_OK(telemetry.status());
    (*telemetry)->OnRunEnd(Productos(), outcome);
    (*telemetry)->Finish();
  }
  std::string Hook() const { return "webhook:" + server_->url() + "/hook"; }
};

TEST_F(AlertsTest, AFailureIsToldOnceAndThenItsEnd) {
  server_->On("POST", "/", ScriptedAnswer::Json("{}"));
  const std::string channels = Hook() + ",slack:" + server_->url() + "/slack";
  End(BadOutcome(), channels);
  End(BadOutcome(), channels);
  auto hooks = Bodies(*server_, "/hook");
  ASSERT_EQ(hooks.size(), 1U);
  EXPECT_EQ(hooks[0]["kind"], "alert");
  EXPECT_EQ(hooks[0]["key"], "failed:timeout:");
  EXPECT_EQ(hooks[0]["run"], "bad");
  End(Outcome(), channels);
  End(Outcome(), channels);
  hooks = Bodies(*server_, "/hook");
  ASSERT_EQ(hooks.size(), 2U);
  EXPECT_EQ(hooks[1]["kind"], "recovery");
  const auto slack = Bodies(*server_, "/slack");
  ASSERT_EQ(slack.size(), 2U);
  EXPECT_THAT(slack[0]["text"].get<std::string>(), HasSubstr("*productos: the run failed (timeout)*"));
  EXPECT_EQ(lines_.text, "");
}

TEST_F(AlertsTest, WhereNobodyWasToldTheNextRunTellsAgain) {
  server_->On("POST", "/", {ScriptedAnswer::Status(400), ScriptedAnswer::Json("{}")});
  End(BadOutcome(), Hook());
  EXPECT_THAT(lines_.text, HasSubstr("alerts: webhook"));
  EXPECT_THAT(lines_.text, ::testing::Not(HasSubstr("/hook"))) << "the URL is a secret";
  End(BadOutcome(), Hook());
  EXPECT_EQ(server_->Count("POST", "/hook"), 2);
  End(BadOutcome(), Hook());
  EXPECT_EQ(server_->Count("POST", "/hook"), 2);
}

TEST_F(AlertsTest, WhatWasNoRunTellsNothing) {
  for (const ErrorCode code : {ErrorCode::kLeaseHeld, ErrorCode::kCancelled}) {
    pipeline::RunOutcome outcome = BadOutcome();
    outcome.status = MakeError(code, "x");
    End(outcome, Hook());
  }
  EXPECT_EQ(server_->Count(), 0);
}

TEST_F(AlertsTest, AChannelThatIsNoneIsRefusedWithoutItsUrl) {
  const auto made = Make({{"INGESTA_ALERTS", "teams:https://hooks.test/secret-path"}});
  EXPECT_ERROR_CODE(ErrorCode::kUsage, made.status());
  EXPECT_THAT(made.status().message(), ::testing::Not(HasSubstr("secret-path")));
}

TEST_F(TelemetryTest, TheHeartbeatBeatsOnSuccess) {
  server_->On("GET", "/ping", ScriptedAnswer::Status(200, "OK"));
  auto telemetry = Make({{"INGESTA_HEARTBEAT_URL", server_->url() + "/ping"}});
  ASSERT_OK(telemetry.status());
  pipeline::RunOutcome outcome = Outcome();
  (*telemetry)->OnRunEnd(Productos(), outcome);
  EXPECT_EQ(server_->Count(), 0);
  (*telemetry)->OnSuccess();
  (*telemetry)->Finish();
  EXPECT_EQ(server_->Count("GET", "/ping"), 1);
}

TEST_F(TelemetryTest, LogsGoToCloudWatchAndWhatIsNoDestinationIsRefused) {
  EXPECT_ERROR_CODE(ErrorCode::kUsage, Make({{"INGESTA_LOGS", "cloudwatch"}}).status());
  auto environment = Aws();
  environment.erase("INGESTA_METRICS");
  environment["INGESTA_LOGS"] = "cloudwatch:/ingesta";
  server_->On("POST", "/", ScriptedAnswer::Json("{}"));
  auto telemetry = Make(environment);
  ASSERT_OK(telemetry.status());
  log_.Info("a line", {{"stage", "source"}});
  (*telemetry)->Finish();
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].Header("X-Amz-Target"), "Logs_20140328.PutLogEvents");
  const auto body = nlohmann::json::parse(requests[0].body);
  EXPECT_EQ(body["logGroupName"], "/ingesta");
  const auto line = nlohmann::json::parse(body["logEvents"][0]["message"].get<std::string>());
  EXPECT_EQ(line["message"], "a line");
  EXPECT_EQ(line["stage"], "source");
}

TEST_F(TelemetryTest, LogsThatHangAreKeptWithinThePatience) {
  auto environment = Aws();
  environment.erase("INGESTA_METRICS");
  environment["INGESTA_LOGS"] = "cloudwatch:/ingesta";
  server_->On("POST", "/", ScriptedAnswer::Hang());
  patience_ = Millis(300);
  auto telemetry = Make(environment);
  ASSERT_OK(telemetry.status());
  log_.Info("a line");
  const MonotonicTime begun = RealClock().Monotonic();
  (*telemetry)->Finish();
  EXPECT_LT(RealClock().Monotonic() - begun, Millis(2'500));
  EXPECT_FALSE(std::filesystem::is_empty(folder_ + "/_ingesta/logs"));
}

}  // namespace
}  // namespace ingesta::observe
