#include "ingesta/catalog/iceberg/manifest.h"

#include "ingesta/catalog/iceberg/avro.h"
#include "ingesta/catalog/iceberg/scan.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

using testing::SeededRandom;

const Schema kSchema{.id = 3,
                     .fields = {{.id = 1, .name = "id", .type = MakeType(TypeId::kLong)},
                                {.id = 2, .name = "fecha", .type = MakeType(TypeId::kDate)},
                                {.id = 3, .name = "total", .type = MakeDecimal(9, 2)}}};
const PartitionSpec kSpec{.id = 5,
                          .fields = {{2, 1000, "fecha_day", "day"}, {3, 1001, "total ñ", "identity"}}};

DataFile File(const std::string& path, Literal day, Literal total) {
  DataFile file{.path = path, .partition = {std::move(day), std::move(total)}, .rows = 10, .bytes = 1000};
  file.column_bytes = {{1, 100}, {2, 200}};
  file.values = {{1, 10}};
  file.nulls = {{1, 0}};
  file.nans = {{7, 1}};
  file.lower_bounds = {{1, std::string("\x01\0\0\0\0\0\0\0", 8)}};
  file.upper_bounds = {{1, std::string("\x09\0\0\0\0\0\0\0", 8)}};
  file.split_offsets = {4, 900};
  file.sort_order_id = 0;
  return file;
}

ManifestContext Context() {
  return {.schema = &kSchema,
          .spec = &kSpec,
          .partition_types = {MakeType(TypeId::kDate), MakeDecimal(9, 2)},
          .snapshot_id = 77,
          .sequence_number = 9};
}

void ExpectSame(const DataFile& file, const DataFile& expected) {
  EXPECT_EQ(file.content, expected.content);
  EXPECT_EQ(file.path, expected.path);
  EXPECT_EQ(file.partition, expected.partition);
  EXPECT_EQ(file.column_bytes, expected.column_bytes);
  EXPECT_EQ(file.values, expected.values);
  EXPECT_EQ(file.nulls, expected.nulls);
  EXPECT_EQ(file.nans, expected.nans);
  EXPECT_EQ(file.lower_bounds, expected.lower_bounds);
  EXPECT_EQ(file.upper_bounds, expected.upper_bounds);
  EXPECT_EQ(file.split_offsets, expected.split_offsets);
  EXPECT_EQ(file.equality_ids, expected.equality_ids);
  EXPECT_EQ(file.referenced_data_file, expected.referenced_data_file);
  EXPECT_EQ(file.key_metadata, expected.key_metadata);
}

TEST(Manifest, EntriesComeBackWithWhatTheyInherit) {
  SeededRandom random(1);
  std::vector<ManifestEntry> entries = {
      {.file = File("s3://b/a", int64_t{-25932}, std::string("\xfb\x2e", 2))},
      {.status = EntryStatus::kExisting,
       .snapshot_id = 5,
       .sequence_number = 4,
       .file_sequence_number = 4,
       .file = File("s3://b/b", Literal(), std::string("\x04\xd2", 2))},
      {.status = EntryStatus::kDeleted,
       .snapshot_id = 77,
       .sequence_number = 2,
       .file_sequence_number = 3,
       .file = File("s3://b/c", int64_t{10}, Literal())}};
  entries[1].file.content = FileContent::kPositionDeletes;
  entries[1].file.equality_ids = {1, 2};
  entries[1].file.referenced_data_file = "s3://b/x";
  entries[1].file.key_metadata = "k";
  ASSERT_OK_AND_ASSIGN(const WrittenManifest written, WriteManifest(entries, Context(), random));
  EXPECT_EQ(written.file.length, static_cast<int64_t>(written.bytes.size()));
  EXPECT_EQ(written.file.min_sequence_number, 4);
  EXPECT_EQ(written.file.added_files, 1);
  EXPECT_EQ(written.file.existing_rows, 10);
  EXPECT_EQ(written.file.deleted_files, 1);
  ASSERT_EQ(written.file.partitions.size(), 2U);
  EXPECT_TRUE(written.file.partitions[0].contains_null);
  EXPECT_EQ(written.file.partitions[0].lower, std::string("\xb4\x9a\xff\xff", 4));
  EXPECT_EQ(written.file.partitions[0].upper, std::string("\x0a\0\0\0", 4));
  EXPECT_EQ(written.file.partitions[1].lower, std::string("\xfb\x2e", 2));
  EXPECT_EQ(written.file.partitions[1].upper, std::string("\x04\xd2", 2));

  ASSERT_OK_AND_ASSIGN(const auto read,
                       ReadManifest(written.bytes, written.file, kSpec, Context().partition_types));
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].sequence_number, 9);
  EXPECT_EQ(read[0].file_sequence_number, 9);
  EXPECT_EQ(read[0].snapshot_id, 77);
  EXPECT_EQ(read[1].sequence_number, 4);
  EXPECT_EQ(read[2].file_sequence_number, 3);
  for (size_t i = 0; i < read.size(); ++i) ExpectSame(read[i].file, entries[i].file);
}

