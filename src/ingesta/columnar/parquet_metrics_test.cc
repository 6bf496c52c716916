#include "ingesta/columnar/parquet_metrics.h"

#include <arrow/io/file.h>
#include <arrow/scalar.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "ingesta/columnar/columnar_test_util.h"

namespace ingesta::columnar {
namespace {

class ParquetMetricsTest : public ColumnarTest {
 protected:
  /// The metrics of a file of one column in row groups of two rows.
  ColumnMetrics OfColumn(const std::shared_ptr<arrow::DataType>& type, const std::string& values) {
    const std::string path = Path(std::to_string(number_++));
    EXPECT_OK(WriteParquet(path, {MakeRows({FieldWithId("c", type, 3)}, {values})}, {.row_group_rows = 2})
                  .status());
    return ReadMetrics(path).ValueOrDie().columns.at(0);
  }

  int number_ = 0;
};

std::string Text(const std::shared_ptr<arrow::Scalar>& scalar) {
  return scalar == nullptr ? "none" : scalar->ToString();
}

TEST_F(ParquetMetricsTest, BoundsSpanAllRowGroupsInTheTypesOwnOrder) {
  const std::string nines38(38, '9');
  const struct {
    std::shared_ptr<arrow::DataType> type;
    std::string values;
    std::string min;
    std::string max;
    int64_t nulls;
  } cases[] = {
      {arrow::int32(), "[5, null, -7, 3, 2147483647]", "-7", "2147483647", 1},
      {arrow::int64(), "[-1, 1, null, null, -9223372036854775808]", "-9223372036854775808", "1", 2},
      {arrow::boolean(), "[false, false, false, true]", "false", "true", 0},
      {arrow::float64(), "[1.5, 3, -2, 0.25]", "-2", "3", 0},
      {arrow::float32(), "[1.5, 3, -2, 0.25]", "-2", "3", 0},
      {arrow::date32(), "[0, 1, -25568, 2932896]", "1899-12-31", "9999-12-31", 0},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0, 1, -1, 86400000000]",
       "1969-12-31 23:59:59.999999Z", "1970-01-02 00:00:00.000000Z", 0},
      {arrow::decimal128(9, 2), R"(["1.00", "-2.50", "3.00"])", "-2.50", "3.00", 0},
      {arrow::decimal128(18, 2), R"(["1.00", "-2.50", null, "10.00"])", "-2.50", "10.00", 1},
      {arrow::decimal128(38, 0), "[\"1\", \"-" + nines38 + "\", \"" + nines38 + "\"]", "-" + nines38, nines38,
       0},
      // By bytes, as unsigned ones: "Z" < "a" < "ñ" < "🙂".
      {arrow::utf8(), R"(["a", "ñ", "Z", "🙂"])", "Z", "🙂", 0},
      {arrow::utf8(), R"(["", null, null, null])", "", "", 3},
      {arrow::utf8(), "[null, null, null]", "none", "none", 3},
      {arrow::int64(), "[]", "none", "none", 0},
  };
  for (const auto& c : cases) {
    const ColumnMetrics metrics = OfColumn(c.type, c.values);
    const std::string what = c.type->ToString() + " " + c.values;
    EXPECT_EQ(Text(metrics.min), c.min) << what;
    EXPECT_EQ(Text(metrics.max), c.max) << what;
    EXPECT_EQ(metrics.nulls, c.nulls) << what;
    EXPECT_EQ(metrics.field_id, 3);
    EXPECT_EQ(metrics.path, "c");
    EXPECT_TRUE(metrics.type->Equals(*c.type)) << metrics.type->ToString();
    if (metrics.min != nullptr) {
      EXPECT_TRUE(metrics.min->type->Equals(*c.type)) << what;
    }
  }
}

TEST_F(ParquetMetricsTest, NansAreCountedAndNoBounds) {
  ColumnMetrics metrics = OfColumn(arrow::float64(), "[NaN, 1, 2, NaN, null, 5]");
  EXPECT_EQ(metrics.nans, 2);
  EXPECT_EQ(metrics.nulls, 1);
  EXPECT_EQ(metrics.values, 6);
  EXPECT_EQ(Text(metrics.min), "1");
  EXPECT_EQ(Text(metrics.max), "5");
  // A row group of NaNs alone has no bounds: nothing is claimed for the file.
  metrics = OfColumn(arrow::float64(), "[1, 2, NaN, NaN]");
  EXPECT_EQ(metrics.nans, 2);
  EXPECT_EQ(metrics.min, nullptr);
  EXPECT_EQ(metrics.max, nullptr);
  EXPECT_EQ(OfColumn(arrow::float64(), "[1, 2]").nans, 0);
  EXPECT_EQ(OfColumn(arrow::int64(), "[1, 2]").nans, std::nullopt);
}

TEST_F(ParquetMetricsTest, BoundsIncludeBothZeros) {
  const ColumnMetrics metrics = OfColumn(arrow::float64(), "[0.0, 0.0, -0.0]");
  ASSERT_NE(metrics.min, nullptr);
  EXPECT_EQ(static_cast<const arrow::DoubleScalar&>(*metrics.min).value, 0.0);
  EXPECT_EQ(static_cast<const arrow::DoubleScalar&>(*metrics.max).value, 0.0);
}

