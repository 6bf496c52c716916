#include "ingesta/format/compression.h"

#include <fcntl.h>

#include <random>

#include "ingesta/format/file_writer.h"
#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

using CompressionTest = FormatTest;

constexpr TextCompression kBoth[] = {TextCompression::kGzip, TextCompression::kZstd};

/// Half words, half noise, so that both shapes of blocks occur.
std::string SampleText(size_t size) {
  std::mt19937 random(9);
  std::string text;
  while (text.size() < size) {
    if (random() % 2 == 0) {
      text += "producto," + std::to_string(random() % 1'000) + "\n";
    } else {
      text += static_cast<char>(random());
    }
  }
  text.resize(size);
  return text;
}

std::string Compressed(TextCompression compression, std::string_view text, size_t piece) {
  const auto compressor = Compressor::Make(compression).ValueOrDie();
  std::string bytes;
  const auto output = [&bytes](std::string_view ready) {
    bytes += ready;
    return Status::OK();
  };
  for (; text.size() > piece; text.remove_prefix(piece)) {
    EXPECT_OK(compressor->Compress(text.substr(0, piece), false, output));
  }
  EXPECT_OK(compressor->Compress(text, true, output));
  return bytes;
}

TEST_F(CompressionTest, TextComesBackHoweverItIsCut) {
  for (const TextCompression compression : kBoth) {
    for (const size_t size : {0, 1, 1'000, 65'536, 700'000}) {
      const std::string text = SampleText(size);
      for (const size_t piece : {size_t{7'919}, size_t{65'536}, size_t{1} << 20}) {
        const std::string bytes = Compressed(compression, text, piece);
        EXPECT_LT(bytes.size(), size + size / 100 + 100);
        for (const size_t read : {size_t{13}, size_t{100'000}}) {
          ASSERT_OK_AND_ASSIGN(const std::string back, Decompressed(bytes, compression, read));
          ASSERT_TRUE(back == text) << size << " " << piece << " " << read;
        }
      }
    }
  }
}

TEST_F(CompressionTest, CutDamagedOrLengthenedStreamsAreCorrupt) {
  const std::string text = SampleText(5'000);
  for (const TextCompression compression : kBoth) {
    const std::string whole = Compressed(compression, text, 1'000);
    for (size_t size = 0; size < whole.size(); size += 17) {
      EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed(whole.substr(0, size), compression));
    }
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed(whole.substr(0, whole.size() - 1), compression));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed(whole + "x", compression));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed(whole + whole, compression));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed("id,nombre\n1,x\n", compression));
    for (size_t at = 20; at < whole.size(); at += 211) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Decompressed(damaged, compression));
    }
  }
}

TEST_F(CompressionTest, FormatsNameTheirFilesAndTypesByIt) {
  const struct {
    FormatKind kind;
    std::string compression;
    std::string extension;
    std::string content_type;
  } cases[] = {
      {CsvFormat(), "none", ".csv", "text/csv; charset=utf-8"},
      {CsvFormat(), "gzip", ".csv.gz", "application/gzip"},
      {CsvFormat(), "zstd", ".csv.zst", "application/zstd"},
      {JsonFormat(), "none", ".json", "application/x-ndjson"},
      {JsonFormat(), "gzip", ".json.gz", "application/gzip"},
      {JsonFormat(), "zstd", ".json.zst", "application/zstd"},
  };
  const Batch batch = MakeBatch(MakeRows({{"id", arrow::int64(), "[1, 2]"}}));
  for (const auto& c : cases) {
    const auto format =
        MakeFormat(c.kind, {{"compression", c.compression}, {"records", std::string("columns")}});
    EXPECT_EQ(format->extension(), c.extension);
    EXPECT_EQ(format->content_type(), c.content_type);
    ASSERT_OK_AND_ASSIGN(const WrittenFile file, WriteFile(*format, Path("f" + c.extension), {batch}));
    const std::string bytes = ReadFile(file.path).ValueOrDie();
    EXPECT_EQ(file.bytes, static_cast<int64_t>(bytes.size()));
    EXPECT_EQ(file.crc32, Crc32(bytes));
    if (c.compression == "none") continue;
    ASSERT_OK_AND_ASSIGN(const std::string text, Decompressed(bytes, TextCompressionOf(c.compression)));
    EXPECT_EQ(text, c.kind.spec.name == "csv" ? "id\n1\n2\n" : "{\"id\":1}\n{\"id\":2}\n");
  }
}

TEST_F(CompressionTest, AFullDiskIsMetUnderTheCompressorToo) {
  for (const TextCompression compression : kBoth) {
    ASSERT_OK_AND_ASSIGN(UniqueFd full, OpenFile("/dev/full", O_WRONLY));
    ASSERT_OK_AND_ASSIGN(auto compressor, Compressor::Make(compression));
    FileWriter early(std::move(full), "part.csv.gz", std::move(compressor));
    early.Append(SampleText(2'000'000));
    EXPECT_ERROR_CODE(ErrorCode::kDiskFull, early.status());
    ASSERT_OK_AND_ASSIGN(full, OpenFile("/dev/full", O_WRONLY));
    ASSERT_OK_AND_ASSIGN(compressor, Compressor::Make(compression));
    FileWriter late(std::move(full), "part.csv.gz", std::move(compressor));
    late.Append("few bytes");
    EXPECT_OK(late.status());
    EXPECT_ERROR_CODE(ErrorCode::kDiskFull, late.Close(1));
  }
}

}  // namespace
}  // namespace ingesta::format
