#include "ingesta/format/line_combiner.h"

#include <random>

#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

std::vector<uint8_t> RandomFlags(size_t size, std::mt19937& random) {
  // Long runs as well as scattered rows, and none and all at times.
  const unsigned kind = random() % 4;
  std::vector<uint8_t> flags(size, kind == 0 ? 1 : 0);
  for (size_t i = 0; i < size && kind > 1; ++i) flags[i] = kind == 2 ? random() % 2 : (i / 50) % 2;
  return flags;
}

/// Batches of rows whose texts need quoting here and there, each with its source text.
std::vector<Batch> RandomBatches(std::mt19937& random) {
  static constexpr std::string_view kAlphabet = "abcdefgh ,\"\n";
  std::vector<Batch> batches;
  for (int i = 0; i < 3; ++i) {
    const size_t size = random() % 700;
    arrow::Int64Builder ids;
    arrow::StringBuilder texts;
    std::vector<std::string> sources;
    for (size_t row = 0; row < size; ++row) {
      std::string text(random() % 2000, '\0');
      for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
      EXPECT_OK(ids.Append(static_cast<int64_t>(random())));
      EXPECT_OK(random() % 10 == 0 ? texts.AppendNull() : texts.Append(text));
      sources.push_back("{\"n\":" + std::string(random() % 900, '1') + "}");
    }
    Batch batch = MakeSourceBatch(sources);
    batch.rows = arrow::RecordBatch::Make(
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("texto", arrow::utf8())}),
        static_cast<int64_t>(size), {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
    batches.push_back(std::move(batch));
  }
  return batches;
}

class LineCombinerTest : public FormatTest {
 protected:
  /// Combining parts by selections gives the file that a writer makes of the kept rows.
  void ExpectSameAsDirect(const Format& format, TextCompression compression, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<Batch> kept;
    std::vector<PartSelection> parts;
    for (Batch& batch : RandomBatches(random)) {
      const std::string path =
          Path(format.name() + std::to_string(seed) + "_" + std::to_string(parts.size()));
      ASSERT_OK(WriteFile(format, path, {batch}).status());
      batch.dropped = RandomFlags(batch.sources.size(), random);
      parts.push_back(
          {path, [flags = batch.dropped](int64_t row) { return flags.at(static_cast<size_t>(row)) == 0; }});
      kept.push_back(std::move(batch));
    }
    const std::string direct = Path(format.name() + std::to_string(seed) + ".direct");
    const std::string combined = Path(format.name() + std::to_string(seed) + ".combined");
    ASSERT_OK_AND_ASSIGN(const WrittenFile expected, WriteFile(format, direct, kept));
    ASSERT_OK_AND_ASSIGN(const WrittenFile actual,
                         CombineFile(format, parts, combined, kept.front().rows->schema()));
    EXPECT_EQ(actual.path, combined);
    EXPECT_EQ(actual.rows, expected.rows);
    EXPECT_EQ(actual.bytes, FileSize(combined).ValueOrDie());
    EXPECT_EQ(actual.crc32, FileCrc32(combined).ValueOrDie());
    // Compressed bytes depend on how the text came; the text does not.
    EXPECT_TRUE(TextOf(combined, compression) == TextOf(direct, compression));
  }

  static std::string TextOf(const std::string& path, TextCompression compression) {
    const std::string bytes = ReadFile(path).ValueOrDie();
    return compression == TextCompression::kNone ? bytes : Decompressed(bytes, compression).ValueOrDie();
  }
};

TEST_F(LineCombinerTest, EqualsWritingTheKeptRowsDirectly) {
  uint32_t seed = 0;
  for (const std::string compression : {"none", "gzip", "zstd"}) {
    const auto csv = MakeFormat(CsvFormat(), {{"compression", compression}});
    const auto json = MakeFormat(JsonFormat(), {{"compression", compression}});
    for (int i = 0; i < 5; ++i) {
      ExpectSameAsDirect(*csv, TextCompressionOf(compression), ++seed);
      ExpectSameAsDirect(*json, TextCompressionOf(compression), ++seed);
    }
  }
}

TEST_F(LineCombinerTest, CopiesLinesLargerThanItsBuffers) {
  const std::string first = std::string(3'000'000, 'a') + "\n";
  const std::string second = std::string(2'000'001, 'b') + "\n";
  ASSERT_OK(AtomicWriteFile(Path("part"), first + "short\n" + second + first));
  std::vector<int64_t> asked;
  const auto keep = [&](int64_t row) {
    asked.push_back(row);
    return row == 1 || row == 2;
  };
  ASSERT_OK_AND_ASSIGN(const WrittenFile file, CombineLines({{Path("part"), keep}}, Path("out"), ""));
  EXPECT_EQ(asked, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(file.rows, 2);
  EXPECT_TRUE(ReadFile(Path("out")).ValueOrDie() == "short\n" + second);
}

TEST_F(LineCombinerTest, WritesTheHeaderOnceAndForNoPartsToo) {
  ASSERT_OK(AtomicWriteFile(Path("one"), "a,b\n1,2\n"));
  ASSERT_OK(AtomicWriteFile(Path("none"), "a,b\n"));
  ASSERT_OK_AND_ASSIGN(
      const WrittenFile file,
      CombineLines({{Path("none"), {}}, {Path("one"), {}}, {Path("one"), {}}}, Path("out"), "a,b\n"));
  EXPECT_EQ(file.rows, 2);
  EXPECT_EQ(ReadFile(Path("out")).ValueOrDie(), "a,b\n1,2\n1,2\n");
  ASSERT_OK_AND_ASSIGN(const WrittenFile empty, CombineLines({}, Path("empty"), "a,b\n"));
  EXPECT_EQ(empty.rows, 0);
  EXPECT_EQ(ReadFile(Path("empty")).ValueOrDie(), "a,b\n");
}

TEST_F(LineCombinerTest, RefusesPartsThatAreNotWhatWasWritten) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"", "no header"},
      {"a,c\n1,2\n", "another header"},
      {"a,b", "a cut header"},
      {"a,b\n1,2\n1,", "a cut row"},
  };
  for (const auto& c : cases) {
    ASSERT_OK(AtomicWriteFile(Path("part"), c.text));
    const Status status = CombineLines({{Path("part"), {}}}, Path("out"), "a,b\n").status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kCorrupt) << c.why;
    EXPECT_NE(status.message().find(Path("part")), std::string::npos) << c.why;
    ASSERT_OK(RemoveFile(Path("out")));
  }
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, CombineLines({{Path("absent"), {}}}, Path("out"), ""));
}

TEST_F(LineCombinerTest, ACutCompressedPartIsCorruptAndNamed) {
  const auto csv = MakeFormat(CsvFormat(), {{"compression", std::string("gzip")}});
  const Batch batch = MakeBatch(MakeRows({{"id", arrow::int64(), "[1, 2, 3]"}}));
  ASSERT_OK(WriteFile(*csv, Path("part"), {batch}).status());
  const std::string whole = ReadFile(Path("part")).ValueOrDie();
  ASSERT_OK(AtomicWriteFile(Path("part"), whole.substr(0, whole.size() - 3)));
  const Status status = CombineFile(*csv, {{Path("part"), {}}}, Path("out"), batch.rows->schema()).status();
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, status);
  EXPECT_NE(status.message().find(Path("part")), std::string::npos);
}

TEST_F(LineCombinerTest, NeverWritesOverAFile) {
  ASSERT_OK(AtomicWriteFile(Path("part"), "1\n"));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, CombineLines({{Path("part"), {}}}, Path("part"), ""));
}

}  // namespace
}  // namespace ingesta::format
