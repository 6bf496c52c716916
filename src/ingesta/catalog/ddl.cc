#include "ingesta/catalog/ddl.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/catalog/ddl_text.h"
#include "ingesta/catalog/glue/hive_types.h"

namespace ingesta::catalog {
namespace {

std::string Properties(const aws::GlueParameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", HiveText(name), HiveText(value));
  }
  return text;
}

/// A Hive table in Athena's (Hive's) DDL.
std::string AthenaTable(const aws::GlueTable& table, const std::string& database) {
  std::string sql = fmt::format("CREATE EXTERNAL TABLE IF NOT EXISTS `{}`.`{}` (\n{})\n", database,
                                table.name, HiveColumnList(table.storage.columns));
  if (!table.description.empty()) sql += fmt::format("COMMENT {}\n", HiveText(table.description));
  if (!table.partition_keys.empty()) {
    sql += fmt::format("PARTITIONED BY (`{}` string)\n", table.partition_keys.front().name);
  }
  sql += fmt::format("ROW FORMAT SERDE {}\nWITH SERDEPROPERTIES ({})\n",
                     HiveText(table.storage.serde.library), Properties(table.storage.serde.parameters));
  sql += fmt::format("STORED AS INPUTFORMAT {}\nOUTPUTFORMAT {}\nLOCATION {}\n",
                     HiveText(table.storage.input_format), HiveText(table.storage.output_format),
                     HiveText(table.storage.location));
  aws::GlueParameters properties = table.parameters;
  properties.erase("EXTERNAL");  // the statement says it, and Athena refuses to be told twice
  return sql + fmt::format("TBLPROPERTIES ({});\n\n", Properties(properties));
}

std::string AthenaPartitions(const aws::GlueTable& table, const HiveDataset& dataset,
                             const std::string& database) {
  if (table.partition_keys.empty() || dataset.partitions.empty()) return "";
  std::string sql = fmt::format("ALTER TABLE `{}`.`{}` ADD IF NOT EXISTS\n", database, table.name);
  for (size_t i = 0; i < dataset.partitions.size(); ++i) {
    sql += fmt::format("  PARTITION (`{}`={}) LOCATION {}{}\n", table.partition_keys.front().name,
                       HiveText(dataset.partitions[i].value), HiveText(dataset.partitions[i].location),
                       i + 1 < dataset.partitions.size() ? "" : ";");
  }
  return sql + "\n";
}

/// CREATE TABLE over the folder of an Iceberg table would begin an empty one: only Glue can be told of it.
std::string AthenaRegistration(const DdlDataset& dataset, const std::string& database) {
  const std::string name = HiveTableName(dataset.hive.name, "");
  return fmt::format(
      "-- `{0}`, the Iceberg table: a run with GLUE_DATABASE={1} registers it, and Athena has it then. No "
      "SQL can.\n"
      "-- As it is now, and no run will move it on:\n"
      "--   aws glue create-table --database-name {1} --table-input '{{\"Name\":\"{0}\",\n"
      "--     \"TableType\":\"EXTERNAL_TABLE\",\"StorageDescriptor\":{{\"Location\":\"{2}\"}},\n"
      "--     \"Parameters\":{{\"table_type\":\"ICEBERG\",\"metadata_location\":\"{3}\"}}}}'\n\n",
      name, database, dataset.iceberg_location, dataset.iceberg_metadata);
}

/// As Athena's SHOW CREATE TABLE prints it.
Result<std::string> AthenaIceberg(const DdlDataset& dataset, const std::string& database) {
  if (dataset.iceberg_location.empty()) return "";
  if (!dataset.iceberg_metadata.empty()) return AthenaRegistration(dataset, database);
  ARROW_ASSIGN_OR_RAISE(const auto columns, TypedColumns(*dataset.hive.schema));
  std::string sql = fmt::format("CREATE TABLE IF NOT EXISTS `{}`.`{}` (\n{})\n", database,
                                HiveTableName(dataset.hive.name, ""), HiveColumnList(columns));
  if (!dataset.iceberg_partitioning.empty()) {
    sql += fmt::format("PARTITIONED BY ({})\n", fmt::join(dataset.iceberg_partitioning, ", "));
  }
  return sql + fmt::format("LOCATION {}\nTBLPROPERTIES ('table_type'='iceberg', 'format'='parquet');\n\n",
                           HiveText(dataset.iceberg_location));
}

Result<std::string> AthenaDdl(const DdlDataset& dataset, const std::string& database) {
  ARROW_ASSIGN_OR_RAISE(const auto tables, HiveTables(dataset.hive, database));
  std::string sql;
  for (const aws::GlueTable& table : tables) {
    if (table.table_type == "VIRTUAL_VIEW") continue;
    sql += AthenaTable(table, database) + AthenaPartitions(table, dataset.hive, database);
  }
  for (const CsvView& view : CsvViews(dataset.hive)) {
    sql += fmt::format("CREATE OR REPLACE VIEW \"{}\".\"{}\" AS\n{};\n\n", database, view.name,
                       TrinoViewSql(dataset.hive, view, database));
  }
  ARROW_ASSIGN_OR_RAISE(const std::string iceberg, AthenaIceberg(dataset, database));
  return sql + iceberg;
}

}  // namespace

std::optional<DdlEngine> ParseDdlEngine(std::string_view name) {
  if (name == "athena") return DdlEngine::kAthena;
  if (name == "duckdb") return DdlEngine::kDuckdb;
  if (name == "spark") return DdlEngine::kSpark;
  return std::nullopt;
}

std::string DdlPrologue(DdlEngine engine, const std::string& database, bool on_s3) {
  if (engine != DdlEngine::kDuckdb) return fmt::format("CREATE DATABASE IF NOT EXISTS `{}`;\n\n", database);
  std::string text =
      "-- The Iceberg tables are read by an extension. Where DuckDB may not download it by itself:\n"
      "--   INSTALL iceberg; LOAD iceberg;\n";
  if (on_s3) {
    text +=
        "-- For a bucket that is not public, before this:\n"
        "--   CREATE SECRET (TYPE s3, PROVIDER credential_chain);\n";
  }
  return text + fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n\n", SqlName(database));
}

Result<std::string> DdlOf(DdlEngine engine, const DdlDataset& dataset, const std::string& database) {
  switch (engine) {
    case DdlEngine::kAthena:
      return AthenaDdl(dataset, database);
    case DdlEngine::kDuckdb:
      return DuckdbDdl(dataset, database);
    case DdlEngine::kSpark:
      return SparkDdl(dataset, database);
  }
  return MakeError(ErrorCode::kInternal, "an engine without DDL");
}

}  // namespace ingesta::catalog
