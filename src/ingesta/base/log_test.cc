#include "ingesta/base/log.h"

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta {
namespace {

class RecordingSink final : public LogSink {
 public:
  RecordingSink(LogFormat format, Clock& clock) : LogSink(format, LogLevel::kInfo, false, clock) {}
  std::string text;

 protected:
  void Emit(std::string_view piece) override { text += piece; }
};

TEST(Logger, WritesOneJsonObjectALineWithItsFields) {
  testing::FakeClock clock(SystemTime(std::chrono::milliseconds(1'764'000'000'123)));
  RecordingSink sink(LogFormat::kJson, clock);
  Logger(sink).With("run_id", "r1").Warning("a \"quoted\"\nline", {{"stage", "source"}});
  EXPECT_EQ(
      sink.text,
      "{\"time\":\"2025-11-24T16:00:00.123Z\",\"level\":\"warning\",\"message\":\"a \\\"quoted\\\"\\nline\","
      "\"run_id\":\"r1\",\"stage\":\"source\"}\n");
}

TEST(Logger, ShowsAnErrorsCodeStageAndHint) {
  testing::FakeClock clock;
  RecordingSink sink(LogFormat::kJson, clock);
  Logger(sink).Error(WithStage(MakeError(ErrorCode::kTimeout, "slow", "wait"), Stage::kSource));
  for (const char* part : {"\"code\":\"timeout\"", "\"stage\":\"source\"", "\"hint\":\"wait\""}) {
    EXPECT_THAT(sink.text, ::testing::HasSubstr(part));
  }
}

TEST(Logger, PutsTheHintBelowForPeople) {
  testing::FakeClock clock;
  RecordingSink sink(LogFormat::kHuman, clock);
  Logger(sink).With("dataset", "productos").Error(MakeError(ErrorCode::kTls, "expired", "renew it"));
  EXPECT_THAT(sink.text, ::testing::HasSubstr("error: productos: expired\n         -> renew it\n"));
}

TEST(LogSink, ReplacesSecretsInEveryLine) {
  testing::FakeClock clock;
  for (const LogFormat format : {LogFormat::kHuman, LogFormat::kJson}) {
    RecordingSink sink(format, clock);
    sink.Redact({"", "s3cr3t"});
    Logger(sink).Info("token s3cr3ts3cr3t", {{"url", "x?k=s3cr3t"}});
    EXPECT_THAT(sink.text, ::testing::Not(::testing::HasSubstr("s3cr3t")));
    EXPECT_THAT(sink.text, ::testing::HasSubstr("token ******"));
    sink.Redact({"a\"b"});
    Logger(sink).Info("key a\"b");
    EXPECT_THAT(sink.text, ::testing::HasSubstr("key ***"));
  }
}

TEST(LogSink, TheLiveLineStepsAsideForALogLine) {
  testing::FakeClock clock;
  RecordingSink sink(LogFormat::kHuman, clock);
  sink.SetLiveLine("page 1");
  Logger(sink).Info("hello");
  EXPECT_THAT(sink.text, ::testing::MatchesRegex("\r.\\[Kpage 1\r.\\[K.* hello\npage 1"));
}

TEST(Redacted, KeepsCodeAndDetailOfAStatus) {
  const Status status = Redacted(MakeError(ErrorCode::kUnauthorized, "key abc refused", "hint"), {"abc"});
  EXPECT_EQ(status.message(), "key *** refused");
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthorized);
  EXPECT_EQ(HintOf(status), "hint");
  EXPECT_OK(Redacted(Status::OK(), {"abc"}));
}

}  // namespace
}  // namespace ingesta