TEST(Manifest, ItsHeaderSaysWhatTheFormatAsksFor) {
  SeededRandom random(1);
  ASSERT_OK_AND_ASSIGN(const WrittenManifest written, WriteManifest({}, Context(), random));
  ASSERT_OK_AND_ASSIGN(const auto reader, AvroReader::Open(written.bytes));
  const auto& metadata = reader->metadata();
  EXPECT_EQ(metadata.at("schema-id"), "3");
  EXPECT_EQ(metadata.at("partition-spec-id"), "5");
  EXPECT_EQ(metadata.at("format-version"), "2");
  EXPECT_EQ(metadata.at("content"), "data");
  EXPECT_EQ(metadata.at("partition-spec"), DumpJson(PartitionFieldsToJson(kSpec)));
  EXPECT_EQ(metadata.at("schema"), DumpJson(SchemaToJson(kSchema)));
  EXPECT_NE(metadata.at("avro.schema").find(R"("name":"total_x20_xC3_xB1")"), std::string::npos);
}

TEST(Manifest, ListsComeBack) {
  SeededRandom random(1);
  ManifestFile file{.path = "s3://b/m",
                    .length = 5,
                    .spec_id = 2,
                    .deletes = true,
                    .sequence_number = 8,
                    .min_sequence_number = 3,
                    .added_snapshot_id = 77,
                    .added_files = 1,
                    .existing_files = 2,
                    .deleted_files = 3,
                    .added_rows = 4,
                    .existing_rows = 5,
                    .deleted_rows = 6,
                    .partitions = {{.contains_null = true, .contains_nan = false, .lower = "a"}},
                    .key_metadata = "k"};
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       WriteManifestList({file, {.path = "old"}}, 77, 70, 8, random));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(bytes));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].path, file.path);
  EXPECT_TRUE(read[0].deletes);
  EXPECT_EQ(read[0].min_sequence_number, 3);
  EXPECT_EQ(read[0].deleted_rows, 6);
  ASSERT_EQ(read[0].partitions.size(), 1U);
  EXPECT_EQ(read[0].partitions[0].lower, "a");
  EXPECT_EQ(read[0].partitions[0].upper, std::nullopt);
  EXPECT_EQ(read[0].key_metadata, "k");
  // Counts that are not known must not turn into "holds nothing".
  EXPECT_TRUE(read[1].may_have_live_files());
}

TEST(Manifest, ChangedBytesNeverCrash) {
  SeededRandom random(3);
  std::vector<ManifestEntry> entries(20, {.file = File("s3://b/a", int64_t{1}, std::string("\x01", 1))});
  ASSERT_OK_AND_ASSIGN(const WrittenManifest written, WriteManifest(entries, Context(), random));
  int errors = 0;
  for (int round = 0; round < 1000; ++round) {
    std::string changed = written.bytes;
    changed[random.Below(changed.size())] = static_cast<char>(random.Next());
    if (!ReadManifest(changed, written.file, kSpec, Context().partition_types).ok()) ++errors;
  }
  EXPECT_GT(errors, 100);
}

TEST(Manifest, PartitionsOfAnotherSpecAreRefused) {
  SeededRandom random(3);
  std::vector<ManifestEntry> entries = {{.file = {.path = "a"}}};
  EXPECT_ERROR_CODE(ErrorCode::kInternal, WriteManifest(entries, Context(), random));
}

TEST(Scan, DeletesApplyBySequencePartitionAndBounds) {
  TableMetadata metadata;
  metadata.specs = {{.id = 0}, kSpec};
  const LiveFile data{.file = File("s3://b/m", int64_t{1}, Literal()), .spec_id = 5, .sequence_number = 5};
  const auto applies = [&](FileContent content, int64_t sequence, int spec, PartitionValues partition,
                           std::map<int, std::string> lower = {}, std::map<int, std::string> upper = {}) {
    const DataFile file{.content = content,
                        .partition = std::move(partition),
                        .lower_bounds = std::move(lower),
                        .upper_bounds = std::move(upper)};
    return DeleteApplies({.file = file, .spec_id = spec, .sequence_number = sequence}, data, metadata);
  };
  const PartitionValues same = {int64_t{1}, Literal()};
  const PartitionValues other = {int64_t{2}, Literal()};
  EXPECT_TRUE(applies(FileContent::kPositionDeletes, 5, 5, same));
  EXPECT_FALSE(applies(FileContent::kPositionDeletes, 4, 5, same));
  EXPECT_FALSE(applies(FileContent::kPositionDeletes, 5, 5, other));
  EXPECT_TRUE(applies(FileContent::kEqualityDeletes, 6, 5, same));
  EXPECT_FALSE(applies(FileContent::kEqualityDeletes, 5, 5, same));
  EXPECT_TRUE(applies(FileContent::kEqualityDeletes, 6, 0, {}));
  constexpr int kPath = 2147483546;
  EXPECT_TRUE(
      applies(FileContent::kPositionDeletes, 5, 5, same, {{kPath, "s3://b/a"}}, {{kPath, "s3://b/z"}}));
  EXPECT_FALSE(
      applies(FileContent::kPositionDeletes, 5, 5, same, {{kPath, "s3://b/n"}}, {{kPath, "s3://b/z"}}));
  EXPECT_FALSE(
      applies(FileContent::kPositionDeletes, 5, 5, same, {{kPath, "s3://b/a"}}, {{kPath, "s3://b/l"}}));
}

}  // namespace
}  // namespace ingesta::iceberg
