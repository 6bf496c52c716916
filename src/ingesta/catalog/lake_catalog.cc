#include "ingesta/catalog/lake_catalog.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "ingesta/catalog/glue/hive_registry.h"
#include "ingesta/catalog/hive_lake.h"
#include "ingesta/catalog/iceberg_tables.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

class LakeCatalog final : public Catalog {
 public:
  LakeCatalog(LakeParts parts, const LakeContext& context)
      : parts_(std::move(parts)),
        context_(context),
        iceberg_(*parts_.tables, context.store, context.clock, context.random) {}

  std::string Describe() const override { return parts_.description; }
  bool registers_partitions() const override { return parts_.glue != nullptr; }

  Result<std::shared_ptr<arrow::Schema>> PlanSchema(const std::string& dataset,
                                                    const std::shared_ptr<arrow::Schema>& schema) override {
    return iceberg_.PlanSchema(dataset, *schema);
  }

  Result<std::vector<TableChange>> Commit(const RunVersion& run) override;

 private:
  Status RegisterHive(const DatasetVersion& dataset, std::vector<TableChange>& changes);

  const LakeParts parts_;
  const LakeContext context_;
  IcebergTables iceberg_;
};

Status LakeCatalog::RegisterHive(const DatasetVersion& dataset, std::vector<TableChange>& changes) {
  HiveDataset hive = HiveDatasetOf(dataset, context_.store);
  if (!hive.partition_key.empty() && !dataset.partition_by.by_run_date()) {
    // A partition of an earlier run without rows in this one is none any more.
    std::set<std::string> current;
    for (const HivePartition& partition : hive.partitions) current.insert(partition.value);
    ARROW_ASSIGN_OR_RAISE(
        const auto registered,
        parts_.glue->GetPartitions(parts_.database, HiveTableName(dataset.name, "parquet")));
    for (const aws::GluePartition& partition : registered) {
      if (!partition.values.empty() && current.count(partition.values.front()) == 0) {
        hive.gone_partitions.push_back(partition.values.front());
      }
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto published, HiveRegistry(*parts_.glue, parts_.database).Publish(hive));
  for (const HiveChange& change : published) {
    changes.push_back({.dataset = dataset.name,
                       .table = change.table,
                       .kind = change.table_kind,
                       .change = HiveChangeName(change.kind),
                       .rows = -1,
                       .snapshot = ""});
  }
  return Status::OK();
}

// The Iceberg tables first: they are what most readers use, and their swaps follow each other closest.
Result<std::vector<TableChange>> LakeCatalog::Commit(const RunVersion& run) {
  if (parts_.glue != nullptr) {
    ARROW_RETURN_NOT_OK(HiveRegistry(*parts_.glue, parts_.database).EnsureDatabase("Tables of ingesta"));
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<TableChange> changes, iceberg_.Commit(run));
  for (const DatasetVersion& dataset : run.datasets) {
    ARROW_RETURN_NOT_OK(SwitchSymlink(dataset, context_.store));
    if (parts_.glue != nullptr) ARROW_RETURN_NOT_OK(RegisterHive(dataset, changes));
  }
  for (const TableChange& change : changes) {
    if (change.change == "unchanged") continue;
    const std::string rows = change.rows < 0 ? "" : fmt::format(": {} rows", change.rows);
    context_.log.Info(fmt::format("table {} {}{}", change.table, change.change, rows),
                      {{"stage", "catalog"}, {"dataset", change.dataset}});
  }
  return changes;
}

}  // namespace

std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, const LakeContext& context) {
  return std::make_unique<LakeCatalog>(std::move(parts), context);
}

}  // namespace ingesta::catalog
