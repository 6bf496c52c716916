// Iceberg tables in a REST catalog (Polaris, Lakekeeper, Nessie, Glue's own endpoint): the server applies the
// change and writes the metadata.json. Tables of a run are committed in one transaction where the server has
// them. An answer that was lost is looked up in the table. Thread-safe, between processes too.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/rest/rest_client.h"

namespace ingesta::catalog {

class RestTableCatalog final : public iceberg::TableCatalog {
 public:
  /// `store` and `clock` outlive the catalog. New tables get `prefix`<name> in `store`; `prefix` ends with a
  /// slash.
  RestTableCatalog(std::unique_ptr<RestClient> client, ObjectStore& store, Clock& clock,
                   std::string prefix = "iceberg/")
      : client_(std::move(client)), store_(store), clock_(clock), prefix_(std::move(prefix)) {}

  Result<std::string> NewTableLocation(const std::string& name) override;
  Result<std::optional<iceberg::LoadedTable>> Load(const std::string& name) override;
  /// Asks the server nothing.
  Result<iceberg::PreparedCommit> Prepare(const std::string& name,
                                          const std::optional<iceberg::LoadedTable>& base,
                                          iceberg::Change change) override;
  Result<iceberg::LoadedTable> Swap(const iceberg::PreparedCommit& prepared) override;
  /// All at once where the server has transactions; else one after the other.
  std::vector<Result<iceberg::LoadedTable>> SwapAll(
      const std::vector<iceberg::PreparedCommit>& prepared) override;
  void Discard(const iceberg::PreparedCommit& /*prepared*/) override {}

 private:
  Result<iceberg::LoadedTable> LookUp(const iceberg::PreparedCommit& prepared, const Status& failure,
                                      bool maybe_applied);

  const std::unique_ptr<RestClient> client_;
  ObjectStore& store_;
  Clock& clock_;
  const std::string prefix_;
};

}  // namespace ingesta::catalog
