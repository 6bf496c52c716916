#include "ingesta/format/file_writer.h"

#include <fcntl.h>
#include <random>

#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/file_size_limit.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

using FileWriterTest = FormatTest;

TEST_F(FileWriterTest, CountsBytesAndChecksumOfWhatIsInTheFile) {
  ASSERT_OK_AND_ASSIGN(const auto writer, FileWriter::Create(Path("out")));
  std::mt19937_64 random(3);
  std::string expected;
  for (const size_t size : {size_t{0}, size_t{1}, FileWriter::kBufferBytes - 1, size_t{1}, size_t{1},
                            FileWriter::kBufferBytes, FileWriter::kBufferBytes + 1, size_t{300'000},
                            size_t{800'000}, 3 * FileWriter::kBufferBytes, size_t{7}}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    writer->Append(text);
    expected += text;
  }
  char* cursor = writer->Ensure(writer->cursor(), FileWriter::kBufferBytes);
  std::fill_n(cursor, FileWriter::kBufferBytes, 'e');
  writer->Commit(cursor + FileWriter::kBufferBytes);
  expected.append(FileWriter::kBufferBytes, 'e');
  ASSERT_OK_AND_ASSIGN(const WrittenFile file, writer->Close(42));
  EXPECT_EQ(file.rows, 42);
  EXPECT_EQ(file.path, Path("out"));
  EXPECT_EQ(file.bytes, static_cast<int64_t>(expected.size()));
  EXPECT_EQ(file.crc32, Crc32(expected));
  EXPECT_TRUE(ReadFile(Path("out")).ValueOrDie() == expected);
}

TEST_F(FileWriterTest, NeverWritesOverAFile) {
  ASSERT_OK(AtomicWriteFile(Path("out"), "kept"));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, FileWriter::Create(Path("out")));
  EXPECT_EQ(ReadFile(Path("out")).ValueOrDie(), "kept");
}

TEST_F(FileWriterTest, NamesTheFileOnAFullDiskAndTakesNoMoreOutput) {
  ASSERT_OK_AND_ASSIGN(UniqueFd full, OpenFile("/dev/full", O_WRONLY));
  FileWriter writer(std::move(full), "/spool/part.csv");
  writer.Append(std::string(2 * FileWriter::kBufferBytes, 'x'));
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, writer.status());
  EXPECT_NE(writer.status().message().find("/spool/part.csv"), std::string::npos);
  for (int i = 0; i < 5; ++i) writer.Append(std::string(FileWriter::kBufferBytes / 2, 'y'));
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, writer.Close(1));
}

TEST_F(FileWriterTest, ReportsAFullDiskThatOnlyCloseMeets) {
  ASSERT_OK_AND_ASSIGN(UniqueFd full, OpenFile("/dev/full", O_WRONLY));
  FileWriter writer(std::move(full), "part.csv");
  writer.Append("few bytes");
  EXPECT_OK(writer.status());
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, writer.Close(1));
}

TEST_F(FileWriterTest, AFileSizeLimitCountsAsAFullDisk) {
  const testing::FileSizeLimit limit(1'500'000);
  const auto csv = MakeFormat(CsvFormat());
  const Batch batch =
      MakeBatch(MakeRows({{"nombre", arrow::utf8(), "[\"" + std::string(900'000, 'x') + "\"]"}}));
  const Status status = WriteFile(*csv, Path("out.csv"), {batch, batch, batch}).status();
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, status);
  EXPECT_NE(status.message().find(Path("out.csv")), std::string::npos);
  EXPECT_EQ(DetailOf(status)->fields().stage, Stage::kFormat);
  EXPECT_FALSE(HintOf(status).empty());
}

}  // namespace
}  // namespace ingesta::format
