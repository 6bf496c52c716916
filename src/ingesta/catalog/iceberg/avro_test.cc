#include "ingesta/catalog/iceberg/avro.h"

#include <cmath>
#include <limits>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

using testing::SeededRandom;

std::string Encoded(const std::string& schema_json, const AvroValue& value) {
  auto schema = AvroSchema::Parse(schema_json);
  EXPECT_OK(schema.status());
  std::string out;
  EXPECT_OK(EncodeAvro((*schema)->root(), value, out));
  return out;
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

// The values of the Avro specification and by hand.
TEST(Avro, WritesTheBytesOfTheSpecification) {
  EXPECT_EQ(Encoded("\"long\"", int64_t{0}), Bytes({0x00}));
  EXPECT_EQ(Encoded("\"long\"", int64_t{-1}), Bytes({0x01}));
  EXPECT_EQ(Encoded("\"long\"", int64_t{1}), Bytes({0x02}));
  EXPECT_EQ(Encoded("\"int\"", int64_t{-64}), Bytes({0x7f}));
  EXPECT_EQ(Encoded("\"int\"", int64_t{64}), Bytes({0x80, 0x01}));
  EXPECT_EQ(Encoded("\"long\"", std::numeric_limits<int64_t>::min()),
            Bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
  EXPECT_EQ(Encoded("\"string\"", "foo"), Bytes({0x06, 'f', 'o', 'o'}));
  EXPECT_EQ(Encoded("\"boolean\"", true), Bytes({0x01}));
  EXPECT_EQ(Encoded("\"float\"", 1.0), Bytes({0, 0, 0x80, 0x3f}));
  EXPECT_EQ(Encoded("\"double\"", -2.0), Bytes({0, 0, 0, 0, 0, 0, 0, 0xc0}));
  EXPECT_EQ(Encoded(R"({"type":"array","items":"long"})", AvroArray{int64_t{3}, int64_t{27}}),
            Bytes({0x04, 0x06, 0x36, 0x00}));
  EXPECT_EQ(Encoded(R"({"type":"array","items":"long"})", AvroArray{}), Bytes({0x00}));
  EXPECT_EQ(Encoded(R"(["null","string"])", AvroValue()), Bytes({0x00}));
  EXPECT_EQ(Encoded(R"(["null","string"])", "a"), Bytes({0x02, 0x02, 'a'}));
  EXPECT_EQ(Encoded(R"({"type":"fixed","name":"f","size":2})", "xy"), "xy");
}

TEST(Avro, RefusesValuesThatDoNotFitTheSchema) {
  const std::vector<std::pair<std::string, AvroValue>> cases = {
      {"\"int\"", int64_t{1} << 40},
      {"\"int\"", "text"},
      {"\"string\"", int64_t{1}},
      {R"(["null","long"])", "text"},
      {R"({"type":"fixed","name":"f","size":2})", "xyz"},
      {R"({"type":"array","items":"long"})", int64_t{1}},
  };
  for (const auto& [json, value] : cases) {
    auto schema = AvroSchema::Parse(json);
    ASSERT_OK(schema.status());
    std::string out;
    EXPECT_ERROR_CODE(ErrorCode::kInternal, EncodeAvro((*schema)->root(), value, out));
  }
}

constexpr char kSchema[] = R"({"type":"record","name":"entry","fields":[
  {"name":"id","type":"long","field-id":1},
  {"name":"name","type":["null","string"],"default":null,"field-id":2},
  {"name":"sizes","type":["null",{"type":"array","logicalType":"map","items":{"type":"record","name":"pair","fields":[
     {"name":"key","type":"int","field-id":10},{"name":"value","type":"long","field-id":11}]}}],"field-id":3},
  {"name":"part","type":{"type":"record","name":"part","fields":[
     {"name":"day","type":["null",{"type":"int","logicalType":"date"}],"field-id":1000}]},"field-id":4}]})";

