#include "ingesta/format/partition_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "ingesta/format/parquet_test_util.h"
#include "ingesta/format/value_text.h"
#include "ingesta/testing/file_size_limit.h"

namespace ingesta::format {
namespace {

config::PartitionSpec By(const std::string& column, const std::string& transform) {
  return {.column = column, .transform = transform, .name = column + "_" + transform};
}

std::string CityName(const arrow::RecordBatch& row) {
  const auto& cities = static_cast<const arrow::StringArray&>(*row.column(1));
  return "ciudad_identity=" + (cities.IsNull(0) ? "__HIVE_DEFAULT_PARTITION__" : cities.GetString(0));
}

std::string DayName(const arrow::RecordBatch& row) {
  std::array<char, 16> text;
  char* const end = AppendDate(text.data(), static_cast<const arrow::Date32Array&>(*row.column(2)).Value(0));
  return "dia_day=" + std::string(text.data(), end);
}

class PartitionFilesTest : public FormatTest {
 protected:
  /// Every partition has the kept rows of its value, in order, in one file.
  static void ExpectPartitioned(const std::vector<WrittenFile>& files, const Parts& parts,
                                std::string (*name_of)(const arrow::RecordBatch&)) {
    std::map<std::string, arrow::RecordBatchVector> expected;
    for (const auto& row : parts.kept) expected[name_of(*row)].push_back(row);
    EXPECT_EQ(files.size(), expected.size());
    for (const WrittenFile& file : files) {
      ASSERT_EQ(expected.count(file.partition), 1U) << file.partition;
      const auto rows = arrow::Table::FromRecordBatches(parts.schema, expected[file.partition]).ValueOrDie();
      EXPECT_TRUE(ReadTable(file.path)->Equals(*rows)) << file.partition;
      EXPECT_EQ(file.rows, rows->num_rows());
      EXPECT_EQ(file.crc32, FileCrc32(file.path).ValueOrDie());
      EXPECT_EQ(file.bytes, FileSize(file.path).ValueOrDie());
      expected.erase(file.partition);
    }
  }

  static size_t FilesIn(const std::string& dir) {
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir)) ++files;
    return files;
  }
};

