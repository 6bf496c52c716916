#include "ingesta/catalog/iceberg/partition.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

constexpr int64_t kDay = 86'400'000'000;

Schema Columns() {
  return Schema{
      .fields = {{.id = 1, .name = "id", .type = MakeType(TypeId::kLong)},
                 {.id = 2, .name = "fecha", .type = MakeType(TypeId::kDate)},
                 {.id = 3, .name = "creado", .type = MakeType(TypeId::kTimestampTz)},
                 {.id = 4,
                  .name = "lista",
                  .type = MakeNested(TypeId::kList,
                                     {{.id = 5, .name = "element", .type = MakeType(TypeId::kInt)}})}}};
}

TEST(Partition, TransformsAsTheFormatSays) {
  const Type date = *MakeType(TypeId::kDate);
  const Type timestamp = *MakeType(TypeId::kTimestamp);
  const struct {
    std::string transform;
    Type source;
    int64_t value;
    int64_t expected;
  } cases[] = {
      {"identity", *MakeType(TypeId::kLong), 7, 7},
      {"day", date, 20781, 20781},
      {"month", date, 20781, 682},  // 2026-11
      {"year", date, 20781, 56},
      {"day", date, -1, -1},
      {"month", date, -1, -1},
      {"year", date, -1, -1},
      {"month", date, -25932, -852},  // 1899-01
      {"year", date, -25932, -71},
      {"year", date, 2932896, 8029},  // 9999-12-31
      {"day", timestamp, 0, 0},
      {"day", timestamp, kDay - 1, 0},
      {"day", timestamp, -1, -1},
      {"day", timestamp, -kDay, -1},
      {"day", timestamp, -kDay - 1, -2},
      {"month", timestamp, -1, -1},
      {"year", timestamp, kDay * 365, 1},
  };
  for (const auto& item : cases) {
    ASSERT_OK_AND_ASSIGN(const Literal value, ApplyTransform(item.transform, item.source, item.value));
    EXPECT_EQ(std::get<int64_t>(value), item.expected) << item.transform << " of " << item.value;
  }
  ASSERT_OK_AND_ASSIGN(const Literal null, ApplyTransform("day", date, Literal()));
  EXPECT_TRUE(IsNull(null));
}

TEST(Partition, TransformsThatAreOnlyReadAreRefusedByName) {
  for (const std::string transform : {"bucket[16]", "truncate[4]", "hour"}) {
    const auto spec = MakePartitionSpec({{"creado", transform}}, Columns(), 0, 999);
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, spec);
    EXPECT_NE(spec.status().message().find(transform), std::string::npos);
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakePartitionSpec({{"fecha", "week"}}, Columns(), 0, 999));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakePartitionSpec({{"id", "day"}}, Columns(), 0, 999));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakePartitionSpec({{"lista", "identity"}}, Columns(), 0, 999));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakePartitionSpec({{"nada", "day"}}, Columns(), 0, 999));
}

TEST(Partition, SpecsAreNumberedFromAThousandAndSurviveJson) {
  ASSERT_OK_AND_ASSIGN(const PartitionSpec spec,
                       MakePartitionSpec({{"fecha", "month"}, {"id", "identity"}}, Columns(), 3, 0));
  EXPECT_EQ(
      DumpJson(PartitionSpecToJson(spec)),
      R"({"spec-id":3,"fields":[{"source-id":2,"field-id":1000,"name":"fecha_month","transform":"month"},)"
      R"({"source-id":1,"field-id":1001,"name":"id","transform":"identity"}]})");
  ASSERT_OK_AND_ASSIGN(const PartitionSpec read, PartitionSpecFromJson(PartitionSpecToJson(spec)));
  EXPECT_EQ(read.fields, spec.fields);
}

TEST(Partition, AFilesBoundsNameItsPartitionOrAreRefused) {
  const PartitionField field{.source_id = 3, .field_id = 1000, .name = "creado_day", .transform = "day"};
  const Type type = *MakeType(TypeId::kTimestampTz);
  const auto common = [&](std::optional<Literal> min, std::optional<Literal> max,
                          std::optional<int64_t> nulls) {
    return CommonPartitionValue(field, type, min, max, nulls, 10);
  };
  ASSERT_OK_AND_ASSIGN(const Literal day, common(int64_t{5}, int64_t{kDay - 1}, 0));
  EXPECT_EQ(std::get<int64_t>(day), 0);
  ASSERT_OK_AND_ASSIGN(const Literal null, common(std::nullopt, std::nullopt, 10));
  EXPECT_TRUE(IsNull(null));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, common(int64_t{5}, int64_t{kDay}, 0));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, common(int64_t{5}, int64_t{6}, 1));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, common(std::nullopt, std::nullopt, 0));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, common(int64_t{5}, int64_t{6}, std::nullopt));
}

TEST(Partition, PathsAreReadable) {
  ASSERT_OK_AND_ASSIGN(
      const PartitionSpec spec,
      MakePartitionSpec({{"creado", "day"}, {"fecha", "month"}, {"fecha", "year"}}, Columns(), 0, 999));
  ASSERT_OK_AND_ASSIGN(const auto types, PartitionTypes(spec, {Columns()}));
  ASSERT_OK_AND_ASSIGN(const std::string path,
                       PartitionPath(spec, types, {int64_t{20781}, int64_t{-852}, int64_t{-71}}));
  EXPECT_EQ(path, "creado_day=2026-11-24/fecha_month=1899-01/fecha_year=1899");
}

}  // namespace
}  // namespace ingesta::iceberg
