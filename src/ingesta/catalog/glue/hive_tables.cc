#include "ingesta/catalog/glue/hive_tables.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/catalog/glue/hive_types.h"
#include "ingesta/catalog/glue/presto_view.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kTextInput = "org.apache.hadoop.mapred.TextInputFormat";
constexpr const char* kTextOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
constexpr const char* kSymlinkInput = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat";
constexpr const char* kParquetInput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
constexpr const char* kParquetOutput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
constexpr const char* kCsvSerDe = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
constexpr const char* kJsonSerDe = "org.apache.hive.hcatalog.data.JsonSerDe";
constexpr const char* kParquetSerDe = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

/// Where none is given, and also where `"` is, OpenCSVSerde takes `\` for its escape and eats it out of the
/// data. U+0001 is in no text that people write, and means something before a quote or itself only.
constexpr const char* kNoEscape = "\x01";

std::string WithSlash(std::string location) {
  if (!location.ends_with('/')) location += '/';
  return location;
}

const HiveFormat* FindFormat(const HiveDataset& dataset, std::string_view name) {
  const auto found = std::find_if(dataset.formats.begin(), dataset.formats.end(),
                                  [&](const HiveFormat& format) { return format.format == name; });
  return found == dataset.formats.end() ? nullptr : &*found;
}

aws::GlueTable Base(const HiveDataset& dataset, const std::string& kind, const HiveFormat& format) {
  aws::GlueTable table;
  table.name = HiveTableName(dataset.name, kind);
  table.table_type = "EXTERNAL_TABLE";
  table.parameters = {
      {"EXTERNAL", "TRUE"},   {"classification", format.format}, {"compressionType", format.compression},
      {"typeOfData", "file"}, {kDatasetParameter, dataset.name}, {kKindParameter, kind}};
  table.storage.location = WithSlash(format.location);
  table.storage.compressed = format.compression != "none";
  table.storage.input_format = kTextInput;
  table.storage.output_format = kTextOutput;
  return table;
}

Result<aws::GlueTable> CsvTable(const HiveDataset& dataset, const std::string& kind,
                                const HiveFormat& format) {
  aws::GlueTable table = Base(dataset, kind, format);
  ARROW_ASSIGN_OR_RAISE(table.storage.columns, TextColumns(*dataset.schema));
  table.storage.serde = {
      "", kCsvSerDe, {{"separatorChar", ","}, {"quoteChar", "\""}, {"escapeChar", kNoEscape}}};
  table.parameters["skip.header.line.count"] = "1";
  table.parameters["delimiter"] = ",";
  return table;
}

Result<aws::GlueTable> SymlinkTable(const HiveDataset& dataset, const HiveFormat& csv) {
  HiveFormat format = csv;
  format.location = dataset.symlink_location;
  ARROW_ASSIGN_OR_RAISE(aws::GlueTable table, CsvTable(dataset, "csv_actual", format));
  table.description = fmt::format("{}: the CSV of the latest run", dataset.name);
  table.storage.input_format = kSymlinkInput;
  return table;
}

aws::GlueTable JsonTable(const HiveDataset& dataset, const HiveFormat& format) {
  aws::GlueTable table = Base(dataset, "json", format);
  table.description = fmt::format("{}: each run's records as the service sent them", dataset.name);
  table.storage.columns = JsonColumns(*dataset.schema);
  table.storage.serde = {"", kJsonSerDe, {{"serialization.format", "1"}}};
  return table;
}

Result<aws::GlueTable> ParquetTable(const HiveDataset& dataset, const HiveFormat& format) {
  aws::GlueTable table = Base(dataset, "parquet", format);
  table.description = fmt::format("{}: typed files by partition", dataset.name);
  ARROW_ASSIGN_OR_RAISE(table.storage.columns, TypedColumns(*dataset.schema));
  table.storage.input_format = kParquetInput;
  table.storage.output_format = kParquetOutput;
  table.storage.serde = {"", kParquetSerDe, {{"serialization.format", "1"}}};
  // Compression is a matter of the pages within, and Compressed means the files as a whole.
  table.storage.compressed = false;
  if (dataset.partition_key.empty()) return table;
  const std::string key = HiveName(dataset.partition_key);
  for (const aws::GlueColumn& column : table.storage.columns) {
    if (column.name != key) continue;
    return MakeError(
        {.code = ErrorCode::kInvalidConfig,
         .stage = Stage::kCatalog,
         .hint = "rename the column, or the partition by `partition_by`"},
        fmt::format("dataset {}: `{}` is the name of a column and of the partition", dataset.name, key));
  }
  table.partition_keys = {{.name = key, .type = "string", .comment = "", .parameters = {}}};
  return table;
}

