#include "ingesta/catalog/glue/hive_tables.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "ingesta/catalog/glue/hive_types.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<arrow::Field> Field(const std::string& name, std::shared_ptr<arrow::DataType> type,
                                    std::vector<std::pair<std::string, std::string>> metadata = {}) {
  auto values = std::make_shared<arrow::KeyValueMetadata>();
  for (auto& [key, value] : metadata) values->Append(key, value);
  return arrow::field(name, std::move(type), true, values);
}

const auto kTimestamp = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

HiveDataset Ordenes() {
  HiveDataset dataset;
  dataset.name = "ordenes";
  dataset.schema = arrow::schema(
      {Field("id", arrow::int64(), {{"path", "id"}}),
       Field("fecha_orden", kTimestamp, {{"path", "fechaOrden"}, {"description", "When it was placed"}}),
       Field("total", arrow::decimal128(18, 2), {{"path", "total"}}),
       Field("ciudad", arrow::utf8(), {{"path", "envio.Ciudad"}})});
  dataset.formats = {{"csv", "s3://lake/ordenes/"},
                     {"json", "s3://lake/json/ordenes", "gzip"},
                     {"parquet", "s3://lake/parquet/ordenes/", "zstd"}};
  dataset.symlink_location = "s3://lake/symlink/ordenes/";
  dataset.partition_key = "fecha";
  return dataset;
}

aws::GlueTable TableOf(const HiveDataset& dataset, const std::string& name) {
  const auto tables = HiveTables(dataset, "db");
  EXPECT_TRUE(tables.ok()) << tables.status().ToString();
  for (const aws::GlueTable& table : tables.ValueOr(std::vector<aws::GlueTable>())) {
    if (table.name == name) return table;
  }
  ADD_FAILURE() << "no table " << name;
  return {};
}

std::vector<std::string> NamesAndTypes(const std::vector<aws::GlueColumn>& columns) {
  std::vector<std::string> list;
  for (const aws::GlueColumn& column : columns) list.push_back(column.name + " " + column.type);
  return list;
}

TEST(HiveTypes, MapEachArrowType) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> cases = {
      {arrow::boolean(), "boolean"},
      {arrow::int8(), "tinyint"},
      {arrow::int16(), "smallint"},
      {arrow::int32(), "int"},
      {arrow::int64(), "bigint"},
      {arrow::uint8(), "smallint"},
      {arrow::uint16(), "int"},
      {arrow::uint32(), "bigint"},
      {arrow::uint64(), "decimal(20,0)"},
      {arrow::float32(), "float"},
      {arrow::float64(), "double"},
      {arrow::decimal128(18, 2), "decimal(18,2)"},
      {arrow::decimal128(38, 38), "decimal(38,38)"},
      {arrow::date32(), "date"},
      {kTimestamp, "timestamp"},
      {arrow::timestamp(arrow::TimeUnit::MILLI), "timestamp"},
      {arrow::utf8(), "string"},
      {arrow::large_utf8(), "string"},
      {arrow::binary(), "binary"},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), "string"},
      {arrow::list(arrow::decimal128(5, 1)), "array<decimal(5,1)>"},
      {arrow::map(arrow::utf8(), arrow::list(arrow::int32())), "map<string,array<int>>"},
      {arrow::struct_({arrow::field("Calle", arrow::utf8()), arrow::field("n", arrow::int8())}),
       "struct<calle:string,n:tinyint>"},
  };
  for (const auto& [type, hive] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string text, HiveType(*type));
    EXPECT_EQ(text, hive);
  }
  for (const auto& type : {arrow::time64(arrow::TimeUnit::MICRO), arrow::decimal256(50, 2), arrow::null(),
                           arrow::list(arrow::duration(arrow::TimeUnit::SECOND))}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, HiveType(*type));
  }
}

TEST(HiveTypes, CommentsAreOneLineThatGlueTakes) {
  EXPECT_EQ(ColumnComment(*Field("a", arrow::utf8())), "");
  EXPECT_EQ(ColumnComment(*Field("a", arrow::utf8(), {{"path", "x.y"}})), "source: x.y");
  EXPECT_EQ(ColumnComment(*Field("a", arrow::utf8(), {{"path", "x"}, {"description", "one\ntwo"}})),
            "one two (source: x)");
  EXPECT_EQ(ColumnComment(*Field("a", arrow::utf8(), {{"path", "x"}, {"comment", "as it is"}})), "as it is");
  std::string letters;
  for (int i = 0; i < 300; ++i) letters += "ñ";
  EXPECT_EQ(ColumnComment(*Field("a", arrow::utf8(), {{"description", letters}})).size(), 255 * 2);
}