Result<std::string> WriteEntries(AvroCodec codec, int64_t count) {
  SeededRandom random(7);
  ARROW_ASSIGN_OR_RAISE(AvroWriter writer,
                        AvroWriter::Create(kSchema, {{"format-version", "2"}}, codec, random));
  const AvroNode& root = writer.root();
  const AvroNode& pair = *root.fields[2].type->branches[1]->branches[0];
  for (int64_t i = 0; i < count; ++i) {
    AvroArray sizes = {AvroValue::Record(pair, {7, i}), AvroValue::Record(pair, {8, -i})};
    RETURN_NOT_OK(writer.Append(AvroValue::Record(
        root, {i, i % 2 == 0 ? AvroValue() : AvroValue("n" + std::to_string(i)), std::move(sizes),
               AvroValue::Record(*root.fields[3].type, {static_cast<int>(-i)})})));
  }
  return writer.Finish();
}

TEST(Avro, ReadsWhatItWroteByFieldIds) {
  for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate}) {
    ASSERT_OK_AND_ASSIGN(std::string bytes, WriteEntries(codec, 5'000));
    ASSERT_OK_AND_ASSIGN(auto reader, AvroReader::Open(std::move(bytes)));
    EXPECT_EQ(reader->metadata().at("format-version"), "2");
    int64_t count = 0;
    for (;; ++count) {
      ASSERT_OK_AND_ASSIGN(const auto value, reader->Next());
      if (!value) break;
      EXPECT_EQ(*value->Field(1)->As<int64_t>(), count);
      EXPECT_EQ(value->Field(2)->is_null(), count % 2 == 0);
      const auto* sizes = value->Field(3)->As<AvroArray>();
      ASSERT_EQ(sizes->size(), 2U);
      EXPECT_EQ(*(*sizes)[1].Field(11)->As<int64_t>(), -count);
      EXPECT_EQ(*value->Field(4)->Field(1000)->As<int64_t>(), -count);
      EXPECT_EQ(value->Field(99), nullptr);
    }
    EXPECT_EQ(count, 5'000);
  }
}

TEST(Avro, AFileWithoutValuesIsAHeaderAlone) {
  ASSERT_OK_AND_ASSIGN(std::string bytes, WriteEntries(AvroCodec::kDeflate, 0));
  EXPECT_TRUE(bytes.starts_with(std::string("Obj\x01", 4)));
  ASSERT_OK_AND_ASSIGN(auto reader, AvroReader::Open(std::move(bytes)));
  ASSERT_OK_AND_ASSIGN(const auto value, reader->Next());
  EXPECT_FALSE(value.has_value());
}

Status ReadAll(std::string bytes) {
  ARROW_ASSIGN_OR_RAISE(auto reader, AvroReader::Open(std::move(bytes)));
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto value, reader->Next());
    if (!value) return Status::OK();
  }
}

TEST(Avro, EveryCutIsAnError) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, WriteEntries(AvroCodec::kDeflate, 50));
  // A file that ends with its header is one without values.
  const size_t header = bytes.rfind(bytes.substr(bytes.size() - 16), bytes.size() - 17) + 16;
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (size == header) continue;
    EXPECT_FALSE(ReadAll(bytes.substr(0, size)).ok()) << "cut at " << size << " of " << bytes.size();
  }
}

TEST(Avro, ChangedBytesNeverCrash) {
  SeededRandom random(11);
  for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate}) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, WriteEntries(codec, 50));
    int errors = 0;
    for (int round = 0; round < 1500; ++round) {
      std::string changed = bytes;
      for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
        changed[random.Below(changed.size())] = static_cast<char>(random.Next());
      }
      if (!ReadAll(std::move(changed)).ok()) ++errors;
    }
    EXPECT_GT(errors, 300);
  }
}

std::string FileOf(const std::string& schema, const std::string& codec, int64_t values,
                   const std::string& block) {
  std::string file("Obj\x01", 4);
  const auto append = [&file](const std::string& text) {
    AppendAvroLong(static_cast<int64_t>(text.size()), file);
    file += text;
  };
  const std::string sync(16, 's');
  AppendAvroLong(2, file);
  append("avro.schema");
  append(schema);
  append("avro.codec");
  append(codec);
  AppendAvroLong(0, file);
  file += sync;
  AppendAvroLong(values, file);
  append(block);
  return file + sync;
}

