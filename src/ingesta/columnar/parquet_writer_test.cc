#include "ingesta/columnar/parquet_writer.h"

#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <cmath>
#include <random>

#include "ingesta/columnar/columnar_test_util.h"
#include "ingesta/columnar/file_sink.h"
#include "ingesta/testing/file_size_limit.h"

namespace ingesta::columnar {
namespace {

using ParquetWriterTest = ColumnarTest;

const auto kMicros = arrow::timestamp(arrow::TimeUnit::MICRO);
const auto kMicrosUtc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

struct TypeCase {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;
};

std::vector<TypeCase> TypeCases() {
  const std::string nines38(38, '9');
  return {
      {"text", arrow::utf8(), R"(["", "ñandú", "🙂👩‍👩‍👧", "a\nb\t\"c\"", null, "\u0000x"])"},
      {"int32", arrow::int32(), "[-2147483648, 2147483647, 0, null]"},
      {"int64", arrow::int64(), "[-9223372036854775808, 9223372036854775807, null, 5]"},
      {"real", arrow::float64(), "[1e308, -0.0, 0.1, null, Inf, -Inf, 5e-324]"},
      {"flag", arrow::boolean(), "[true, false, null]"},
      // 0001-01-01, 1899-12-31, 1970-01-01, 9999-12-31
      {"day", arrow::date32(), "[-719162, -25568, 0, 2932896, null]"},
      {"moment", kMicros, "[-62135596800000000, -2208988800000001, -1, 0, 253402300799999999, null]"},
      {"moment_utc", kMicrosUtc, "[-62135596800000000, -1, 0, 253402300799999999, null]"},
      {"decimal9", arrow::decimal128(9, 2), R"(["-9999999.99", "0.01", null, "9999999.99"])"},
      {"decimal18", arrow::decimal128(18, 2), R"(["-9999999999999999.99", "0.00", null])"},
      {"decimal18_18", arrow::decimal128(18, 18), R"(["-0.999999999999999999", "0.000000000000000001"])"},
      {"decimal19", arrow::decimal128(19, 4), R"(["-999999999999999.9999", "12.3400", null])"},
      {"decimal38", arrow::decimal128(38, 0), "[\"" + nines38 + "\", \"-" + nines38 + "\", null]"},
      {"nothing", arrow::utf8(), "[null, null]"},
  };
}

TEST_F(ParquetWriterTest, EveryTypeComesBackAsItWasWithEveryCompression) {
  for (const Compression compression :
       {Compression::kNone, Compression::kSnappy, Compression::kZstd, Compression::kGzip}) {
    for (const TypeCase& c : TypeCases()) {
      const std::string path = Path(std::string(c.name) + std::to_string(static_cast<int>(compression)));
      const auto rows = MakeRows({FieldWithId("columna", c.type, 7)}, {c.values});
      ASSERT_OK_AND_ASSIGN(const auto files, WriteParquet(path, {rows}, {.compression = compression}));
      ASSERT_EQ(files.size(), 1U);
      EXPECT_EQ(files[0].rows, rows->num_rows());
      ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(path));
      EXPECT_TRUE(table->Equals(*ToTable({rows}), /*check_metadata=*/true))
          << c.name << ": " << table->ToString();
    }
  }
}

TEST_F(ParquetWriterTest, KeepsTheSignOfZeroAndNan) {
  const auto rows = MakeRows({arrow::field("real", arrow::float64())}, {"[-0.0, NaN, 0.0]"});
  ASSERT_OK(WriteParquet(Path("f"), {rows}).status());
  ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(Path("f")));
  const auto& values = static_cast<const arrow::DoubleArray&>(*table->column(0)->chunk(0));
  EXPECT_TRUE(std::signbit(values.Value(0)));
  EXPECT_TRUE(std::isnan(values.Value(1)));
  EXPECT_FALSE(std::signbit(values.Value(2)));
}

