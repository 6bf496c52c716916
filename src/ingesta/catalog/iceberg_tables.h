// The Iceberg tables of a lake: what a run's data files become. All tables of a run are prepared whole, then
// switched in a row. Not thread-safe. Used by the lake catalog.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/iceberg/merge.h"
#include "ingesta/catalog/iceberg/table_writer.h"

namespace ingesta::catalog {

class IcebergTables {
 public:
  /// All outlive this object.
  IcebergTables(iceberg::TableCatalog& tables, ObjectStore& store, Clock& clock, Random& random)
      : tables_(tables),
        store_(store),
        writer_(tables, store, clock, random),
        merger_(tables, store, clock, random) {}

  /// See Catalog::PlanSchema.
  Result<std::shared_ptr<arrow::Schema>> PlanSchema(const std::string& dataset, const arrow::Schema& schema);
  /// See Catalog::Held.
  Result<std::optional<TableChange>> Held(const DatasetVersion& dataset);
  /// One change for each dataset of `run` that has Iceberg files, in its order. A run that is in a table
  /// already is not taken over twice. Merges are computed against the tables as they are, and again where
  /// another writer comes in between.
  Result<std::vector<TableChange>> Commit(const RunVersion& run);

  /// What names a publication of a run in a snapshot's summary: a run id that is done again by force is
  /// another one.
  static std::string PublicationId(const RunVersion& run);

 private:
  struct Work;
  Result<Work> Plan(const RunVersion& run, const DatasetVersion& dataset);
  Result<iceberg::TableOperation> OperationOf(const RunVersion& run, const DatasetVersion& dataset);
  Result<iceberg::MergeRequest> MergeOf(const RunVersion& run, const DatasetVersion& dataset);
  Result<std::vector<Work>> PlanAll(const RunVersion& run);
  Status Switch(std::vector<Work>& all);
  Result<TableChange> Finish(Work& work);
  Result<std::vector<iceberg::NewDataFile>> FilesOf(const RunVersion& run, const DatasetVersion& dataset,
                                                    const arrow::Schema& planned);
  Result<iceberg::NewDataFile> WithFieldIds(const RunVersion& run, iceberg::NewDataFile file,
                                            const arrow::Schema& planned);

  iceberg::TableCatalog& tables_;
  ObjectStore& store_;
  iceberg::TableWriter writer_;
  iceberg::TableMerger merger_;
};

/// Whether the dataset's table is an Iceberg table.
bool HasIceberg(const DatasetVersion& dataset);

}  // namespace ingesta::catalog
