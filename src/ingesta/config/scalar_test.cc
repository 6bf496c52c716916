#include "ingesta/config/scalar.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::config {
namespace {

TEST(ParseDuration, TakesWhatThePipelineTakes) {
  for (const auto& [text, wanted] : {std::pair{"0ms", 0}, {"20ms", 20}, {"1.5s", 1500}, {"2 m", 120'000}}) {
    ASSERT_OK_AND_ASSIGN(const Millis duration, ParseDuration(text));
    EXPECT_EQ(duration, Millis(wanted)) << text;
  }
}

TEST(ParseDuration, RefusesTheRestAndSaysWhatItTakes) {
  for (const char* text : {"", "20", "ms", "-1s", "20 parsecs", "1s later", "99999999999999999999s"}) {
    SCOPED_TRACE(text);
    const auto duration = ParseDuration(text);
    EXPECT_ERROR_CODE(ErrorCode::kUsage, duration);
    EXPECT_FALSE(duration.status().message().empty());
  }
  EXPECT_THAT(HintOf(ParseDuration("20").status()), ::testing::HasSubstr("ms, s, m, h, d"));
}

TEST(ParseSize, TakesWhatThePipelineTakesAndRefusesTheRest) {
  for (const auto& [text, wanted] : {std::pair{"0B", 0}, {"1.5KiB", 1536}, {"128 MiB", 128 << 20}}) {
    ASSERT_OK_AND_ASSIGN(const int64_t size, ParseSize(text));
    EXPECT_EQ(size, wanted) << text;
  }
  for (const char* text : {"", "128", "MiB", "-1MiB", "5d"})
    EXPECT_ERROR_CODE(ErrorCode::kUsage, ParseSize(text));
}

}  // namespace
}  // namespace ingesta::config