TEST_F(ParquetWriterTest, NestedColumnsComeBackAsTheyWere) {
  const auto entry =
      arrow::struct_({FieldWithId("nombre", arrow::utf8(), 4), FieldWithId("n", arrow::int64(), 5)});
  const auto list = arrow::list(FieldWithId("element", entry, 3));
  const auto rows =
      MakeRows({FieldWithId("lineas", list, 2)}, {R"([[["a", 1], [null, 2]], [], null, [["🙂", null]]])"});
  ASSERT_OK(WriteParquet(Path("f"), {rows}).status());
  ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(Path("f")));
  EXPECT_TRUE(table->Equals(*ToTable({rows}))) << table->ToString();
}

TEST_F(ParquetWriterTest, UsesTheStorageThatLakeReadersExpect) {
  const struct {
    std::shared_ptr<arrow::DataType> type;
    const char* value;
    TimestampUnit unit;
    parquet::Type::type physical;
    const char* logical;
  } cases[] = {
      {kMicrosUtc, "[1]", TimestampUnit::kMicros, parquet::Type::INT64,
       "Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false, "
       "force_set_converted_type=false)"},
      {kMicros, "[1]", TimestampUnit::kMillis, parquet::Type::INT64,
       "Timestamp(isAdjustedToUTC=false, timeUnit=milliseconds, is_from_converted_type=false, "
       "force_set_converted_type=false)"},
      {arrow::decimal128(9, 2), "[\"1.00\"]", TimestampUnit::kMicros, parquet::Type::INT32,
       "Decimal(precision=9, scale=2)"},
      {arrow::decimal128(18, 2), "[\"1.00\"]", TimestampUnit::kMicros, parquet::Type::INT64,
       "Decimal(precision=18, scale=2)"},
      {arrow::decimal128(38, 10), "[\"1.0000000000\"]", TimestampUnit::kMicros,
       parquet::Type::FIXED_LEN_BYTE_ARRAY, "Decimal(precision=38, scale=10)"},
      {arrow::date32(), "[1]", TimestampUnit::kMicros, parquet::Type::INT32, "Date"},
      {arrow::utf8(), "[\"\"]", TimestampUnit::kMicros, parquet::Type::BYTE_ARRAY, "String"},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string path = Path(std::to_string(number++));
    const auto rows = MakeRows({FieldWithId("c", c.type, 9)}, {c.value});
    ASSERT_OK(WriteParquet(path, {rows}, {.timestamp_unit = c.unit}).status());
    const auto file = parquet::ParquetFileReader::OpenFile(path);
    const parquet::ColumnDescriptor& column = *file->metadata()->schema()->Column(0);
    EXPECT_EQ(column.physical_type(), c.physical) << c.type->ToString();
    EXPECT_EQ(column.logical_type()->ToString(), c.logical);
    EXPECT_EQ(column.schema_node()->field_id(), 9);
  }
}

TEST_F(ParquetWriterTest, CutsTimesToMillisecondsTowardsThePast) {
  const auto rows = MakeRows({arrow::field("t", kMicros), arrow::field("u", kMicrosUtc)},
                             {"[-1, -1000, -1001, 999, 1999, null]", "[0, 1, null, -1, -2, -3]"});
  ASSERT_OK(WriteParquet(Path("f"), {rows}, {.timestamp_unit = TimestampUnit::kMillis}).status());
  ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(Path("f")));
  const auto millis = arrow::timestamp(arrow::TimeUnit::MILLI);
  const auto millis_utc = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
  const auto expected = MakeRows({arrow::field("t", millis), arrow::field("u", millis_utc)},
                                 {"[-1, -1, -2, 0, 1, null]", "[0, 0, null, -1, -1, -1]"});
  EXPECT_TRUE(table->Equals(*ToTable({expected}))) << table->ToString();
}

