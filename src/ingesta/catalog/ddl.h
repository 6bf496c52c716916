// The tables of a dataset as SQL text that a person pastes into an engine: Athena, DuckDB, Spark. The same
// tables and views that HiveRegistry writes into Glue, plus the Iceberg table. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/glue/hive_tables.h"

namespace ingesta::catalog {

enum class DdlEngine { kAthena, kDuckdb, kSpark };
/// `athena`, `duckdb`, `spark`.
std::optional<DdlEngine> ParseDdlEngine(std::string_view name);

struct DdlDataset {
  HiveDataset hive;
  std::string iceberg_location;  ///< of the Iceberg table `<dataset>`; empty = there is none
  /// The table's current metadata file, where it is known: DuckDB and Spark read by it. It is of the moment.
  std::string iceberg_metadata;
  std::vector<std::string> iceberg_partitioning;  ///< `day(fecha_orden)`, ...; empty = not partitioned
};

/// What comes once before the statements of all datasets: the database, and comments on what the engine
/// needs.
std::string DdlPrologue(DdlEngine engine, const std::string& database, bool on_s3);

/// Statements that make all tables and views of `dataset` in `database` (DdlPrologue makes that), each ended
/// by
/// `;` and an empty line. An Iceberg table that exists can't be taken over by Athena's SQL: that is a
/// comment. Athena and Spark: `IF NOT EXISTS` for tables, `OR REPLACE` for views. DuckDB: views over the
/// files, in the schema `database`.
Result<std::string> DdlOf(DdlEngine engine, const DdlDataset& dataset, const std::string& database);

}  // namespace ingesta::catalog
