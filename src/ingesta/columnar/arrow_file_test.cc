#include "ingesta/columnar/arrow_file.h"

#include "ingesta/columnar/columnar_test_util.h"
#include "ingesta/columnar/row_gatherer.h"

namespace ingesta::columnar {
namespace {

using ArrowFileTest = ColumnarTest;

Result<std::shared_ptr<arrow::Table>> ReadAll(Result<std::unique_ptr<RowSource>> source) {
  ARROW_RETURN_NOT_OK(source.status());
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto rows, (*source)->Next());
    if (rows == nullptr) break;
    batches.push_back(std::move(rows));
  }
  return arrow::Table::FromRecordBatches(batches);
}

TEST_F(ArrowFileTest, RowsComeBackInOrderAndByColumn) {
  const auto rows = NumberedRows(0, 5'000);
  ASSERT_OK_AND_ASSIGN(const auto writer, ArrowFileWriter::Create(Path("f"), rows->schema()));
  ASSERT_OK(writer->Write(*rows->Slice(0, 10)));
  ASSERT_OK(writer->Write(*rows->Slice(10)));
  ASSERT_OK_AND_ASSIGN(const ClosedFile file, writer->Close(/*sync=*/true));
  EXPECT_EQ(file.rows, 5'000);
  EXPECT_EQ(file.bytes, FileSize(Path("f")).ValueOrDie());
  EXPECT_EQ(file.crc32, FileCrc32(Path("f")).ValueOrDie());
  ASSERT_OK_AND_ASSIGN(const auto all, ReadAll(OpenArrowFile(Path("f"))));
  EXPECT_TRUE(all->Equals(*ToTable({rows})));
  ASSERT_OK_AND_ASSIGN(const auto texts, ReadAll(OpenArrowFile(Path("f"), {1})));
  EXPECT_TRUE(texts->Equals(*ToTable({rows})->SelectColumns({1}).ValueOrDie()));
}

TEST_F(ArrowFileTest, ACutFileIsCorruptAndAMissingOneNotFound) {
  const auto rows = NumberedRows(0, 5'000);
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, ArrowFileWriter::Create(Path("f"), rows->schema()));
    ASSERT_OK(writer->Write(*rows));
  }
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, OpenArrowFile(Path("f")));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, OpenArrowFile(Path("absent")));
}

TEST(RowGathererTest, GathersUntilRowsOrBytesAreEnough) {
  RowGatherer gatherer;
  const auto page = NumberedRows(0, 1'000);
  for (int i = 0; i < 16; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto chunk, gatherer.Add(page));
    EXPECT_EQ(chunk.rows, nullptr);
  }
  ASSERT_OK_AND_ASSIGN(const auto full, gatherer.Add(page));
  ASSERT_NE(full.rows, nullptr);
  EXPECT_EQ(full.rows->num_rows(), 17'000);
  EXPECT_TRUE(full.rows->Slice(16'000)->Equals(*page));
  ASSERT_OK_AND_ASSIGN(const auto rest, gatherer.Flush());
  EXPECT_EQ(rest.rows, nullptr);
  const auto large =
      MakeRows({arrow::field("t", arrow::utf8())}, {"[\"" + std::string(RowGatherer::kBytes, 'x') + "\"]"});
  ASSERT_OK_AND_ASSIGN(const auto at_once, gatherer.Add(large));
  EXPECT_EQ(at_once.rows, large);
}

}  // namespace
}  // namespace ingesta::columnar