TEST(HiveTables, AreMadeInAnOrderThatViewsCanFollow) {
  ASSERT_OK_AND_ASSIGN(const auto tables, HiveTables(Ordenes(), "db"));
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(table.name);
  EXPECT_THAT(names, ElementsAre("ordenes_csv", "ordenes_csv_actual", "ordenes_json", "ordenes_parquet",
                                 "ordenes_actual", "ordenes_historial"));
}

TEST(HiveTables, CsvIsTextAndKeepsBackslashes) {
  const aws::GlueTable table = TableOf(Ordenes(), "ordenes_csv");
  EXPECT_THAT(NamesAndTypes(table.storage.columns),
              ElementsAre("id string", "fecha_orden string", "total string", "ciudad string"));
  EXPECT_EQ(table.storage.columns[1].comment, "When it was placed (source: fechaOrden)");
  EXPECT_EQ(table.storage.serde.library, "org.apache.hadoop.hive.serde2.OpenCSVSerde");
  EXPECT_EQ(table.storage.serde.parameters.at("escapeChar"), "\x01");
  EXPECT_EQ(table.storage.location, "s3://lake/ordenes/");
  EXPECT_EQ(table.table_type, "EXTERNAL_TABLE");
  EXPECT_EQ(table.parameters, (aws::GlueParameters{{"EXTERNAL", "TRUE"},
                                                   {"classification", "csv"},
                                                   {"compressionType", "none"},
                                                   {"delimiter", ","},
                                                   {"ingesta.dataset", "ordenes"},
                                                   {"ingesta.kind", "csv"},
                                                   {"skip.header.line.count", "1"},
                                                   {"typeOfData", "file"}}));
}

TEST(HiveTables, TheLatestRunIsReadThroughTheSymlink) {
  const aws::GlueTable table = TableOf(Ordenes(), "ordenes_csv_actual");
  EXPECT_EQ(table.storage.input_format, "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat");
  EXPECT_EQ(table.storage.location, "s3://lake/symlink/ordenes/");
  EXPECT_EQ(table.parameters.at("skip.header.line.count"), "1");
  HiveDataset without = Ordenes();
  without.symlink_location = "";
  ASSERT_OK_AND_ASSIGN(const auto tables, HiveTables(without, "db"));
  EXPECT_EQ(tables.size(), 4);
}

TEST(HiveTables, JsonHasTheServicesFields) {
  const aws::GlueTable table = TableOf(Ordenes(), "ordenes_json");
  EXPECT_THAT(
      NamesAndTypes(table.storage.columns),
      ElementsAre("id bigint", "fechaorden string", "total decimal(18,2)", "envio struct<ciudad:string>"));
  EXPECT_EQ(table.storage.serde.library, "org.apache.hive.hcatalog.data.JsonSerDe");
  EXPECT_EQ(table.parameters.at("compressionType"), "gzip");
  EXPECT_TRUE(table.storage.compressed);
  EXPECT_EQ(table.storage.location, "s3://lake/json/ordenes/");
}

