#include "ingesta/catalog/lake_catalog.h"

#include <utility>

#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

class LakeCatalog final : public Catalog {
 public:
  LakeCatalog(LakeParts parts, ObjectStore& store, const Logger& log)
      : parts_(std::move(parts)), store_(store), log_(log) {}

  const std::string& kind() const override { return parts_.kind; }
  std::string Describe() const override { return parts_.description; }
  bool registers_partitions() const override { return parts_.kind == "glue"; }

  Result<std::shared_ptr<arrow::Schema>> PlanSchema(const std::string& /*dataset*/,
                                                    const std::shared_ptr<arrow::Schema>& schema) override {
    return schema;
  }

  Result<std::vector<TableChange>> Commit(const RunVersion& run) override;

 private:
  const LakeParts parts_;
  ObjectStore& store_;
  const Logger& log_;
};

Result<std::vector<TableChange>> LakeCatalog::Commit(const RunVersion& run) {
  std::vector<TableChange> changes;
  for (const DatasetVersion& dataset : run.datasets) {
    ARROW_RETURN_NOT_OK(SwitchSymlink(dataset, store_).status());
  }
  return changes;
}

}  // namespace

std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, ObjectStore& store, const Logger& log) {
  return std::make_unique<LakeCatalog>(std::move(parts), store, log);
}

}  // namespace ingesta::catalog
