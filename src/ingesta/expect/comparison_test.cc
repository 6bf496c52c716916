#include "ingesta/expect/comparison.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ingesta/expect/value_key.h"
#include "ingesta/expect/values.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::expect {
namespace {

TEST(FloorScaled, IsExactAboutWhatADoubleIs) {
  struct Case {
    double value;
    int scale;
    int64_t floor;
    bool exact;
  };
  // 100.1 is a double below it, 0.07 one above.
  const Case cases[] = {{1.5, 2, 150, true},   {-1.5, 2, -150, true},      {100.1, 2, 10009, false},
                        {0.07, 2, 7, false},   {-100.1, 2, -10010, false}, {0, 5, 0, true},
                        {1e-300, 2, 0, false}, {-1e-300, 2, -1, false},    {3, 0, 3, true},
                        {2.5, 0, 2, false}};
  for (const Case& one : cases) {
    const auto scaled = FloorScaled(one.value, one.scale);
    ASSERT_TRUE(scaled.has_value()) << one.value;
    EXPECT_EQ(static_cast<int64_t>(scaled->floor), one.floor) << one.value;
    EXPECT_EQ(scaled->exact, one.exact) << one.value;
  }
  for (const double beyond : {1e40, -1e40, std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_FALSE(FloorScaled(beyond, 2).has_value()) << beyond;
  }
}

TEST(Literal, ReadsBoundsAsGreatExpectationsDoes) {
  using Kind = Literal::Kind;
  const std::pair<const char*, Kind> cases[] = {{"5", Kind::kNumber},
                                                {"\"5.5\"", Kind::kNumber},
                                                {"\"2025-01-31\"", Kind::kDate},
                                                {"\"2025-01-31T10:00:00\"", Kind::kTime},
                                                {"\"2025-01-31 10:00\"", Kind::kTime},
                                                {"\"2025-01-31T10:00:00.5+02:00\"", Kind::kTime}};
  for (const auto& [text, kind] : cases) {
    ASSERT_OK_AND_ASSIGN(const Literal literal, Literal::FromBound(Json::parse(text)));
    EXPECT_EQ(literal.kind(), kind) << text;
  }
  for (const char* text : {"\"abc\"", "\"\"", "[]", "\"2025-02-30\"", "\"2025-01-31T25:00:00\""}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Literal::FromBound(Json::parse(text)).status());
  }
  EXPECT_EQ(Literal::ParseTime("1970-01-01T02:00:00.25+02:00")->micros(), 250'000);
}

TEST(ValueKey, OrdersAsTheValuesDo) {
  const double values[] = {
      -std::numeric_limits<double>::infinity(), -1e300, -1, -1e-300, 0, 1e-300, 1, 1e300};
  for (size_t i = 1; i < std::size(values); ++i) {
    const arrow::DataType& type = *arrow::float64();
    const auto below = JsonKey(type, values[i - 1]);
    const auto above = JsonKey(type, values[i]);
    ASSERT_TRUE(below && above);
    EXPECT_TRUE(*below < *above) << values[i];
    EXPECT_EQ(KeyNumber(type, *above), values[i]);
  }
  EXPECT_EQ(JsonKey(*arrow::float64(), -0.0), JsonKey(*arrow::float64(), 0));
  for (const auto& type : {arrow::decimal128(18, 2), arrow::decimal128(38, 2)}) {
    EXPECT_EQ(KeyJson(*type, *JsonKey(*type, -3.25)), Json(-3.25));
    EXPECT_FALSE(JsonKey(*type, 100.1).has_value()) << "no decimal is this double";
  }
}

TEST(Values, HavePythonsText) {
  const std::pair<double, const char*> floats[] = {{1, "1.0"},          {-0.5, "-0.5"},
                                                   {1e16, "1e+16"},     {1e22, "1e+22"},
                                                   {1.5e-5, "1.5e-05"}, {123456789.125, "123456789.125"},
                                                   {0, "0.0"}};
  for (const auto& [value, text] : floats) EXPECT_EQ(PythonFloat(value), text);
  const std::tuple<int64_t, int, const char*> decimals[] = {
      {150, 2, "1.50"}, {-5, 2, "-0.05"}, {0, 2, "0.00"}, {1, 8, "1E-8"}, {7, 0, "7"}};
  for (const auto& [unscaled, scale, text] : decimals) EXPECT_EQ(DecimalText(unscaled, scale), text);
  EXPECT_EQ(IsoTime(-1, 1'000'000, false, TimeStyle::kIso), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(IsoTime(0, 1'000'000, true, TimeStyle::kIso), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(IsoTime(0, 1'000'000, true, TimeStyle::kNumpy), "1970-01-01T00:00:00.000000");
}

}  // namespace
}  // namespace ingesta::expect
