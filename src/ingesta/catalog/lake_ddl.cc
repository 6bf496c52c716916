#include "ingesta/catalog/lake_ddl.h"

#include <fmt/format.h>

#include <string_view>

#include "ingesta/catalog/hive_lake.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/lake_history.h"

namespace ingesta::catalog {
namespace {

/// `day(fecha_orden)`, as Athena writes a table's partitioning.
std::vector<std::string> PartitioningOf(const iceberg::TableMetadata& metadata) {
  std::vector<std::string> columns;
  for (const iceberg::PartitionField& field : metadata.default_spec().fields) {
    for (const iceberg::Field& column : metadata.current_schema().fields) {
      if (column.id != field.source_id) continue;
      columns.push_back(field.transform == "identity" ? column.name
                                                      : fmt::format("{}({})", field.transform, column.name));
    }
  }
  return columns;
}

/// `v17.metadata.json`: the filesystem catalog's own, which readers find by the table's folder.
bool IsVersioned(std::string_view location) {
  const std::string_view name = location.substr(location.rfind('/') + 1);
  return name.size() > 1 && name[0] == 'v' && name[1] >= '0' && name[1] <= '9';
}

}  // namespace

Result<DdlDataset> DdlDatasetOf(DdlEngine engine, const DatasetHistory& history, ObjectStore& store,
                                const LakeAccess& access) {
  const DatasetVersion version = CurrentVersion(history);
  if (version.files.empty()) {
    return MakeError(
        ErrorCode::kNotFound,
        fmt::format("dataset {}: no run has published it into {} yet", version.name, store.Uri()),
        "run the ingestion first: `ingesta run`, or `ingesta demo --run`");
  }
  DdlDataset dataset;
  dataset.hive = HiveDatasetOf(version, store);
  ARROW_ASSIGN_OR_RAISE(const auto table, access.tables->Load(version.name));
  if (!table) return dataset;
  dataset.iceberg_location = table->metadata.location;
  dataset.iceberg_partitioning = PartitioningOf(table->metadata);
  // DuckDB follows the folder to each next version; a metadata file is a version for ever.
  if (engine != DdlEngine::kDuckdb || !IsVersioned(table->metadata_location)) {
    dataset.iceberg_metadata = table->metadata_location;
  }
  return dataset;
}

}  // namespace ingesta::catalog
