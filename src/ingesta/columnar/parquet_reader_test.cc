#include "ingesta/columnar/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/scalar.h>

#include "ingesta/columnar/columnar_test_util.h"

namespace ingesta::columnar {
namespace {

using ParquetReaderTest = ColumnarTest;

TEST_F(ParquetReaderTest, ReadsChosenColumnsAndRowGroups) {
  const auto rows = NumberedRows(0, 10'000);
  ASSERT_OK(WriteParquet(Path("f"), {rows}, {.row_group_rows = 3'000}).status());
  ASSERT_OK_AND_ASSIGN(const auto reader, ParquetReader::Open(Path("f")));
  ASSERT_EQ(reader->row_groups(), 4);
  const struct {
    ReadOptions options;
    std::vector<std::pair<int64_t, int64_t>> slices;
    std::vector<int> columns;
  } cases[] = {
      {{}, {{0, 10'000}}, {0, 1}},
      {{.batch_rows = 7}, {{0, 10'000}}, {0, 1}},
      {{.columns = std::vector<int>{1}}, {{0, 10'000}}, {1}},
      {{.row_groups = std::vector<int>{1}}, {{3'000, 3'000}}, {0, 1}},
      {{.columns = std::vector<int>{0}, .row_groups = std::vector<int>{3, 0}},
       {{9'000, 1'000}, {0, 3'000}},
       {0}},
      {{.row_groups = std::vector<int>{}}, {}, {0, 1}},
  };
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const auto stream, reader->Read(c.options));
    arrow::RecordBatchVector expected{rows->Slice(0, 0)};
    for (const auto& [at, size] : c.slices) expected.push_back(rows->Slice(at, size));
    ASSERT_OK_AND_ASSIGN(const auto wanted, ToTable(expected)->SelectColumns(c.columns));
    arrow::RecordBatchVector batches;
    while (true) {
      ASSERT_OK_AND_ASSIGN(auto batch, stream->Next());
      if (batch == nullptr) break;
      EXPECT_LE(batch->num_rows(), c.options.batch_rows);
      batches.push_back(std::move(batch));
    }
    ASSERT_OK_AND_ASSIGN(const auto actual, arrow::Table::FromRecordBatches(stream->schema(), batches));
    EXPECT_TRUE(actual->Equals(*wanted));
  }
}

TEST_F(ParquetReaderTest, SchemaCarriesFieldIdsAndRowGroupsTheirBounds) {
  const auto rows = MakeRows({FieldWithId("id", arrow::int64(), 12), FieldWithId("t", arrow::utf8(), 34)},
                             {"[4, 9, 2, 3]", R"(["a", "b", null, "d"])"});
  ASSERT_OK(WriteParquet(Path("f"), {rows}, {.row_group_rows = 2}).status());
  ASSERT_OK_AND_ASSIGN(const auto reader, ParquetReader::Open(Path("f")));
  EXPECT_TRUE(reader->schema()->Equals(*rows->schema(), /*check_metadata=*/true))
      << reader->schema()->ToString();
  ASSERT_OK_AND_ASSIGN(const auto second, reader->RowGroupMetrics(1));
  EXPECT_EQ(second[0].min->ToString(), "2");
  EXPECT_EQ(second[0].max->ToString(), "3");
  EXPECT_EQ(second[1].nulls, 1);
  EXPECT_EQ(second[1].values, 2);
}

TEST_F(ParquetReaderTest, DamagedPagesAreCorruptAndNameTheFile) {
  ASSERT_OK(WriteParquet(Path("f"), {NumberedRows(0, 20'000)}).status());
  std::string bytes = ReadFile(Path("f")).ValueOrDie();
  for (size_t at = 1'000; at < 3'000; ++at) bytes[at] = '\x5a';
  ASSERT_OK(AtomicWriteFile(Path("f"), bytes));
  const Status status = ReadParquet(Path("f")).status();
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, status);
  EXPECT_NE(status.message().find(Path("f")), std::string::npos);
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, ParquetReader::Open(Path("absent")));
}

}  // namespace
}  // namespace ingesta::columnar