TEST(Avro, RefusesHostileFiles) {
  std::string many_nulls;
  AppendAvroLong(int64_t{1} << 60, many_nulls);
  std::string deep = "\"long\"";
  for (int i = 0; i < 3000; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  const std::string itself = R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"}]})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a count of nulls beyond all memory",
       FileOf(R"({"type":"array","items":"null"})", "null", 1, many_nulls)},
      {"a schema nested too deep", FileOf(deep, "null", 1, "x")},
      {"a record that holds itself without end", FileOf(itself, "null", 1, std::string(10, '\0'))},
      {"a type that is not there", FileOf(R"({"type":"array","items":"nothing"})", "null", 1, "x")},
      {"no schema", FileOf("", "null", 1, "x")},
      {"a negative length", FileOf("\"bytes\"", "null", 1, Bytes({0x01}))},
      {"a length beyond the block", FileOf("\"bytes\"", "null", 1, Bytes({0x7e, 'a'}))},
      {"a branch that is not there", FileOf(R"(["null","long"])", "null", 1, Bytes({0x04}))},
      {"a negative branch", FileOf(R"(["null","long"])", "null", 1, Bytes({0x01}))},
      {"a long without end", FileOf("\"long\"", "null", 1, std::string(20, '\xff'))},
      {"an int of 33 bits", FileOf("\"int\"", "null", 1, Bytes({0x80, 0x80, 0x80, 0x80, 0x20}))},
      {"more values than bytes", FileOf("\"null\"", "null", 1000, "x")},
      {"more bytes than values", FileOf("\"long\"", "null", 1, Bytes({0x02, 0x02}))},
      {"a block that does not inflate", FileOf("\"long\"", "deflate", 1, "rubbish")},
      {"a fixed beyond all memory",
       FileOf(R"({"type":"fixed","name":"f","size":9000000000000000000})", "null", 1, "x")},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, ReadAll(bytes));
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ReadAll(FileOf("\"long\"", "zstandard", 1, "x")));
}

TEST(Avro, ABlockThatInflatesBeyondTheLimitIsRefused) {
  SeededRandom random(1);
  ASSERT_OK_AND_ASSIGN(AvroWriter writer, AvroWriter::Create("\"bytes\"", {}, AvroCodec::kDeflate, random));
  ASSERT_OK(writer.Append(std::string(1 << 20, '\0')));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, writer.Finish());
  EXPECT_LT(bytes.size(), 4096U);
  ASSERT_OK_AND_ASSIGN(auto small, AvroReader::Open(bytes, {.block_bytes = 1 << 16}));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, small->Next());
  ASSERT_OK_AND_ASSIGN(auto large, AvroReader::Open(bytes));
  EXPECT_OK(large->Next().status());
}

TEST(Avro, ReadsTypesThatOtherWritersUse) {
  // An enum, a map, a named type used twice, a list whose blocks give their size in bytes.
  const std::string schema = R"({"type":"record","name":"r","namespace":"org.x","fields":[
    {"name":"e","type":{"type":"enum","name":"color","symbols":["red","green"]},"field-id":1},
    {"name":"m","type":{"type":"map","values":"long"},"field-id":2},
    {"name":"again","type":"color","field-id":3},
    {"name":"full","type":["null","org.x.color"],"field-id":4},
    {"name":"l","type":{"type":"array","items":"long"},"field-id":5},
    {"name":"f","type":"float","field-id":6}]})";
  const std::string block = Bytes(
      {0x02, 0x02, 0x02, 'k', 0x0a, 0x00, 0x00, 0x02, 0x02, 0x03, 0x04, 0x02, 0x04, 0x00, 0, 0, 0xc0, 0x7f});
  ASSERT_OK_AND_ASSIGN(auto reader, AvroReader::Open(FileOf(schema, "null", 1, block)));
  ASSERT_OK_AND_ASSIGN(const auto value, reader->Next());
  EXPECT_EQ(*value->Field(1)->As<int64_t>(), 1);
  const AvroArray& entry = *(*value->Field(2)->As<AvroArray>())[0].As<AvroArray>();
  EXPECT_EQ(*entry[0].As<std::string>(), "k");
  EXPECT_EQ(*entry[1].As<int64_t>(), 5);
  EXPECT_EQ(*value->Field(3)->As<int64_t>(), 0);
  EXPECT_EQ(*value->Field(4)->As<int64_t>(), 1);
  EXPECT_EQ(value->Field(5)->As<AvroArray>()->size(), 2U);
  EXPECT_TRUE(std::isnan(*value->Field(6)->As<double>()));
}

}  // namespace
}  // namespace ingesta::iceberg