TEST_F(ParquetMetricsTest, AVeryLongValueHasNoBound) {
  const ColumnMetrics metrics = OfColumn(arrow::utf8(), "[\"" + std::string(100'000, 'x') + "\", \"b\"]");
  EXPECT_EQ(metrics.min, nullptr);
  EXPECT_EQ(metrics.max, nullptr);
  EXPECT_EQ(metrics.nulls, 0);
}

TEST_F(ParquetMetricsTest, CountsBytesRowsAndRowGroups) {
  ASSERT_OK_AND_ASSIGN(const auto files,
                       WriteParquet(Path("f"), {NumberedRows(0, 30'000)}, {.row_group_rows = 10'000}));
  ASSERT_OK_AND_ASSIGN(const FileMetrics metrics, ReadMetrics(Path("f")));
  EXPECT_EQ(metrics.rows, 30'000);
  EXPECT_EQ(metrics.bytes, files[0].bytes);
  ASSERT_EQ(metrics.columns.size(), 2U);
  int64_t pages = 0;
  for (const ColumnMetrics& column : metrics.columns) {
    EXPECT_EQ(column.values, 30'000);
    EXPECT_EQ(column.nulls, 0);
    EXPECT_EQ(column.field_id, -1);
    EXPECT_GT(column.compressed_bytes, 1'000);
    pages += column.compressed_bytes;
  }
  ASSERT_EQ(metrics.split_offsets.size(), 3U);
  EXPECT_EQ(metrics.split_offsets[0], 4);  // after the file's magic
  EXPECT_LT(metrics.split_offsets[1], metrics.split_offsets[2]);
  // Pages fill the file between its magic and its indexes and footer.
  EXPECT_LT(pages, files[0].bytes);
  EXPECT_LT(metrics.split_offsets[2], 4 + pages);
}

TEST_F(ParquetMetricsTest, NestedLeavesHaveTheirOwnIdsAndCounts) {
  const auto entry =
      arrow::struct_({FieldWithId("nombre", arrow::utf8(), 4), FieldWithId("n", arrow::int64(), 5)});
  const auto list = arrow::list(FieldWithId("element", entry, 3));
  ASSERT_OK(WriteParquet(Path("f"),
                         {MakeRows({FieldWithId("lineas", list, 2), FieldWithId("id", arrow::int32(), 1)},
                                   {R"([[["a", 1], ["b", null]], [], [["c", 9]]])", "[1, 2, 3]"})})
                .status());
  ASSERT_OK_AND_ASSIGN(const FileMetrics metrics, ReadMetrics(Path("f")));
  ASSERT_EQ(metrics.columns.size(), 3U);
  EXPECT_EQ(metrics.columns[0].path, "lineas.list.element.nombre");
  EXPECT_EQ(metrics.columns[0].field_id, 4);
  EXPECT_TRUE(metrics.columns[0].repeated);
  EXPECT_EQ(metrics.columns[1].field_id, 5);
  EXPECT_EQ(Text(metrics.columns[1].max), "9");
  EXPECT_EQ(metrics.columns[2].field_id, 1);
  EXPECT_FALSE(metrics.columns[2].repeated);
}

TEST_F(ParquetMetricsTest, MissingStatisticsClaimNothing) {
  const auto rows = NumberedRows(0, 10);
  const auto sink = arrow::io::FileOutputStream::Open(Path("f")).ValueOrDie();
  const auto properties = parquet::WriterProperties::Builder().disable_statistics()->build();
  ASSERT_OK(parquet::arrow::WriteTable(*ToTable({rows}), arrow::default_memory_pool(), sink, 5, properties));
  ASSERT_OK(sink->Close());
  ASSERT_OK_AND_ASSIGN(const FileMetrics metrics, ReadMetrics(Path("f")));
  EXPECT_EQ(metrics.columns[0].nulls, std::nullopt);
  EXPECT_EQ(metrics.columns[0].min, nullptr);
  EXPECT_EQ(metrics.columns[0].values, 10);
}

TEST_F(ParquetMetricsTest, RefusesWhatIsNoWholeParquetFile) {
  ASSERT_OK_AND_ASSIGN(const auto files, WriteParquet(Path("f"), {NumberedRows(0, 1'000)}));
  const std::string whole = ReadFile(Path("f")).ValueOrDie();
  const std::string cases[] = {"",
                               "PAR1",
                               "a,b\n1,2\n",
                               whole.substr(0, whole.size() - 1),
                               whole.substr(0, whole.size() / 2),
                               whole.substr(0, whole.size() - 8) + "\xff\xff\xff\x7fPAR1"};
  for (const std::string& text : cases) {
    ASSERT_OK(AtomicWriteFile(Path("bad"), text));
    const Status status = ReadMetrics(Path("bad")).status();
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, status);
    EXPECT_NE(status.message().find(Path("bad")), std::string::npos);
  }
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, ReadMetrics(Path("absent")));
}

}  // namespace
}  // namespace ingesta::columnar
