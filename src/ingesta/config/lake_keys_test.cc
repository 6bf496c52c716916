// What pipeline.yaml says about tables: partition_by, write_disposition, catalog, and INGESTA_FORMATS over
// it.
#include "ingesta/config/parse.h"
#include "ingesta/config/test_kinds.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::config {
namespace {

using ::testing::HasSubstr;

std::string Yaml(const std::string& resource_keys, const std::string& top = "") {
  return "name: p\n" + top +
         "client: {base_url: http://x}\n"
         "resources:\n"
         "  - name: ordenes\n"
         "    endpoint: {path: /o, paginator: single_page}\n"
         "    primary_key: [id]\n"
         "    formats: [csv, json]\n"
         "    columns: [{name: id, type: int64}, {name: fecha, type: timestamp}, {name: pais, type: "
         "string}]\n" +
         resource_keys +
         "  - name: categorias\n"
         "    endpoint: {path: /c, paginator: single_page}\n"
         "    formats: [csv]\n"
         "    columns: [{name: id, type: int64}]\n";
}

Result<PipelineSpec> Parse(const std::string& text, std::map<std::string, std::string> environment = {}) {
  return ParsePipeline(text, "p.yaml", TestKinds(), {.environment = std::move(environment), .overrides = {}});
}

TEST(PartitionBy, IsTheRunsDateWhereAbsent) {
  ASSERT_OK_AND_ASSIGN(const PipelineSpec spec, Parse(Yaml("")));
  EXPECT_TRUE(spec.resources[0].partition_by.by_run_date());
  EXPECT_EQ(spec.resources[0].partition_by.name, "fecha");
  EXPECT_EQ(spec.resources[0].write_disposition, "replace");
}

TEST(WriteDisposition, MergeTakesNoRowWithoutItsKey) {
  ASSERT_OK_AND_ASSIGN(const PipelineSpec merged, Parse(Yaml("    write_disposition: merge\n")));
  EXPECT_TRUE(merged.resources[0].merges());
  ASSERT_OK_AND_ASSIGN(const PipelineSpec replaced, Parse(Yaml("    write_disposition: replace\n")));
  for (size_t i = 0; i < merged.resources[0].columns.size(); ++i) {
    const ColumnSpec& column = merged.resources[0].columns[i];
    EXPECT_EQ(column.nullable, column.name != "id") << column.name;
    EXPECT_TRUE(replaced.resources[0].columns[i].nullable) << column.name;
  }
}

TEST(PartitionBy, NamesThePartitionAfterColumnAndTransform) {
  ASSERT_OK_AND_ASSIGN(
      const PipelineSpec spec,
      Parse(Yaml("    partition_by: {column: fecha, transform: month, timezone: Europe/Madrid}\n")));
  const PartitionSpec& partition = spec.resources[0].partition_by;
  EXPECT_EQ(partition.name, "fecha_month");
  EXPECT_EQ(partition.transform, "month");
  EXPECT_EQ(partition.timezone, "Europe/Madrid");
}

TEST(PartitionBy, RefusesWhatHasNoSuchPartition) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{column: fech}", "partition_by names `fech`, which is no column"},
      {"{column: pais, transform: day}", "a string has no day"},
      {"{transform: year}", "the run's date is partitioned by day"},
      {"{column: fecha, transform: hour}", "`hour`"},
  };
  for (const auto& [keys, message] : cases) {
    SCOPED_TRACE(keys);
    const auto spec = Parse(Yaml("    partition_by: " + keys + "\n"));
    ASSERT_FALSE(spec.ok());
    EXPECT_THAT(spec.status().message(), HasSubstr(message));
  }
  EXPECT_OK(Parse(Yaml("    partition_by: {column: pais, transform: identity}\n")).status());
}

TEST(Catalog, IsOneOfTheKinds) {
  ASSERT_OK_AND_ASSIGN(const PipelineSpec spec, Parse(Yaml("", "catalog: {type: glue, database: lago}\n")));
  EXPECT_EQ(spec.catalog.type, "glue");
  EXPECT_EQ(spec.catalog.options.GetString("database"), "lago");
  EXPECT_FALSE(Parse(Yaml("", "catalog: hive\n")).ok());
}

std::string FormatsOf(const ResourceSpec& resource) {
  std::string names;
  for (const ComponentSpec& format : resource.formats) names += (names.empty() ? "" : ",") + format.type;
  return names;
}

TEST(FormatOverride, ReducesWhatIsListedAndAddsWhatNobodyLists) {
  struct Case {
    std::string list, ordenes, categorias;
  };
  for (const Case& each : std::vector<Case>{{"csv", "csv", "csv"},
                                            {"csv, json", "csv,json", "csv"},
                                            {"parquet", "parquet", "parquet"},
                                            {"json,parquet", "json,parquet", "parquet"}}) {
    SCOPED_TRACE(each.list);
    ASSERT_OK_AND_ASSIGN(const PipelineSpec spec, Parse(Yaml(""), {{"INGESTA_FORMATS", each.list}}));
    EXPECT_EQ(FormatsOf(spec.resources[0]), each.ordenes);
    EXPECT_EQ(FormatsOf(spec.resources[1]), each.categorias);
  }
  ASSERT_OK_AND_ASSIGN(const PipelineSpec added, Parse(Yaml(""), {{"INGESTA_FORMATS", "parquet"}}));
  EXPECT_EQ(added.resources[0].formats[0].options.GetString("compression"), "zstd");
  ASSERT_OK_AND_ASSIGN(const PipelineSpec plain, Parse(Yaml("")));
  EXPECT_NE(added.config_hash, plain.config_hash);
}

TEST(FormatOverride, RefusesUnknownNamesAndDatasetsWithoutFormat) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"csv,parket", "`parket`, which is no format"},
      {" , ", "names no format"},
      {"json", "leaves the dataset categorias without any format"},
  };
  for (const auto& [list, message] : cases) {
    SCOPED_TRACE(list);
    const auto spec = Parse(Yaml(""), {{"INGESTA_FORMATS", list}});
    ASSERT_FALSE(spec.ok());
    EXPECT_EQ(CodeOf(spec.status()), ErrorCode::kInvalidConfig);
    EXPECT_THAT(spec.status().message(), HasSubstr(message));
  }
}

}  // namespace
}  // namespace ingesta::config