aws::GlueTable ViewTable(const HiveDataset& dataset, const CsvView& view, const std::string& database) {
  std::vector<PrestoViewColumn> columns;
  for (const auto& field : dataset.schema->fields()) {
    const std::string type = TrinoCastType(*field->type());
    // What is not cast is the CSV's text, whatever Arrow's type.
    const std::string hive = type.empty() ? "string" : HiveType(*field->type()).ValueOr("string");
    columns.push_back({HiveName(field->name()), type.empty() ? "varchar" : type, hive});
  }
  if (!view.run_column.empty()) columns.push_back({view.run_column, "varchar", "string"});
  aws::GlueTable table = PrestoView({.name = view.name,
                                     .database = database,
                                     .sql = TrinoViewSql(dataset, view, database),
                                     .columns = std::move(columns),
                                     .comment = view.description});
  table.parameters[kDatasetParameter] = dataset.name;
  table.parameters[kKindParameter] = "view";
  return table;
}

/// TRY_CAST(NULLIF("c", '') AS type) AS "c", or without the cast for a text.
std::string TrinoColumn(const arrow::Field& field) {
  const std::string name = fmt::format("\"{}\"", HiveName(field.name()));
  const std::string type = TrinoCastType(*field.type());
  if (type.empty()) return fmt::format("NULLIF({0}, '') AS {0}", name);
  return fmt::format("TRY_CAST(NULLIF({0}, '') AS {1}) AS {0}", name, type);
}

}  // namespace

std::string HiveTableName(std::string_view dataset, std::string_view suffix) {
  return HiveName(suffix.empty() ? std::string(dataset) : fmt::format("{}_{}", dataset, suffix));
}

std::vector<CsvView> CsvViews(const HiveDataset& dataset) {
  std::vector<CsvView> views;
  if (FindFormat(dataset, "csv") == nullptr) return views;
  if (!dataset.symlink_location.empty()) {
    views.push_back({.name = HiveTableName(dataset.name, "actual"),
                     .table = HiveTableName(dataset.name, "csv_actual"),
                     .description = fmt::format("{}: the latest run, typed", dataset.name),
                     .run_column = ""});
  }
  const bool taken = std::any_of(dataset.schema->fields().begin(), dataset.schema->fields().end(),
                                 [](const auto& field) { return HiveName(field->name()) == "ejecucion"; });
  views.push_back({.name = HiveTableName(dataset.name, "historial"),
                   .table = HiveTableName(dataset.name, "csv"),
                   .description = fmt::format("{}: every run, typed", dataset.name),
                   .run_column = taken ? "" : "ejecucion"});
  return views;
}

std::string TrinoViewSql(const HiveDataset& dataset, const CsvView& view, const std::string& database) {
  std::string sql = "SELECT\n";
  const auto& fields = dataset.schema->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    sql += fmt::format("  {}{}\n", TrinoColumn(*fields[i]),
                       i + 1 < fields.size() || !view.run_column.empty() ? "," : "");
  }
  if (!view.run_column.empty()) {
    sql += fmt::format("  REGEXP_EXTRACT(\"$path\", '_([0-9]{{8}}_[0-9]{{6}})[.][^/]*$', 1) AS \"{}\"\n",
                       view.run_column);
  }
  return sql + fmt::format("FROM \"{}\".\"{}\"", database, view.table);
}

Result<std::vector<aws::GlueTable>> HiveTables(const HiveDataset& dataset, const std::string& database) {
  std::vector<aws::GlueTable> tables;
  const HiveFormat* csv = FindFormat(dataset, "csv");
  if (csv != nullptr) {
    ARROW_ASSIGN_OR_RAISE(aws::GlueTable table, CsvTable(dataset, "csv", *csv));
    table.description = fmt::format("{}: each run's CSV", dataset.name);
    tables.push_back(std::move(table));
    if (!dataset.symlink_location.empty()) {
      ARROW_ASSIGN_OR_RAISE(table, SymlinkTable(dataset, *csv));
      tables.push_back(std::move(table));
    }
  }
  if (const HiveFormat* json = FindFormat(dataset, "json"); json != nullptr) {
    aws::GlueTable table = JsonTable(dataset, *json);
    // A table must have a column; a dataset of documents alone has none that can be read.
    if (!table.storage.columns.empty()) tables.push_back(std::move(table));
  }
  if (const HiveFormat* parquet = FindFormat(dataset, "parquet"); parquet != nullptr) {
    ARROW_ASSIGN_OR_RAISE(aws::GlueTable table, ParquetTable(dataset, *parquet));
    tables.push_back(std::move(table));
  }
  for (const CsvView& view : CsvViews(dataset)) {
    tables.push_back(ViewTable(dataset, view, database));
  }
  return tables;
}

aws::GluePartition PartitionOf(const aws::GlueTable& table, const HivePartition& partition) {
  aws::GluePartition made;
  made.values = {partition.value};
  made.storage = table.storage;
  made.storage.location = WithSlash(partition.location);
  // Glue's crawlers put the classification here as well; Spark and Athena read the table's.
  made.parameters = {{"classification", "parquet"}};
  return made;
}

}  // namespace ingesta::catalog
