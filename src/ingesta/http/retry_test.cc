#include "ingesta/http/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ingesta/http/limiter.h"
#include "ingesta/testing/fake_clock.h"

namespace ingesta::http {
namespace {

const SystemTime kNow{std::chrono::seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(ParseRetryAfter, ReadsSecondsAndTheThreeDateForms) {
  const std::pair<const char*, std::optional<Millis>> cases[] = {
      {"0", Millis(0)},
      {"120", Millis(120'000)},
      {" 7 ", Millis(7'000)},
      {"1.5", Millis(1'500)},
      {"-5", Millis(0)},
      {"Sun, 06 Nov 1994 08:50:07 GMT", Millis(30'000)},
      {"Sunday, 06-Nov-94 08:50:07 GMT", Millis(30'000)},
      {"Sun Nov  6 08:50:07 1994", Millis(30'000)},
      {"Sun, 06 Nov 1994 08:00:00 GMT", Millis(0)},
      {"soon", std::nullopt},
      {"", std::nullopt},
      {"1e999", std::nullopt},
  };
  for (const auto& [value, expected] : cases) EXPECT_EQ(ParseRetryAfter(value, kNow), expected) << value;
}

TEST(WaitAskedBy, KnowsTheNamedHeaderInBothMeanings) {
  Response response;
  response.headers = {{"X-RateLimit-Reset", "784111787"}, {"Retry-After", "2"}};
  RetryPolicy policy;
  EXPECT_EQ(WaitAskedBy(response, policy, kNow), Millis(2'000));
  policy.wait_header = "x-ratelimit-reset";
  policy.wait_header_is_time = true;
  EXPECT_EQ(WaitAskedBy(response, policy, kNow), Millis(10'000));
  response.headers = {{"X-RateLimit-Reset", "4"}};
  policy.wait_header_is_time = false;
  EXPECT_EQ(WaitAskedBy(response, policy, kNow), Millis(4'000));
  EXPECT_EQ(WaitAskedBy(Response(), policy, kNow), std::nullopt);
}

TEST(BackoffWait, IsSpreadOverTheWholeOfADoublingRange) {
  RetryPolicy policy;
  policy.base = Millis(100);
  policy.cap = Millis(1'000);
  testing::SeededRandom random(1);
  const int64_t bounds[] = {100, 200, 400, 800, 1'000, 1'000};
  for (int n = 0; n < 6; ++n) {
    int64_t least = 1 << 20;
    int64_t most = -1;
    for (int i = 0; i < 2'000; ++i) {
      const int64_t wait = BackoffWait(policy, n, random).count();
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_LE(most, bounds[n]);
    EXPECT_GE(most, bounds[n] * 9 / 10) << n;
    EXPECT_GE(least, 0);
    EXPECT_LE(least, bounds[n] / 10) << n;
  }
  EXPECT_LE(BackoffWait(policy, 1'000'000, random).count(), 1'000);
  policy.constant = true;
  EXPECT_EQ(BackoffWait(policy, 5, random), Millis(100));
}

TEST(MayRepeat, GoesByMethodUnlessTheCallerKnows) {
  Request request;
  for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    request.method = method;
    EXPECT_TRUE(MayRepeat(request)) << method;
  }
  for (const char* method : {"POST", "PATCH"}) {
    request.method = method;
    EXPECT_FALSE(MayRepeat(request)) << method;
  }
  request.idempotent = true;
  EXPECT_TRUE(MayRepeat(request));
}

TEST(AdaptiveLimit, HalvesOnceARoundTripAndGrowsByOne) {
  AdaptiveLimit limit(8);
  const int64_t first = limit.OnStart();
  const int64_t second = limit.OnStart();
  limit.OnOverload(first);
  EXPECT_EQ(limit.current(), 4);
  limit.OnOverload(second);  // sent before the cut: says nothing new
  EXPECT_EQ(limit.current(), 4);
  for (const int expected : {2, 1, 1}) {
    limit.OnOverload(limit.OnStart());
    EXPECT_EQ(limit.current(), expected);
  }
  limit.OnSuccess();
  EXPECT_EQ(limit.current(), 2);
  limit.OnSuccess();
  EXPECT_EQ(limit.current(), 2);  // two successes at a limit of two are one round trip
  for (int i = 0; i < 100; ++i) limit.OnSuccess();
  EXPECT_EQ(limit.current(), 8);
}

TEST(RateWindow, HoldsInEveryInterval) {
  const auto at = [](int ms) { return MonotonicTime(Millis(ms)); };
  RateWindow window(2, Millis(100));
  window.OnStart(at(0));
  EXPECT_EQ(window.NextStart(at(90)), at(90));
  window.OnStart(at(90));
  EXPECT_EQ(window.NextStart(at(95)), at(100));
  window.OnStart(at(100));
  EXPECT_EQ(window.NextStart(at(100)), at(190));
  EXPECT_EQ(RateWindow(0, Millis(100)).NextStart(at(3)), at(3));
}

TEST(RetryBudget, GivesEachRequestItsFirstRetry) {
  RetryBudget budget(2);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.TryTake(0));
  EXPECT_TRUE(budget.TryTake(1));
  EXPECT_TRUE(budget.TryTake(2));
  EXPECT_FALSE(budget.TryTake(1));
  EXPECT_TRUE(budget.TryTake(0));
  EXPECT_EQ(budget.spent(), 13);
}

}  // namespace
}  // namespace ingesta::http
