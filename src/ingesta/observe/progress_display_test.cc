#include "ingesta/observe/progress_display.h"

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::observe {
namespace {

class RecordingSink final : public LogSink {
 public:
  explicit RecordingSink(Clock& clock) : LogSink(LogFormat::kHuman, LogLevel::kInfo, false, clock) {}
  std::string text;

 protected:
  void Emit(std::string_view piece) override { text += piece; }
};

TEST(FormatProgress, SaysPagesRowsSpeedAndEta) {
  const ProgressUpdate update{
      .dataset = "productos", .pass = 1, .pages = 10, .expected_pages = 40, .rows = 5000, .retries = 2};
  EXPECT_EQ(FormatProgress(update, Millis(2000)),
            "productos: page 10/40, 5,000 rows, 2,500 rows/s, 2 retries, ETA 0:06");
}

TEST(WithThousands, GroupsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

TEST(HumanBytes, PicksTheUnit) {
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(3LL << 30), "3.0 GiB");
}

TEST(ProgressDisplay, LogsEveryFewSecondsWithoutATerminal) {
  testing::FakeClock clock;
  RecordingSink sink(clock);
  const auto display = MakeProgressDisplay(Logger(sink), clock, {.live = false});
  ProgressUpdate update{.dataset = "ordenes"};
  for (int page = 0; page < 11; ++page) {
    ++update.pages;
    display->OnProgress(update);
    clock.Advance(Millis(1000));
  }
  EXPECT_EQ(std::count(sink.text.begin(), sink.text.end(), '\n'), 2) << sink.text;
}

TEST(ProgressDisplay, ErasesItsLiveLineAtTheEnd) {
  testing::FakeClock clock;
  RecordingSink sink(clock);
  const auto display = MakeProgressDisplay(Logger(sink), clock, {.live = true});
  display->OnProgress({.dataset = "ordenes", .pages = 1});
  clock.Advance(Millis(200));
  display->OnProgress({.dataset = "ordenes", .pages = 2});
  EXPECT_THAT(sink.text, ::testing::HasSubstr("ordenes: page 2"));
  display->OnDatasetEnd("ordenes");
  EXPECT_TRUE(sink.text.ends_with("\r\x1b[K")) << sink.text;
}

}  // namespace
}  // namespace ingesta::observe
