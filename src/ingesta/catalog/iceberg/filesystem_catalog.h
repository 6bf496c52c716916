// Tables without a catalog service: `<prefix><table>/metadata/v<N>.metadata.json` in an ObjectStore, local or
// S3. The highest version is the table; each is created once, by a conditional write, and `version-hint.text`
// only tells readers where to begin. Thread-safe, between processes too.
#pragma once

#include <memory>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/iceberg/catalog.h"

namespace ingesta::iceberg {

class FilesystemCatalog final : public TableCatalog {
 public:
  /// `store` and `clock` outlive the catalog. `prefix` ends with a slash.
  FilesystemCatalog(ObjectStore& store, Clock& clock, std::string prefix = "iceberg/")
      : store_(store), clock_(clock), prefix_(std::move(prefix)) {}

  Result<std::string> NewTableLocation(const std::string& name) override;
  Result<std::optional<LoadedTable>> Load(const std::string& name) override;
  Result<PreparedCommit> Prepare(const std::string& name, const std::optional<LoadedTable>& base,
                                 Change change) override;
  Result<LoadedTable> Swap(const PreparedCommit& prepared) override;
  void Discard(const PreparedCommit& prepared) override;
  void Reaffirm(const std::string& name, const LoadedTable& table) override;

  /// Make the metadata.json at `metadata_location`, which another writer made, the table's next version.
  Result<LoadedTable> Register(const std::string& name, const std::string& metadata_location);

 private:
  std::string Folder(const std::string& name) const { return prefix_ + name + "/metadata/"; }
  std::string VersionKey(const std::string& name, int64_t version) const;
  Result<std::optional<int64_t>> ReadHint(const std::string& name);
  Result<std::optional<int64_t>> HighestListed(const std::string& name);
  Result<std::optional<int64_t>> CurrentVersion(const std::string& name);
  Result<std::optional<LoadedTable>> LoadVersion(const std::string& name, int64_t version);
  Status CreateVersion(const std::string& name, int64_t version, const std::string& text);
  Status CheckNotStale(const std::string& name, int64_t version, int64_t last_updated_ms);
  void WriteHint(const std::string& name, int64_t version);

  ObjectStore& store_;
  Clock& clock_;
  const std::string prefix_;
};

}  // namespace ingesta::iceberg
