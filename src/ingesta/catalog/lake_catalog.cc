#include "ingesta/catalog/lake_catalog.h"

#include <fmt/format.h>

#include <utility>

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

  const std::string& kind() const override { return parts_.kind; }
  std::string Describe() const override { return parts_.description; }
  bool registers_partitions() const override { return parts_.kind == "glue"; }

  Result<std::shared_ptr<arrow::Schema>> PlanSchema(const std::string& dataset,
                                                    const std::shared_ptr<arrow::Schema>& schema) override {
    return iceberg_.PlanSchema(dataset, *schema);
  }

  Result<std::vector<TableChange>> Commit(const RunVersion& run) override;

 private:
  const LakeParts parts_;
  const LakeContext context_;
  IcebergTables iceberg_;
};

// The Iceberg tables first: they are what most readers use, and their swaps follow each other closest.
Result<std::vector<TableChange>> LakeCatalog::Commit(const RunVersion& run) {
  ARROW_ASSIGN_OR_RAISE(std::vector<TableChange> changes, iceberg_.Commit(run));
  for (const DatasetVersion& dataset : run.datasets) {
    ARROW_RETURN_NOT_OK(SwitchSymlink(dataset, context_.store).status());
  }
  for (const TableChange& change : changes) {
    context_.log.Info(fmt::format("table {} {}: {} rows", change.table, change.change, change.rows),
                      {{"stage", "catalog"}, {"dataset", change.dataset}});
  }
  return changes;
}

}  // namespace

std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, const LakeContext& context) {
  return std::make_unique<LakeCatalog>(std::move(parts), context);
}

}  // namespace ingesta::catalog
