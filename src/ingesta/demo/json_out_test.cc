#include "ingesta/demo/json_out.h"

#include <cstdlib>

namespace ingesta::demo {
namespace {

std::string Number(double value, NumberForm form) {
  std::string text;
  AppendDouble(value, form, &text);
  return text;
}

struct NumberCase {
  double value;
  const char* python;
  const char* java;
  const char* javascript;
};

TEST(JsonOut, PrintsDoublesAsEachRuntimeDoes) {
  const NumberCase cases[] = {
      {0, "0", "0", "0"},
      {4223.04, "4223.04", "4223.04", "4223.04"},
      {736.05 * 6, "4416.299999999999", "4416.299999999999", "4416.299999999999"},
      {12346277.540000001, "12346277.540000001", "1.2346277540000001E7", "12346277.540000001"},
      {21545.6, "21545.6", "21545.6", "21545.6"},
      {1500, "1500", "1500", "1500"},
      {-3.5, "-3.5", "-3.5", "-3.5"},
      {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"},
      {20000000, "20000000", "2.0E7", "20000000"},
      {3.4e+38, "3.4e+38", "3.4E38", "3.4e+38"},
      {1e+21, "1e+21", "1.0E21", "1e+21"},
      {123456789012345678.0, "1.2345678901234568e+17", "1.2345678901234568E17", "123456789012345680"},
      {0.05, "0.05", "0.05", "0.05"},
      {0.0005, "0.0005", "5.0E-4", "0.0005"},
  };
  for (const NumberCase& c : cases) {
    EXPECT_EQ(c.python, Number(c.value, NumberForm::kPython));
    EXPECT_EQ(c.java, Number(c.value, NumberForm::kJava));
    EXPECT_EQ(c.javascript, Number(c.value, NumberForm::kJavaScript));
    EXPECT_EQ(c.value, std::strtod(c.java, nullptr));
  }
}

TEST(JsonOut, EscapesInBothSpellings) {
  struct Case {
    const char* text;
    const char* ascii;
    const char* utf8;
  };
  const Case cases[] = {
      {"plain", "plain", "plain"},
      {"\"\\\n\r\t\x01", "\\\"\\\\\\n\\r\\t\\u0001", "\\\"\\\\\\n\\r\\t\\u0001"},
      {"Niños", "Ni\\u00f1os", "Niños"},
      {"日本", "\\u65e5\\u672c", "日本"},
      {"🍣", "\\ud83c\\udf63", "🍣"},
  };
  for (const Case& c : cases) {
    std::string ascii;
    std::string utf8;
    AppendEscaped(c.text, true, &ascii);
    AppendEscaped(c.text, false, &utf8);
    EXPECT_EQ(c.ascii, ascii);
    EXPECT_EQ(c.utf8, utf8);
    const Piece piece(c.text);
    EXPECT_EQ(ascii, piece.ascii);
    EXPECT_EQ(utf8, piece.utf8);
  }
}

void WriteSample(JsonOut& json) {
  json.BeginObject();
  json.Key("a");
  json.Int(-1);
  json.Key("b");
  json.BeginArray();
  json.EndArray();
  json.Key("c");
  json.BeginArray();
  json.BeginObject();
  json.Key("d");
  json.Null();
  json.EndObject();
  json.String("ñ");
  json.EndArray();
  json.EndObject();
}

TEST(JsonOut, IndentsAsFlaskDoes) {
  std::string text;
  JsonOut json(kFlaskDialect, &text);
  WriteSample(json);
  EXPECT_EQ(
      "{\n  \"a\": -1,\n  \"b\": [],\n  \"c\": [\n    {\n      \"d\": null\n    },\n    \"\\u00f1\"\n  ]\n}",
      text);
}

TEST(JsonOut, MinifiesAsTheOthersDo) {
  std::string text;
  JsonOut json(kSpringDialect, &text);
  WriteSample(json);
  EXPECT_EQ(R"({"a":-1,"b":[],"c":[{"d":null},"ñ"]})", text);
}

TEST(JsonOut, WritesTimesOfAllThreeForms) {
  struct Case {
    int64_t seconds;
    uint32_t nanos;
    int digits;
    const char* suffix;
    const char* expected;
  };
  const Case cases[] = {
      {1'756'713'604, 0, 0, "", "\"2025-09-01T08:00:04\""},
      {1'750'481'491, 469'407'000, 6, "", "\"2025-06-21T04:51:31.469407\""},
      {1'725'542'417, 104'000'000, 3, "Z", "\"2024-09-05T13:20:17.104Z\""},
      {1'709'210'096, 1, 9, "", "\"2024-02-29T12:34:56.000000001\""},
      {-2'208'988'801, 0, 0, "", "\"1899-12-31T23:59:59\""},
      {253'402'300'799, 0, 0, "", "\"9999-12-31T23:59:59\""},
  };
  for (const Case& c : cases) {
    std::string text;
    JsonOut json(kSpringDialect, &text);
    json.Time(c.seconds, c.nanos, c.digits, c.suffix);
    EXPECT_EQ(c.expected, text);
  }
}

}  // namespace
}  // namespace ingesta::demo