TEST_F(ParquetWriterTest, SlicedAndDroppedRowsAreThoseOfTheKeptOnes) {
  std::mt19937 random(11);
  const auto all = NumberedRows(0, 5'000);
  arrow::RecordBatchVector expected;
  ASSERT_OK_AND_ASSIGN(const auto writer, ParquetWriter::Create(Path("f"), all->schema(), {}));
  for (int64_t at = 0; at < 5'000;) {
    const auto size = std::min<int64_t>(5'000 - at, random() % 700);
    const auto rows = all->Slice(at, size);
    std::vector<uint8_t> dropped;
    if (random() % 3 != 0) {
      for (int64_t row = 0; row < size; ++row) dropped.push_back(random() % 4 == 0 ? 1 : 0);
    }
    for (int64_t row = 0; row < size; ++row) {
      if (dropped.empty() || dropped[static_cast<size_t>(row)] == 0) expected.push_back(rows->Slice(row, 1));
    }
    ASSERT_OK(writer->Write(rows, dropped));
    at += size;
  }
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Close());
  EXPECT_EQ(files[0].rows, static_cast<int64_t>(expected.size()));
  ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(Path("f")));
  EXPECT_TRUE(table->Equals(*ToTable(expected)));
}

TEST_F(ParquetWriterTest, BeginsRowGroupsAtEachOfItsLimits) {
  const auto rows = NumberedRows(0, 40'000);
  const struct {
    ParquetOptions options;
    int fewest;
    int most;
  } cases[] = {
      {{}, 1, 1},
      {{.row_group_rows = 15'000}, 3, 3},
      {{.row_group_rows = 1'000}, 40, 40},
      {{.row_group_bytes = 400'000}, 2, 3},
      {{.row_group_memory = 300'000}, 2, 3},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string path = Path(std::to_string(number++));
    ASSERT_OK(WriteParquet(path, {rows}, c.options).status());
    ASSERT_OK_AND_ASSIGN(const auto reader, ParquetReader::Open(path));
    EXPECT_GE(reader->row_groups(), c.fewest) << number;
    EXPECT_LE(reader->row_groups(), c.most) << number;
    EXPECT_EQ(reader->rows(), 40'000);
    for (int i = 0; i < reader->row_groups(); ++i) EXPECT_GT(reader->row_group_rows(i), 0);
    if (number == 2) {
      EXPECT_EQ(reader->row_group_rows(0), 15'000);
    }
  }
}

TEST_F(ParquetWriterTest, BeginsANewFileAtTheTargetSize) {
  const ParquetOptions options{.compression = Compression::kNone, .target_file_bytes = 500'000};
  arrow::RecordBatchVector batches;
  for (int64_t first = 0; first < 200'000; first += 1'000) batches.push_back(NumberedRows(first, 1'000));
  ASSERT_OK_AND_ASSIGN(const auto files, WriteParquet(Path("a.b/x").substr(0, dir_.size()) + "/datos.parquet",
                                                      batches, options));
  ASSERT_GT(files.size(), 3U);
  EXPECT_EQ(files[0].path, Path("datos.parquet"));
  EXPECT_EQ(files[1].path, Path("datos-00001.parquet"));
  EXPECT_EQ(files[2].path, Path("datos-00002.parquet"));
  arrow::RecordBatchVector read;
  int64_t rows = 0;
  for (const ParquetFile& file : files) {
    EXPECT_LT(file.bytes, 1'000'000);
    if (file.path != files.back().path) {
      EXPECT_GT(file.bytes, 250'000);
    }
    EXPECT_EQ(file.bytes, FileSize(file.path).ValueOrDie());
    EXPECT_EQ(file.crc32, FileCrc32(file.path).ValueOrDie());
    ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(file.path));
    EXPECT_EQ(table->num_rows(), file.rows);
    EXPECT_GT(file.rows, 0);
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*table->column(0)->chunk(0)).Value(0), rows);
    rows += file.rows;
  }
  EXPECT_EQ(rows, 200'000);
}

TEST_F(ParquetWriterTest, WithoutRowsThereIsOneFileWithItsColumns) {
  const auto none = NumberedRows(0, 0);
  for (const auto& batches : {arrow::RecordBatchVector{none}, arrow::RecordBatchVector{none, none}}) {
    const std::string path = Path(std::to_string(batches.size()));
    ASSERT_OK_AND_ASSIGN(const auto files, WriteParquet(path, batches, {.target_file_bytes = 10}));
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].rows, 0);
    ASSERT_OK_AND_ASSIGN(const auto table, ReadParquet(path));
    EXPECT_EQ(table->num_rows(), 0);
    EXPECT_TRUE(table->schema()->Equals(*none->schema()));
  }
}

TEST_F(ParquetWriterTest, WritesADictionaryOnlyWhereValuesRepeat) {
  arrow::Int64Builder ids;
  arrow::StringBuilder categories;
  for (int64_t i = 0; i < 20'000; ++i) {
    ASSERT_OK(ids.Append(i));
    ASSERT_OK(categories.Append("categoría " + std::to_string(i % 50)));
  }
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("con.punto", arrow::utf8())}), 20'000,
      {ids.Finish().ValueOrDie(), categories.Finish().ValueOrDie()});
  ASSERT_OK(WriteParquet(Path("f"), {rows}).status());
  const auto file = parquet::ParquetFileReader::OpenFile(Path("f"));
  EXPECT_FALSE(file->metadata()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
  EXPECT_TRUE(file->metadata()->RowGroup(0)->ColumnChunk(1)->has_dictionary_page());
}

TEST_F(ParquetWriterTest, HasStatisticsAndAPageIndex) {
  ASSERT_OK(WriteParquet(Path("f"), {NumberedRows(0, 50'000)}).status());
  const auto file = parquet::ParquetFileReader::OpenFile(Path("f"));
  EXPECT_EQ(file->metadata()->created_by(), ParquetOptions().created_by);
  const auto chunk = file->metadata()->RowGroup(0)->ColumnChunk(0);
  ASSERT_TRUE(chunk->is_stats_set());
  EXPECT_TRUE(chunk->statistics()->HasMinMax());
  ASSERT_TRUE(chunk->GetColumnIndexLocation().has_value());
  const auto index = file->GetPageIndexReader()->RowGroup(0)->GetOffsetIndex(0);
  ASSERT_NE(index, nullptr);
  EXPECT_GT(index->page_locations().size(), 1U);
}

TEST_F(ParquetWriterTest, RefusesColumnsThatItCantWrite) {
  const struct {
    std::shared_ptr<arrow::Schema> schema;
    const char* named;
  } cases[] = {
      {arrow::schema({}), "without columns"},
      {arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("cosa", arrow::null())}), "cosa"},
      {arrow::schema({arrow::field("cosa", arrow::decimal256(50, 2))}), "cosa"},
      {arrow::schema({arrow::field("cosa", arrow::list(arrow::duration(arrow::TimeUnit::MICRO)))}), "cosa"},
  };
  for (const auto& c : cases) {
    const Status status = ParquetWriter::Create(Path("f"), c.schema, {}).status();
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
    EXPECT_NE(status.message().find(c.named), std::string::npos) << status.message();
    EXPECT_FALSE(PathExists(Path("f")));
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    ParquetWriter::Create(Path("f"), NumberedRows(0, 0)->schema(), {.row_group_rows = 0}));
}

TEST_F(ParquetWriterTest, AsksForFieldIdsWhereTheyAreRequired) {
  const auto schema =
      arrow::schema({FieldWithId("a", arrow::utf8(), 1), arrow::field("sin_id", arrow::utf8())});
  const Status status = ParquetWriter::Create(Path("f"), schema, {.require_field_ids = true}).status();
  EXPECT_ERROR_CODE(ErrorCode::kInternal, status);
  EXPECT_NE(status.message().find("sin_id"), std::string::npos);
}

TEST_F(ParquetWriterTest, RefusesBatchesOfAnotherSchema) {
  const auto file = NumberedRows(0, 3);
  const struct {
    std::shared_ptr<arrow::RecordBatch> rows;
    std::vector<uint8_t> dropped;
  } cases[] = {
      {MakeRows({arrow::field("id", arrow::int64())}, {"[1]"}), {}},
      {MakeRows({arrow::field("id", arrow::int64()), arrow::field("texto", arrow::int64())}, {"[1]", "[1]"}),
       {}},
      {file, {0, 1}},
  };
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const auto writer, ParquetWriter::Create(Path("f"), file->schema(), {}));
    EXPECT_ERROR_CODE(ErrorCode::kInternal, writer->Write(c.rows, c.dropped));
    EXPECT_ERROR_CODE(ErrorCode::kInternal, writer->Close());
    ASSERT_OK(RemoveFile(Path("f")));
  }
}

TEST_F(ParquetWriterTest, RefusesANullInARequiredColumn) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false)});
  ASSERT_OK_AND_ASSIGN(const auto writer, ParquetWriter::Create(Path("f"), schema, {}));
  const Status written = writer->Write(MakeRows({arrow::field("id", arrow::int64())}, {"[1, null]"}));
  const Status status = written.ok() ? writer->Close().status() : written;
  EXPECT_ERROR_CODE(ErrorCode::kInternal, status);
  EXPECT_NE(status.message().find("id"), std::string::npos) << status.message();
}

TEST_F(ParquetWriterTest, NeverWritesOverAFile) {
  ASSERT_OK(AtomicWriteFile(Path("f"), "kept"));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, WriteParquet(Path("f"), {NumberedRows(0, 1)}));
  EXPECT_EQ(ReadFile(Path("f")).ValueOrDie(), "kept");
}

TEST_F(ParquetWriterTest, AnUnfinishedFileIsNotReadable) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, ParquetWriter::Create(Path("f"), NumberedRows(0, 1)->schema(),
                                                                  {.row_group_rows = 1'000}));
    ASSERT_OK(writer->Write(NumberedRows(0, 50'000)));
  }
  EXPECT_GT(FileSize(Path("f")).ValueOrDie(), 0);
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, ReadMetrics(Path("f")));
}

TEST_F(ParquetWriterTest, AFullDiskIsReportedAsSuch) {
  const testing::FileSizeLimit limit(200'000);
  const ParquetOptions small_groups{.compression = Compression::kNone, .row_group_rows = 10'000};
  const Status early =
      WriteParquet(Path("early"), {NumberedRows(0, 60'000), NumberedRows(0, 60'000)}, small_groups).status();
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, early);
  EXPECT_NE(early.message().find(Path("early")), std::string::npos);
  EXPECT_FALSE(HintOf(early).empty());
  // Here nothing reaches the disk before Close.
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, WriteParquet(Path("late"), {NumberedRows(0, 40'000)},
                                                       {.compression = Compression::kNone}));
}

TEST_F(ParquetWriterTest, FileSinkCountsWhatIsInTheFile) {
  ASSERT_OK_AND_ASSIGN(const auto sink, FileSink::Create(Path("f")));
  std::mt19937 random(5);
  std::string expected;
  for (const size_t size : {0, 1, 100, 70'000, 64 << 10, (64 << 10) - 1, 3, 1'000'000, 7}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    ASSERT_OK(sink->Write(text.data(), static_cast<int64_t>(size)));
    expected += text;
    EXPECT_EQ(sink->Tell().ValueOrDie(), static_cast<int64_t>(expected.size()));
  }
  ASSERT_OK(sink->Close());
  EXPECT_EQ(sink->bytes(), static_cast<int64_t>(expected.size()));
  EXPECT_EQ(sink->crc32(), Crc32(expected));
  EXPECT_TRUE(ReadFile(Path("f")).ValueOrDie() == expected);
}

}  // namespace
}  // namespace ingesta::columnar
