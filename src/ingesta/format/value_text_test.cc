#include "ingesta/format/value_text.h"

#include <arrow/util/decimal.h>

#include <chrono>
#include <limits>
#include <random>

#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

std::string Decimal64(int64_t unscaled, int scale) {
  char out[64];
  return {out, AppendDecimal64(out, unscaled, scale)};
}

std::string Decimal128(const std::string& unscaled, int scale) {
  const auto bytes = arrow::Decimal128(unscaled).ToBytes();
  char out[64];
  return {out, AppendDecimal128(out, bytes.data(), scale)};
}

std::string Date(int64_t day) {
  char out[16];
  return {out, AppendDate(out, day)};
}

std::string Timestamp(int64_t micros) {
  char out[32];
  TimestampText text;
  char* const end = text.Append<' '>(out, micros);
  return end == nullptr ? "none" : std::string(out, end);
}

std::string Double(double value) {
  char out[40];
  return {out, AppendDouble(out, value)};
}

TEST(ValueText, DecimalsKeepTheirWholeScale) {
  const struct {
    int64_t unscaled;
    int scale;
    const char* text;
  } cases[] = {
      {1230, 2, "12.30"},
      {0, 2, "0.00"},
      {5, 2, "0.05"},
      {-5, 2, "-0.05"},
      {-1230, 2, "-12.30"},
      {7, 0, "7"},
      {-7, 0, "-7"},
      {1, 18, "0.000000000000000001"},
      {999'999'999'999'999'999, 18, "0.999999999999999999"},
      {-999'999'999'999'999'999, 0, "-999999999999999999"},
      {123'456, 3, "123.456"},
      {100'000, 5, "1.00000"},
      {std::numeric_limits<int64_t>::min(), 1, "-922337203685477580.8"},
      {std::numeric_limits<int64_t>::min(), 2, "-92233720368547758.08"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Decimal64(c.unscaled, c.scale), c.text);
    EXPECT_EQ(Decimal128(std::to_string(c.unscaled), c.scale), c.text);
  }
}

TEST(ValueText, WideDecimals) {
  const std::string nines(38, '9');
  EXPECT_EQ(Decimal128(nines, 0), nines);
  EXPECT_EQ(Decimal128("-" + nines, 2), "-" + nines.substr(0, 36) + ".99");
  EXPECT_EQ(Decimal128("-" + nines, 38), "-0." + nines);
  EXPECT_EQ(Decimal128("1000000000000000000", 0), "1000000000000000000");
  EXPECT_EQ(Decimal128("1000000000000000000000000000000000000", 18),
            "1000000000000000000.000000000000000000");
  EXPECT_EQ(Decimal128("0", 38), "0." + std::string(38, '0'));
}

TEST(ValueText, WideDecimalsAgreeWithNarrowOnes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const int scale = static_cast<int>(random() % 19);
    ASSERT_EQ(Decimal64(value, scale), Decimal128(std::to_string(value), scale));
  }
}

TEST(ValueText, DatesOfTheWholeRangeAgreeWithChrono) {
  using std::chrono::days;
  using std::chrono::sys_days;
  ASSERT_EQ(Date(kFirstDay), "0001-01-01");
  ASSERT_EQ(Date(kLastDay), "9999-12-31");
  for (int64_t day = kFirstDay; day <= kLastDay; day += day % 7 == 0 ? 13 : 1) {
    const std::chrono::year_month_day date{sys_days{days{day}}};
    char expected[16];
    std::snprintf(expected, sizeof(expected), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    ASSERT_EQ(Date(day), expected);
  }
}

TEST(ValueText, Timestamps) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "1970-01-01 00:00:00"},
      {-1, "1969-12-31 23:59:59.999999"},
      {-1'000'000, "1969-12-31 23:59:59"},
      {1'756'713'604'000'000, "2025-09-01 08:00:04"},
      {1'756'713'604'469'407, "2025-09-01 08:00:04.469407"},
      {1'756'713'604'000'001, "2025-09-01 08:00:04.000001"},
      {1'756'713'604'500'000, "2025-09-01 08:00:04.500000"},
      {kFirstDay * kMicrosPerDay, "0001-01-01 00:00:00"},
      {(kLastDay + 1) * kMicrosPerDay - 1, "9999-12-31 23:59:59.999999"},
      {kFirstDay * kMicrosPerDay - 1, "none"},
      {(kLastDay + 1) * kMicrosPerDay, "none"},
      {std::numeric_limits<int64_t>::min(), "none"},
      {std::numeric_limits<int64_t>::max(), "none"},
  };
  for (const auto& [micros, text] : cases) EXPECT_EQ(Timestamp(micros), text);
}

TEST(ValueText, TimestampKeepsNoDateThatIsNotItsOwn) {
  TimestampText text;
  char out[32];
  const auto append = [&](int64_t day) {
    return std::string(out, text.Append<'T'>(out, day * kMicrosPerDay));
  };
  EXPECT_EQ(append(0), "1970-01-01T00:00:00");
  EXPECT_EQ(append(1), "1970-01-02T00:00:00");
  EXPECT_EQ(text.Append<'T'>(out, (kLastDay + 1) * kMicrosPerDay), nullptr);
  EXPECT_EQ(append(1), "1970-01-02T00:00:00");
  EXPECT_EQ(append(0), "1970-01-01T00:00:00");
}

TEST(ValueText, DoublesAreShortestAndReadBack) {
  const std::pair<double, const char*> cases[] = {
      {0.1, "0.1"},
      {4416.299999999999, "4416.299999999999"},
      {1e21, "1e+21"},
      {3.4e38, "3.4e+38"},
      {-0.0, "-0"},
      {5, "5"},
      {5e-324, "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
      {std::numeric_limits<double>::infinity(), "Infinity"},
      {-std::numeric_limits<double>::infinity(), "-Infinity"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(Double(value), text);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isfinite(value)) {
      ASSERT_EQ(std::strtod(Double(value).c_str(), nullptr), value);
    }
  }
}

}  // namespace
}  // namespace ingesta::format
