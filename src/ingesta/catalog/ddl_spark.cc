// Spark SQL over the same files (see ddl.h).
#include <arrow/type.h>
#include <fmt/format.h>

#include "ingesta/catalog/ddl_text.h"
#include "ingesta/catalog/glue/hive_types.h"

namespace ingesta::catalog {
namespace {

std::string Table(const aws::GlueTable& table, const std::string& database, const std::string& source,
                  const std::string& options) {
  std::string columns = HiveColumnList(table.storage.columns);
  std::string partitioned;
  if (!table.partition_keys.empty()) {
    const std::string& key = table.partition_keys.front().name;
    columns.insert(columns.size() - 1, fmt::format(",\n  `{}` string", key));
    partitioned = fmt::format("PARTITIONED BY (`{}`)\n", key);
  }
  return fmt::format("CREATE TABLE IF NOT EXISTS `{}`.`{}` (\n{})\nUSING {}\n{}{}LOCATION {};\n\n", database,
                     table.name, columns, source, options, partitioned, HiveText(table.storage.location));
}

std::string Views(const HiveDataset& dataset, const std::string& database) {
  std::string sql;
  for (const CsvView& view : CsvViews(dataset)) {
    // Spark reads no symlink tables of its own: the latest run is the newest file of the folder.
    const bool latest = view.table != HiveTableName(dataset.name, "csv");
    std::string columns;
    for (const auto& field : dataset.schema->fields()) {
      const std::string name = fmt::format("`{}`", HiveName(field->name()));
      const Result<std::string> type = HiveType(*field->type());
      const bool text = TrinoCastType(*field->type()).empty();
      columns += text ? fmt::format("  NULLIF({0}, '') AS {0},\n", name)
                      : fmt::format("  TRY_CAST(NULLIF({0}, '') AS {1}) AS {0},\n", name, *type);
    }
    if (!view.run_column.empty()) {
      columns += fmt::format(
          "  REGEXP_EXTRACT(_metadata.file_path, '_([0-9]{{8}}_[0-9]{{6}})[.][^/]*$', 1) AS "
          "`{}`,\n",
          view.run_column);
    }
    if (!columns.empty()) columns.erase(columns.size() - 2, 1);
    const std::string table = fmt::format("`{}`.`{}`", database, HiveTableName(dataset.name, "csv"));
    sql += fmt::format("CREATE OR REPLACE VIEW `{}`.`{}` AS\nSELECT\n{}FROM {}", database, view.name, columns,
                       table);
    if (latest) {
      sql += fmt::format("\nWHERE _metadata.file_path = (SELECT MAX(_metadata.file_path) FROM {})", table);
    }
    sql += ";\n\n";
  }
  return sql;
}

}  // namespace

Result<std::string> SparkDdl(const DdlDataset& dataset, const std::string& database) {
  ARROW_ASSIGN_OR_RAISE(const auto tables, HiveTables(dataset.hive, database));
  std::string sql;
  for (const aws::GlueTable& table : tables) {
    const auto kind = table.parameters.find(kKindParameter);
    if (kind == table.parameters.end()) continue;
    if (kind->second == "csv") {
      sql += Table(table, database, "csv", "OPTIONS (header 'true', quote '\"', escape '\"')\n");
    } else if (kind->second == "json") {
      // Without columns: Spark tells the case of the service's names, which Hive's tables have lost.
      sql += fmt::format("CREATE TABLE IF NOT EXISTS `{}`.`{}` USING json LOCATION {};\n\n", database,
                         table.name, HiveText(table.storage.location));
    } else if (kind->second == "parquet") {
      sql += Table(table, database, "parquet", "");
      if (!table.partition_keys.empty()) {
        sql += fmt::format("MSCK REPAIR TABLE `{}`.`{}`;\n\n", database, table.name);
      }
    }
  }
  sql += Views(dataset.hive, database);
  if (!dataset.iceberg_metadata.empty()) {
    sql += fmt::format(
        "-- `lake`: the name of your Iceberg catalog (spark.sql.catalog.lake). With Glue as the "
        "catalog the table is there already.\n"
        "CALL lake.system.register_table(table => {}, metadata_file => {});\n\n",
        HiveText(fmt::format("{}.{}", database, HiveTableName(dataset.hive.name, ""))),
        HiveText(dataset.iceberg_metadata));
  }
  return sql;
}

}  // namespace ingesta::catalog