TEST(HiveTables, JsonLeavesOutWhatReadersWouldFailOn) {
  struct Case {
    const char* name;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::string> columns;
  };
  const std::vector<Case> cases = {
      {"documents",
       {Field("d", arrow::utf8(), {{"type", "json"}}), Field("n", arrow::int32())},
       {"n bigint"}},
      {"joined arrays", {Field("tags", arrow::utf8(), {{"join", ","}})}, {"tags array<string>"}},
      {"two levels",
       {Field("a", arrow::float64(), {{"path", "x.y.A"}}), Field("b", arrow::boolean(), {{"path", "x.b"}})},
       {"x struct<y:struct<a:double>,b:boolean>"}},
      {"one field twice",
       {Field("a", arrow::int64(), {{"path", "v"}}), Field("b", arrow::utf8(), {{"path", "V"}})},
       {"v string"}},
      {"a document and a field of it",
       {Field("d", arrow::utf8(), {{"path", "x"}, {"type", "json"}}),
        Field("y", arrow::utf8(), {{"path", "x.y"}})},
       {"x struct<y:string>"}},
      {"names that Athena cannot have",
       {Field("a", arrow::utf8(), {{"path", "e-mail"}}), Field("b", arrow::utf8(), {{"path", "año"}}),
        Field("c", arrow::utf8(), {{"path", "_col1"}}), Field("d", arrow::utf8(), {{"path", "x..y"}}),
        Field("e", arrow::utf8(), {{"path", "ok"}})},
       {"ok string"}},
      {"times are text", {Field("t", kTimestamp), Field("d", arrow::date32())}, {"t string", "d string"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(NamesAndTypes(JsonColumns(*arrow::schema(c.fields))), c.columns) << c.name;
  }
}

TEST(HiveTables, ParquetIsTypedAndPartitioned) {
  const aws::GlueTable table = TableOf(Ordenes(), "ordenes_parquet");
  EXPECT_THAT(NamesAndTypes(table.storage.columns),
              ElementsAre("id bigint", "fecha_orden timestamp", "total decimal(18,2)", "ciudad string"));
  EXPECT_THAT(NamesAndTypes(table.partition_keys), ElementsAre("fecha string"));
  EXPECT_EQ(table.storage.serde.library, "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe");
  EXPECT_EQ(table.parameters.at("compressionType"), "zstd");

  const aws::GluePartition partition = PartitionOf(table, {"2026-11-24", "s3://lake/p/fecha=2026-11-24"});
  EXPECT_THAT(partition.values, ElementsAre("2026-11-24"));
  EXPECT_EQ(partition.storage.location, "s3://lake/p/fecha=2026-11-24/");
  EXPECT_EQ(partition.storage.columns, table.storage.columns);
  EXPECT_EQ(partition.storage.serde, table.storage.serde);
}

TEST(HiveTables, RefuseWhatHiveCannotTellApart) {
  HiveDataset dataset = Ordenes();
  dataset.partition_key = "Total";
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, HiveTables(dataset, "db"));
  dataset = Ordenes();
  dataset.schema = arrow::schema({Field("a", arrow::utf8()), Field("A", arrow::utf8())});
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, HiveTables(dataset, "db"));
}

TEST(HiveTables, ViewsCastTheTextAndAreStoredAsAthenaDoes) {
  const aws::GlueTable view = TableOf(Ordenes(), "ordenes_historial");
  EXPECT_EQ(view.table_type, "VIRTUAL_VIEW");
  EXPECT_EQ(view.parameters.at("presto_view"), "true");
  EXPECT_EQ(view.parameters.at("comment"), "Presto View");
  EXPECT_EQ(view.description, "") << "Trino takes it for the parameter `comment`, and knows no view then";
  EXPECT_EQ(view.view_expanded_text, "/* Presto View */");
  EXPECT_THAT(view.view_original_text, ::testing::MatchesRegex("/\\* Presto View: [A-Za-z0-9+/]+=* \\*/"));
  EXPECT_THAT(NamesAndTypes(view.storage.columns),
              ElementsAre("id bigint", "fecha_orden timestamp", "total decimal(18,2)", "ciudad string",
                          "ejecucion string"));
  const HiveDataset dataset = Ordenes();
  EXPECT_EQ(TrinoViewSql(dataset, CsvViews(dataset)[0], "db"),
            "SELECT\n"
            "  TRY_CAST(NULLIF(\"id\", '') AS bigint) AS \"id\",\n"
            "  TRY_CAST(NULLIF(\"fecha_orden\", '') AS timestamp(3)) AS \"fecha_orden\",\n"
            "  TRY_CAST(NULLIF(\"total\", '') AS decimal(18,2)) AS \"total\",\n"
            "  NULLIF(\"ciudad\", '') AS \"ciudad\"\n"
            "FROM \"db\".\"ordenes_csv_actual\"");
  EXPECT_THAT(TrinoViewSql(dataset, CsvViews(dataset)[1], "db"),
              HasSubstr("AS \"ejecucion\"\nFROM \"db\".\"ordenes_csv\""));
}

TEST(HiveTables, AColumnCalledEjecucionIsNotHidden) {
  HiveDataset dataset = Ordenes();
  dataset.schema = arrow::schema({Field("Ejecucion", arrow::utf8())});
  EXPECT_THAT(NamesAndTypes(TableOf(dataset, "ordenes_historial").storage.columns),
              ElementsAre("ejecucion string"));
}

TEST(HiveTables, ADatasetOfParquetAloneHasNoViews) {
  HiveDataset dataset = Ordenes();
  dataset.formats = {{"parquet", "s3://lake/parquet/ordenes/"}};
  dataset.partition_key = "";
  ASSERT_OK_AND_ASSIGN(const auto tables, HiveTables(dataset, "db"));
  ASSERT_EQ(tables.size(), 1);
  EXPECT_TRUE(tables[0].partition_keys.empty());
}

}  // namespace
}  // namespace ingesta::catalog
