// The catalog of a lake: Iceberg tables, the CSV of the latest run, and, with Glue, the Hive tables over all
// formats. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"

namespace ingesta::catalog {

struct LakeParts {
  std::string kind;         ///< `filesystem`, `glue`, `rest`
  std::string description;  ///< for messages
};

/// `store` and `log` outlive the catalog.
std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, ObjectStore& store, const Logger& log);

}  // namespace ingesta::catalog
