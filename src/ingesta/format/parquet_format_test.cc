#include <arrow/util/key_value_metadata.h>

#include <random>

#include "ingesta/columnar/parquet_metrics.h"
#include "ingesta/format/format_test_util.h"
#include "ingesta/format/parquet_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

using ParquetFormatTest = FormatTest;

const auto kMoment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

TEST_F(ParquetFormatTest, WritesEachBatchesKeptRowsWithMillisecondsForHiveAndMicrosecondsForIceberg) {
  const auto id = [](const char* text) { return arrow::key_value_metadata({{"PARQUET:field_id", text}}); };
  const auto schema = arrow::schema(
      {arrow::field("id", arrow::int64(), false, id("1")), arrow::field("t", kMoment, true, id("2"))});
  const auto rows = MakeRows({{"id", arrow::int64(), "[1, 2, 3]"}, {"t", kMoment, "[1001, null, -1]"}});
  Batch batch = MakeBatch(rows);
  batch.dropped = {0, 1, 0};
  const struct {
    FormatKind kind;
    arrow::TimeUnit::type unit;
    const char* values;
  } cases[] = {{ParquetFormat(), arrow::TimeUnit::MILLI, "[1, -1]"},
               {IcebergFormat(), arrow::TimeUnit::MICRO, "[1001, -1]"}};
  for (const auto& c : cases) {
    const auto format = MakeFormat(c.kind);
    EXPECT_EQ(format->name(), c.kind.spec.name);
    EXPECT_EQ(format->key_prefix(), c.kind.spec.name + "/");
    EXPECT_EQ(format->extension(), ".parquet");
    EXPECT_TRUE(format->writes_final_files());
    ASSERT_OK_AND_ASSIGN(const auto writer, format->NewWriter(Path(format->name()), schema));
    ASSERT_OK(writer->Write(batch));
    ASSERT_OK_AND_ASSIGN(const WrittenFile file, OneFile(writer->Close()));
    EXPECT_EQ(file.rows, 2);
    EXPECT_EQ(file.bytes, FileSize(file.path).ValueOrDie());
    EXPECT_EQ(file.crc32, FileCrc32(file.path).ValueOrDie());
    const auto type = arrow::timestamp(c.unit, "UTC");
    const auto expected = MakeRows({{"id", arrow::int64(), "[1, 3]"}, {"t", type, c.values}});
    const auto table = ReadTable(file.path);
    EXPECT_TRUE(table->column(0)->chunk(0)->Equals(expected->column(0)));
    EXPECT_TRUE(table->column(1)->chunk(0)->Equals(expected->column(1))) << table->ToString();
    ASSERT_OK_AND_ASSIGN(const auto metrics, columnar::ReadMetrics(file.path));
    EXPECT_EQ(metrics.columns[1].field_id, 2);
  }
}

TEST_F(ParquetFormatTest, IcebergAsksForFieldIds) {
  const auto format = MakeFormat(IcebergFormat());
  const Status status =
      format->NewWriter(Path("f"), MakeRows({{"id", arrow::int64(), "[1]"}})->schema()).status();
  EXPECT_ERROR_CODE(ErrorCode::kInternal, status);
  EXPECT_EQ(DetailOf(status)->fields().stage, Stage::kFormat);
}

TEST_F(ParquetFormatTest, CombiningGivesTheKeptRowsInOrder) {
  const auto format = MakeFormat(ParquetFormat());
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const std::string base = Path(std::to_string(seed));
    const Parts parts = RandomParts(*format, base, seed, 10);
    ASSERT_OK_AND_ASSIGN(const WrittenFile file,
                         CombineFile(*format, parts.selections, base + ".parquet", parts.schema));
    EXPECT_EQ(file.rows, static_cast<int64_t>(parts.kept.size()));
    EXPECT_EQ(file.path, base + ".parquet");
    EXPECT_EQ(file.crc32, FileCrc32(file.path).ValueOrDie());
    EXPECT_TRUE(ReadTable(file.path)->Equals(
        *arrow::Table::FromRecordBatches(parts.schema, parts.kept).ValueOrDie()));
  }
}

TEST_F(ParquetFormatTest, CombiningNoPartsGivesAnEmptyFile) {
  const auto format = MakeFormat(ParquetFormat());
  const auto schema = MakeRows({{"id", arrow::int64(), "[]"}})->schema();
  ASSERT_OK_AND_ASSIGN(const WrittenFile file, CombineFile(*format, {}, Path("f.parquet"), schema));
  EXPECT_EQ(file.rows, 0);
  EXPECT_TRUE(ReadTable(file.path)->schema()->Equals(*schema));
}

TEST_F(ParquetFormatTest, ASingleFileWinsOverTheTargetSizeForParquetAlone) {
  std::mt19937 random(3);
  std::vector<Batch> batches;
  for (int i = 0; i < 40; ++i) batches.push_back(MakeBatch(RandomRows(random, 5'000, 10)));
  const std::vector<std::pair<std::string, config::OptionValue>> small = {
      {"target_file_size", int64_t{1 << 20}}, {"compression", std::string("none")}};
  const struct {
    bool single;
    size_t fewest;
  } cases[] = {{false, 4}, {true, 1}};
  for (const auto& c : cases) {
    const auto format = MakeFormat(ParquetFormat(), small, {.single_file = c.single});
    ASSERT_OK_AND_ASSIGN(const auto writer, format->NewWriter(Path(c.single ? "one.parquet" : "some.parquet"),
                                                              batches.front().rows->schema()));
    for (const Batch& batch : batches) ASSERT_OK(writer->Write(batch));
    ASSERT_OK_AND_ASSIGN(const auto files, writer->Close());
    if (c.single) {
      EXPECT_EQ(files.size(), 1U);
      continue;
    }
    EXPECT_GE(files.size(), c.fewest);
    EXPECT_EQ(files[1].path, Path("some-00001.parquet"));
    // Parts that were split combine as one sequence.
    std::vector<PartSelection> parts;
    for (const WrittenFile& file : files) parts.push_back({file.path, nullptr});
    ASSERT_OK_AND_ASSIGN(const auto combined,
                         format->Combine(parts, Path("combined.parquet"), batches.front().rows->schema()));
    int64_t rows = 0;
    for (const WrittenFile& file : combined) rows += file.rows;
    EXPECT_EQ(rows, 200'000);
  }
}

}  // namespace
}  // namespace ingesta::format
