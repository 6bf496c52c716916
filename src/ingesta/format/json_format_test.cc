#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

class JsonFormatTest : public FormatTest {
 protected:
  std::string Write(const std::vector<Batch>& batches, const std::string& records = "source") {
    const std::string path = Path(std::to_string(++files_) + ".json");
    const auto json = MakeFormat(JsonFormat(), {{"records", records}});
    const Result<WrittenFile> file = WriteFile(*json, path, batches);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    const std::string text = ReadFile(path).ValueOrDie();
    EXPECT_EQ(file->bytes, static_cast<int64_t>(text.size()));
    EXPECT_EQ(file->crc32, Crc32(text));
    EXPECT_EQ(file->rows, std::count(text.begin(), text.end(), '\n'));
    return text;
  }

  int files_ = 0;
};

TEST_F(JsonFormatTest, SaysWhatItIs) {
  const auto json = MakeFormat(JsonFormat());
  EXPECT_EQ(json->name(), "json");
  EXPECT_EQ(json->extension(), ".json");
  EXPECT_EQ(json->key_prefix(), "json/");
  EXPECT_EQ(json->content_type(), "application/x-ndjson");
}

TEST_F(JsonFormatTest, CopiesSourceTextsAsTheyAre) {
  Batch batch = MakeSourceBatch({R"({"id":1,"n":1.2346277540000001E7})", R"({"id":2,"x":"\u00e9"})", "{}"});
  EXPECT_EQ(Write({batch, batch}),
            "{\"id\":1,\"n\":1.2346277540000001E7}\n{\"id\":2,\"x\":\"\\u00e9\"}\n{}\n"
            "{\"id\":1,\"n\":1.2346277540000001E7}\n{\"id\":2,\"x\":\"\\u00e9\"}\n{}\n");
  batch.dropped = {0, 1, 0};
  EXPECT_EQ(Write({batch}), "{\"id\":1,\"n\":1.2346277540000001E7}\n{}\n");
}

TEST_F(JsonFormatTest, KeepsALineARowWhateverTheSource) {
  EXPECT_EQ(Write({MakeSourceBatch({"{\n \"a\": 1\n}", "{\"b\":2}"})}), "{  \"a\": 1 }\n{\"b\":2}\n");
}

TEST_F(JsonFormatTest, WritesSourcesOfAnyLength) {
  const std::string large = "{\"a\":\"" + std::string(5'000'000, 'x') + "\"}";
  EXPECT_TRUE(Write({MakeSourceBatch({"{}", large, "{}"})}) == "{}\n" + large + "\n{}\n");
}

TEST_F(JsonFormatTest, RefusesABatchWithoutItsSources) {
  Batch batch = MakeBatch(MakeRows({{"a", arrow::int64(), "[1, 2]"}}));
  batch.sources = {"{}"};
  EXPECT_ERROR_CODE(ErrorCode::kInternal, WriteFile(*MakeFormat(JsonFormat()), Path("out.json"), {batch}));
}

TEST_F(JsonFormatTest, WritesEveryTypeAsColumns) {
  const auto rows = MakeRows({
      {"id", arrow::int64(), "[-9223372036854775808, null]"},
      {"stock", arrow::int32(), "[7, null]"},
      {"activo", arrow::boolean(), "[true, null]"},
      {"precio", arrow::decimal128(18, 2), R"(["12.30", null])"},
      {"ancho", arrow::decimal128(38, 4), R"(["12345678901234567890.1234", null])"},
      {"nota", arrow::float64(), "[1e21, NaN]"},
      {"dia", arrow::date32(), "[20332, null]"},
      {"hora", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1756713604469407, 1756713604000000]"},
      {"te\"xto", arrow::utf8(), R"(["", null])"},
  });
  EXPECT_EQ(
      Write({MakeBatch(rows)}, "columns"),
      R"({"id":-9223372036854775808,"stock":7,"activo":true,"precio":12.30,"ancho":12345678901234567890.1234,)"
      R"("nota":1e+21,"dia":"2025-09-01","hora":"2025-09-01T08:00:04.469407Z","te\"xto":""})"
      "\n"
      R"({"id":null,"stock":null,"activo":null,"precio":null,"ancho":null,)"
      R"("nota":null,"dia":null,"hora":"2025-09-01T08:00:04Z","te\"xto":null})"
      "\n");
}

TEST_F(JsonFormatTest, EscapesWhatJsonEscapes) {
  arrow::StringBuilder builder;
  ASSERT_OK(builder.Append(std::string("\"\\\n\r\t\b\f\x01\x1f\x7f/é🍣") + '\0'));
  const auto array = builder.Finish().ValueOrDie();
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::utf8())}), 1, {array});
  EXPECT_EQ(Write({MakeBatch(rows)}, "columns"),
            "{\"a\":\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\x7f/é🍣\\u0000\"}\n");
}

TEST_F(JsonFormatTest, RandomTextsReadBack) {
  std::mt19937 random(9);
  std::vector<std::string> values;
  for (int i = 0; i < 2'000; ++i) {
    std::string value(i % 500 == 499 ? 300'000 : random() % 60, '\0');
    for (char& c : value) c = static_cast<char>(random() % 4 == 0 ? random() % 0x23 : 'a' + random() % 26);
    values.push_back(value);
  }
  arrow::StringBuilder builder;
  ASSERT_OK(builder.AppendValues(values));
  const auto array = builder.Finish().ValueOrDie();
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::utf8())}), array->length(), {array});
  std::istringstream lines(Write({MakeBatch(rows)}, "columns"));
  std::string line;
  for (const std::string& value : values) {
    ASSERT_TRUE(std::getline(lines, line));
    const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(object.is_object()) << line.substr(0, 200);
    ASSERT_TRUE(object.at("a").get<std::string>() == value);
  }
}

}  // namespace
}  // namespace ingesta::format
