// The Hive tables and views over a dataset's published files, as Glue stores them and Athena reads them:
//   <dataset>_csv         every run's CSV, every column text
//   <dataset>_csv_actual  the latest run's CSV, by a symlink file
//   <dataset>_json        every run's JSON backup
//   <dataset>_parquet     typed files in partitions
//   <dataset>_actual      view: the latest run's CSV with its types
//   <dataset>_historial   view: every run's CSV with its types, and the run's time in column `ejecucion`
// Pure. The description comes from the catalog's commit; HiveRegistry writes what comes out.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/base/status.h"

namespace ingesta::catalog {

/// One format that a dataset is published in.
struct HiveFormat {
  std::string format;    ///< `csv`, `json`, `parquet`; others have no Hive table
  std::string location;  ///< ObjectStore::Location of the dataset's prefix, `s3://b/json/productos/`
  std::string compression = "none";  ///< `gzip`, `zstd`, `snappy`; of the newest files: readers go by suffix
};

/// One partition of the Parquet table.
struct HivePartition {
  std::string value;     ///< `2026-11-24`
  std::string location;  ///< of its files
};

struct HiveDataset {
  std::string name;
  /// Field metadata `path` (dotted, in the source's record), `comment` or `description`, `type` (as the
  /// pipeline writes it: only `json` matters here) and `join`; all may be absent.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<HiveFormat> formats;
  std::string symlink_location;              ///< `s3://b/symlink/productos/`; empty = no `_actual` tables
  std::string partition_key;                 ///< of the Parquet table; empty = not partitioned
  std::vector<HivePartition> partitions;     ///< to be registered, or pointed at their location
  std::vector<std::string> gone_partitions;  ///< values of partitions without files now
};

/// Table parameter that marks a table as ours and says whose it is.
inline constexpr const char* kDatasetParameter = "ingesta.dataset";
/// `csv`, `csv_actual`, `json`, `parquet`, `view`.
inline constexpr const char* kKindParameter = "ingesta.kind";

/// `productos_csv` for suffix `csv`; the dataset's own name (its Iceberg table) for "".
std::string HiveTableName(std::string_view dataset, std::string_view suffix);

/// A typed view over CSV text.
struct CsvView {
  std::string name;   ///< `productos_actual`
  std::string table;  ///< `productos_csv_actual`
  std::string description;
  /// Beside the dataset's columns: the run's timestamp out of the file's name; empty = none.
  std::string run_column;
};
/// Those that `dataset` has: none without CSV.
std::vector<CsvView> CsvViews(const HiveDataset& dataset);

/// All tables of `dataset` in the order in which they can be made; views last, over tables of `database`.
/// kInvalidConfig where Hive cannot have them (two columns that differ in case, a partition key that is a
/// column).
Result<std::vector<aws::GlueTable>> HiveTables(const HiveDataset& dataset, const std::string& database);

/// The partition of `table` (as HiveTables made it).
aws::GluePartition PartitionOf(const aws::GlueTable& table, const HivePartition& partition);

/// The SELECT of `view` in Trino's SQL.
std::string TrinoViewSql(const HiveDataset& dataset, const CsvView& view, const std::string& database);

}  // namespace ingesta::catalog
