#include "ingesta/catalog/lake_catalog.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "ingesta/catalog/glue/hive_registry.h"
#include "ingesta/catalog/hive_lake.h"
#include "ingesta/catalog/iceberg_tables.h"
#include "ingesta/catalog/lake_ddl.h"
#include "ingesta/catalog/lake_history.h"
#include "ingesta/catalog/lake_maintenance.h"
#include "ingesta/catalog/lake_rollback.h"
#include "ingesta/catalog/symlink.h"
#include "ingesta/catalog/verify_tables.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kDefaultDatabase = "inventario_db";

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

  Result<std::optional<TableChange>> Held(const DatasetVersion& dataset) override {
    return iceberg_.Held(dataset);
  }
  Result<std::vector<TableChange>> Commit(const RunVersion& run) override;

  Result<std::vector<TableInfo>> ListTables(const DatasetHistory& history) override {
    return catalog::ListTables(history, context_.store, Access());
  }
  Result<TableHistory> HistoryOf(const DatasetHistory& history) override {
    return catalog::HistoryOf(history, context_.store, Access());
  }
  Result<Rollback> PlanRollback(const DatasetHistory& history, const std::string& to) override {
    return catalog::PlanRollback(history, to, context_.store, Access());
  }
  Status RollBack(const Rollback& plan) override {
    return catalog::RollBack(plan, context_.store, Access(), context_.clock, context_.random);
  }
  Result<DdlScript> Ddl(const std::string& engine, const DatasetHistory& history,
                        const std::string& database) override;
  Result<TablesCheck> Verify(const DatasetHistory& history, ObjectIndex& objects) override {
    return VerifyTables(history, objects, context_.store, Access());
  }
  std::vector<MaintainedTable> Maintain(const std::vector<std::string>& datasets,
                                        const LakeMaintenanceOptions& options) override {
    return MaintainLake(datasets, options,
                        {*parts_.tables, context_.store, context_.clock, context_.random, parts_.glue.get(),
                         parts_.database});
  }

 private:
  LakeAccess Access() { return {parts_.tables.get(), parts_.glue.get(), parts_.database}; }
  Status RegisterHive(const DatasetVersion& dataset, std::vector<TableChange>& changes);

  const LakeParts parts_;
  const LakeContext context_;
  IcebergTables iceberg_;
};

/// `: 3010 rows (10 new, 5 changed, 2995 as they were)`; "" where nothing is known.
std::string RowsText(const TableChange& change) {
  if (change.rows < 0) return "";
  std::string text = fmt::format(": {} rows", change.rows);
  if (!change.merged) return text;
  const MergedRows& merged = *change.merged;
  text +=
      fmt::format(" ({} new, {} changed, {} as they were", merged.inserted, merged.updated, merged.unchanged);
  if (merged.repeated > 0)
    text += fmt::format("; {} came more than once, the last one counts", merged.repeated);
  return text + ")";
}

Status LakeCatalog::RegisterHive(const DatasetVersion& dataset, std::vector<TableChange>& changes) {
  HiveDataset hive = HiveDatasetOf(dataset, context_.store);
  if (!hive.partition_key.empty() && !dataset.partition_by.by_run_date()) {
    // A partition of an earlier run without rows in this one is none any more.
    std::set<std::string> current;
    for (const HivePartition& partition : hive.partitions) current.insert(partition.value);
    ARROW_ASSIGN_OR_RAISE(
        const auto registered,
        RegisteredPartitions(*parts_.glue, parts_.database, HiveTableName(dataset.name, "parquet")));
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
    if (run.superseded) break;  // the other tables show the latest run, or find all runs by themselves
    ARROW_RETURN_NOT_OK(SwitchSymlink(dataset, context_.store));
    if (parts_.glue != nullptr) ARROW_RETURN_NOT_OK(RegisterHive(dataset, changes));
  }
  for (const TableChange& change : changes) {
    if (change.change == "unchanged" && !change.merged) continue;
    context_.log.Info(fmt::format("table {} {}{}", change.table, change.change, RowsText(change)),
                      {{"stage", "catalog"}, {"dataset", change.dataset}});
  }
  return changes;
}

Result<DdlScript> LakeCatalog::Ddl(const std::string& engine, const DatasetHistory& history,
                                   const std::string& database) {
  const auto known = ParseDdlEngine(engine);
  if (!known) return MakeError(ErrorCode::kUsage, engine + ": no such engine", "athena, duckdb or spark");
  const bool on_s3 = context_.store.kind() == "s3";
  if (*known == DdlEngine::kAthena && !on_s3) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("Athena reads S3 alone, and this lake is in {}", context_.store.Uri()),
                     "use --engine duckdb or spark, or set S3_BUCKET");
  }
  DdlScript script;
  script.database = !database.empty()          ? database
                    : !parts_.database.empty() ? parts_.database
                                               : std::string(kDefaultDatabase);
  ARROW_ASSIGN_OR_RAISE(const DdlDataset dataset, DdlDatasetOf(*known, history, context_.store, Access()));
  script.prologue = DdlPrologue(*known, script.database, on_s3);
  ARROW_ASSIGN_OR_RAISE(script.sql, DdlOf(*known, dataset, script.database));
  return script;
}

}  // namespace

std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, const LakeContext& context) {
  return std::make_unique<LakeCatalog>(std::move(parts), context);
}

}  // namespace ingesta::catalog