TEST_F(PartitionFilesTest, EachPartitionHasItsRowsInOrderHoweverLittleMemoryThereIs) {
  const struct {
    config::PartitionSpec spec;
    int days;
    std::string (*name_of)(const arrow::RecordBatch&);
    PartitionOptions options;
  } cases[] = {
      {By("ciudad", "identity"), 10, CityName, {}},
      {By("dia", "day"), 1, DayName, {}},
      {By("dia", "day"), 1, DayName, {.sort_bytes = 100}},
      {By("dia", "day"), 400, DayName, {}},
      {By("dia", "day"), 400, DayName, {.sort_bytes = 60'000}},
      {By("dia", "day"), 400, DayName, {.sort_bytes = 10'000, .fan_out = 2}},
      {By("dia", "day"), 40, DayName, {.sort_bytes = 1, .fan_out = 3}},
      {By("ciudad", "identity"), 10, CityName, {.sort_bytes = 1, .fan_out = 100}},
  };
  uint32_t seed = 0;
  for (const auto& c : cases) {
    const std::string folder = Path(std::to_string(++seed));
    ASSERT_OK(MakeDirs(folder));
    const auto format = MakeFormat(ParquetFormat(), {}, {.partition_by = c.spec});
    EXPECT_FALSE(format->writes_final_files());
    const Parts parts = RandomParts(*format, folder + "/d", seed, c.days);
    ASSERT_OK_AND_ASSIGN(auto partitioner, Partitioner::Make(c.spec, *parts.schema, EmptyText::kIsNull));
    ASSERT_OK_AND_ASSIGN(const auto files, WritePartitions(parts.selections, folder + "/f.parquet",
                                                           parts.schema, std::move(partitioner), c.options));
    ExpectPartitioned(files, parts, c.name_of);
    EXPECT_EQ(FilesIn(folder), files.size() + parts.selections.size());
  }
}

TEST_F(PartitionFilesTest, TheFormatCombinesPartsOfARunByPartition) {
  const auto format =
      MakeFormat(ParquetFormat(), {}, {.partition_by = By("dia", "day"), .single_file = true});
  const Parts parts = RandomParts(*format, Path("d"), 77, 30);
  ASSERT_OK_AND_ASSIGN(const auto files, format->Combine(parts.selections, Path("f.parquet"), parts.schema));
  ExpectPartitioned(files, parts, DayName);
  EXPECT_EQ(FilesIn(dir_), files.size() + parts.selections.size());
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end(),
                             [](const auto& a, const auto& b) { return a.partition < b.partition; }));
  EXPECT_EQ(files.front().path, Path("f-p00000.parquet"));
}

TEST_F(PartitionFilesTest, ALargePartitionIsSeveralFilesOfTheTargetSize) {
  const auto spec = By("ciudad", "identity");
  const auto format = MakeFormat(
      ParquetFormat(), {{"target_file_size", int64_t{1 << 20}}, {"compression", std::string("none")}},
      {.partition_by = spec});
  std::mt19937 random(1);
  const auto rows = RandomRows(random, 200'000, 5);
  ASSERT_OK(WriteFile(*format, Path("part"), {MakeBatch(rows)}).status());
  ASSERT_OK_AND_ASSIGN(const auto files,
                       format->Combine({{Path("part"), nullptr}}, Path("f.parquet"), rows->schema()));
  std::map<std::string, std::vector<int64_t>> by_partition;
  int64_t total = 0;
  for (const WrittenFile& file : files) {
    by_partition[file.partition].push_back(file.bytes);
    total += file.rows;
  }
  EXPECT_EQ(total, 200'000);
  EXPECT_EQ(by_partition.size(), 6U);
  EXPECT_GE(files.size(), 11U);
  for (const auto& [name, sizes] : by_partition) EXPECT_LT(sizes.front(), 2 << 20) << name;
  EXPECT_EQ(files[1].path, Path("f-p00000-00001.parquet"));
}

TEST_F(PartitionFilesTest, NoRowsMakeNoFiles) {
  const auto format = MakeFormat(ParquetFormat(), {}, {.partition_by = By("dia", "day")});
  std::mt19937 random(1);
  const auto rows = RandomRows(random, 5, 5);
  ASSERT_OK(WriteFile(*format, Path("part"), {MakeBatch(rows)}).status());
  const auto none = [](int64_t) { return false; };
  ASSERT_OK_AND_ASSIGN(const auto files,
                       format->Combine({{Path("part"), none}}, Path("f.parquet"), rows->schema()));
  EXPECT_TRUE(files.empty());
  EXPECT_EQ(FilesIn(dir_), 1U);
  // No parts at all: an empty file, which stands where a partition's rows are gone.
  ASSERT_OK_AND_ASSIGN(const WrittenFile empty,
                       CombineFile(*format, {}, Path("empty.parquet"), rows->schema()));
  EXPECT_EQ(empty.partition, "");
  EXPECT_EQ(empty.rows, 0);
  EXPECT_TRUE(ReadTable(empty.path)->schema()->Equals(*rows->schema()));
}

TEST_F(PartitionFilesTest, RefusesBeforeAnythingIsExtracted) {
  const auto schema = MakeRows({{"dia", arrow::utf8(), "[]"}})->schema();
  for (const auto& spec : {By("dia", "day"), By("nada", "day")}) {
    const auto format = MakeFormat(ParquetFormat(), {}, {.partition_by = spec});
    const Status status = format->NewWriter(Path("part"), schema).status();
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
    EXPECT_EQ(DetailOf(status)->fields().stage, Stage::kFormat);
  }
  config::PartitionSpec nowhere = By("dia", "day");
  nowhere.timezone = "Nowhere/Town";
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ParquetFormat().make({}, {.partition_by = nowhere}));
}

TEST_F(PartitionFilesTest, ADamagedPartIsCorrupt) {
  const auto format = MakeFormat(ParquetFormat(), {}, {.partition_by = By("dia", "day")});
  std::mt19937 random(1);
  const auto rows = RandomRows(random, 500, 5);
  ASSERT_OK(WriteFile(*format, Path("part"), {MakeBatch(rows)}).status());
  const std::string whole = ReadFile(Path("part")).ValueOrDie();
  ASSERT_OK(AtomicWriteFile(Path("part"), whole.substr(0, whole.size() - 20)));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt,
                    format->Combine({{Path("part"), nullptr}}, Path("f.parquet"), rows->schema()));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound,
                    format->Combine({{Path("absent"), nullptr}}, Path("f.parquet"), rows->schema()));
}

TEST_F(PartitionFilesTest, AFullDiskLeavesNoTemporaryFiles) {
  const auto spec = By("dia", "day");
  const auto format =
      MakeFormat(ParquetFormat(), {{"compression", std::string("none")}}, {.partition_by = spec});
  std::mt19937 random(1);
  const auto rows = RandomRows(random, 60'000, 3);
  ASSERT_OK(WriteFile(*format, Path("part"), {MakeBatch(rows)}).status());
  const testing::FileSizeLimit limit(400'000);
  ASSERT_OK_AND_ASSIGN(auto partitioner, Partitioner::Make(spec, *rows->schema(), EmptyText::kIsNull));
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull,
                    WritePartitions({{Path("part"), nullptr}}, Path("f.parquet"), rows->schema(),
                                    std::move(partitioner), {.sort_bytes = 1'000}));
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
    EXPECT_EQ(entry.path().string().find("-tmp"), std::string::npos) << entry.path();
  }
}

}  // namespace
}  // namespace ingesta::format
