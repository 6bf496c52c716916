#include "ingesta/catalog/ddl.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>

#include "ingesta/testing/matchers.h"

namespace ingesta::catalog {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DdlDataset Dataset() {
  DdlDataset dataset;
  dataset.hive.name = "ordenes";
  dataset.hive.schema =
      arrow::schema({arrow::field("id", arrow::int64()),
                     arrow::field("fecha", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), true,
                                  arrow::key_value_metadata({{"comment", "the client's \\ day"}})),
                     arrow::field("nota", arrow::utf8())});
  dataset.hive.formats = {{"csv", "file:///data/ordenes/"},
                          {"json", "file:///data/json/ordenes/"},
                          {"parquet", "file:///data/parquet/ordenes/"}};
  dataset.hive.symlink_location = "file:///data/symlink/ordenes/";
  dataset.hive.partition_key = "dia";
  dataset.hive.partitions = {{"2026-11-24", "file:///data/parquet/ordenes/dia=2026-11-24/"}};
  dataset.iceberg_location = "file:///data/iceberg/ordenes";
  dataset.iceberg_partitioning = {"day(fecha)"};
  return dataset;
}

std::string Ddl(DdlEngine engine, const DdlDataset& dataset = Dataset()) {
  const auto sql = DdlOf(engine, dataset, "inventario_db");
  EXPECT_TRUE(sql.ok()) << sql.status().ToString();
  return sql.ValueOr("");
}

TEST(Ddl, KnowsItsEngines) {
  EXPECT_EQ(ParseDdlEngine("athena"), DdlEngine::kAthena);
  EXPECT_EQ(ParseDdlEngine("duckdb"), DdlEngine::kDuckdb);
  EXPECT_EQ(ParseDdlEngine("spark"), DdlEngine::kSpark);
  EXPECT_EQ(ParseDdlEngine("oracle"), std::nullopt);
}

TEST(Ddl, AthenaGetsTheTablesThatGlueHas) {
  const std::string sql = Ddl(DdlEngine::kAthena);
  EXPECT_THAT(sql, HasSubstr("CREATE EXTERNAL TABLE IF NOT EXISTS `inventario_db`.`ordenes_csv` (\n"
                             "  `id` string,\n"
                             "  `fecha` string COMMENT 'the client\\'s \\\\ day',\n"
                             "  `nota` string\n)\n"));
  EXPECT_THAT(sql, HasSubstr("ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\n"
                             "WITH SERDEPROPERTIES ('escapeChar'='\\u0001', 'quoteChar'='\"', "
                             "'separatorChar'=',')\n"));
  EXPECT_THAT(sql, HasSubstr("'skip.header.line.count'='1'"));
  EXPECT_THAT(sql, Not(HasSubstr("'EXTERNAL'")));
  EXPECT_THAT(sql, HasSubstr("PARTITIONED BY (`dia` string)\n"));
  EXPECT_THAT(sql, HasSubstr("ALTER TABLE `inventario_db`.`ordenes_parquet` ADD IF NOT EXISTS\n"
                             "  PARTITION (`dia`='2026-11-24') LOCATION "
                             "'file:///data/parquet/ordenes/dia=2026-11-24/';\n"));
  EXPECT_THAT(sql, HasSubstr("CREATE OR REPLACE VIEW \"inventario_db\".\"ordenes_actual\" AS\nSELECT\n"
                             "  TRY_CAST(NULLIF(\"id\", '') AS bigint) AS \"id\",\n"));
  EXPECT_THAT(sql, HasSubstr("CREATE TABLE IF NOT EXISTS `inventario_db`.`ordenes` (\n"));
  EXPECT_THAT(sql, HasSubstr("PARTITIONED BY (day(fecha))\nLOCATION 'file:///data/iceberg/ordenes'\n"
                             "TBLPROPERTIES ('table_type'='iceberg', 'format'='parquet');"));
}

TEST(Ddl, DuckdbReadsTheFilesByPathAndTheLatestRunByTheSymlink) {
  const std::string sql = Ddl(DdlEngine::kDuckdb);
  EXPECT_THAT(sql, HasSubstr("read_csv('/data/ordenes/*.csv*'"));
  EXPECT_THAT(sql, HasSubstr("read_text('/data/symlink/ordenes/symlink.txt')"));
  EXPECT_THAT(sql, HasSubstr("read_parquet('/data/parquet/ordenes/**/*.parquet', hive_partitioning = true"));
  EXPECT_THAT(sql, HasSubstr("iceberg_scan('/data/iceberg/ordenes')"));
  DdlDataset on_s3 = Dataset();
  on_s3.hive.formats = {{"csv", "s3://lake/it's/"}};
  on_s3.iceberg_metadata = "s3://lake/iceberg/ordenes/metadata/3.metadata.json";
  EXPECT_THAT(Ddl(DdlEngine::kDuckdb, on_s3), HasSubstr("read_csv('s3://lake/it''s/*.csv*'"));
  EXPECT_THAT(Ddl(DdlEngine::kDuckdb, on_s3),
              HasSubstr("iceberg_scan('s3://lake/iceberg/ordenes/metadata/3.metadata.json')"));
}

TEST(Ddl, SparkGetsItsOwnReaders) {
  const std::string sql = Ddl(DdlEngine::kSpark);
  EXPECT_THAT(sql, HasSubstr("USING csv\nOPTIONS (header 'true', quote '\"', escape '\"')\n"));
  EXPECT_THAT(sql, HasSubstr("`ordenes_json` USING json LOCATION 'file:///data/json/ordenes/';"));
  EXPECT_THAT(sql, HasSubstr("  `dia` string\n)\nUSING parquet\nPARTITIONED BY (`dia`)\n"));
  EXPECT_THAT(sql, HasSubstr("MSCK REPAIR TABLE `inventario_db`.`ordenes_parquet`;"));
  EXPECT_THAT(sql, HasSubstr("TRY_CAST(NULLIF(`fecha`, '') AS timestamp) AS `fecha`"));
  EXPECT_THAT(sql, Not(HasSubstr("register_table")));
}

TEST(Ddl, SaysWhichColumnHasNoType) {
  DdlDataset dataset = Dataset();
  dataset.hive.schema = arrow::schema({arrow::field("hora", arrow::time64(arrow::TimeUnit::MICRO))});
  const auto sql = DdlOf(DdlEngine::kAthena, dataset, "db");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, sql);
  EXPECT_THAT(sql.status().message(), HasSubstr("column `hora`"));
}

}  // namespace
}  // namespace ingesta::catalog
