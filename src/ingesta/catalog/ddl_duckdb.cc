// DuckDB's views over the files themselves (see ddl.h). No catalog is asked: the globs find what is there,
// and the symlink file says which CSV is the latest run's.
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "ingesta/catalog/ddl_text.h"
#include "ingesta/catalog/glue/hive_types.h"

namespace ingesta::catalog {
namespace {

/// Paths as DuckDB's readers and their `filename` column have them.
std::string Path(std::string location) {
  constexpr std::string_view kLocal = "file://";
  if (location.starts_with(kLocal)) location.erase(0, kLocal.size());
  if (!location.ends_with('/')) location += '/';
  return location;
}

std::string View(const std::string& schema, const std::string& name, const std::string& query) {
  return fmt::format("CREATE OR REPLACE VIEW {}.{} AS\n{};\n\n", SqlName(schema), SqlName(name), query);
}

std::string CastType(const arrow::DataType& type) {
  const std::string trino = TrinoCastType(type);
  return trino == "timestamp(3)" ? "TIMESTAMP" : trino;
}

std::string TypedColumnsOf(const HiveDataset& dataset) {
  std::string columns;
  for (const auto& field : dataset.schema->fields()) {
    const std::string name = SqlName(field->name());
    const std::string type = CastType(*field->type());
    columns += type.empty() ? fmt::format("  NULLIF({0}, '') AS {0},\n", name)
                            : fmt::format("  TRY_CAST(NULLIF({0}, '') AS {1}) AS {0},\n", name, type);
  }
  if (!columns.empty()) columns.erase(columns.size() - 2, 1);
  return columns;
}

std::string CsvViewsOf(const HiveDataset& dataset, const HiveFormat& csv, const std::string& schema) {
  const std::string all = HiveTableName(dataset.name, "csv");
  std::string sql =
      View(schema, all,
           fmt::format("SELECT * FROM read_csv({}, header = true, all_varchar = true, delim = ',', "
                       "quote = '\"', escape = '\"', union_by_name = true, filename = true)",
                       SqlText(Path(csv.location) + "*.csv*")));
  for (const CsvView& view : CsvViews(dataset)) {
    const bool latest = view.table != all;
    if (latest) {
      // The symlink file names objects as catalogs do; `filename` has a local path without its scheme.
      sql +=
          View(schema, view.table,
               fmt::format("SELECT * FROM {}.{} WHERE filename IN (\n"
                           "  SELECT replace(line, 'file://', '') FROM (\n"
                           "    SELECT unnest(string_split(content, chr(10))) AS line FROM read_text({})))",
                           SqlName(schema), SqlName(all),
                           SqlText(Path(dataset.symlink_location) + "symlink.txt")));
    }
    std::string columns = TypedColumnsOf(dataset);
    if (!view.run_column.empty()) {
      columns.insert(columns.size() - 1, ",");
      columns += fmt::format("  regexp_extract(filename, '_([0-9]{{8}}_[0-9]{{6}})[.][^/]*$', 1) AS {}\n",
                             SqlName(view.run_column));
    }
    sql += View(schema, view.name,
                fmt::format("SELECT\n{}FROM {}.{}", columns, SqlName(schema), SqlName(view.table)));
  }
  return sql;
}

}  // namespace

Result<std::string> DuckdbDdl(const DdlDataset& dataset, const std::string& schema) {
  const HiveDataset& hive = dataset.hive;
  std::string sql;
  for (const HiveFormat& format : hive.formats) {
    const std::string path = Path(format.location);
    const std::string name = HiveTableName(hive.name, format.format);
    if (format.format == "csv") sql += CsvViewsOf(hive, format, schema);
    if (format.format == "json") {
      sql +=
          View(schema, name,
               fmt::format("SELECT * FROM read_json({}, format = 'newline_delimited', union_by_name = true)",
                           SqlText(path + "*.json*")));
    }
    if (format.format == "parquet") {
      const char* types =
          hive.partition_key.empty() ? "" : ", hive_partitioning = true, hive_types_autocast = false";
      sql += View(schema, name,
                  fmt::format("SELECT * FROM read_parquet({}{}, union_by_name = true)",
                              SqlText(path + "**/*.parquet"), types));
    }
  }
  if (!dataset.iceberg_location.empty()) {
    std::string source =
        Path(dataset.iceberg_metadata.empty() ? dataset.iceberg_location : dataset.iceberg_metadata);
    source.pop_back();
    sql += View(schema, HiveTableName(hive.name, ""),
                fmt::format("SELECT * FROM iceberg_scan({})", SqlText(source)));
  }
  return sql;
}

}  // namespace ingesta::catalog
