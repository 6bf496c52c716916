// The catalog of a lake: Iceberg tables, the CSV of the latest run, and, with Glue, the Hive tables over all
// formats. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "ingesta/aws/glue.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/catalog/iceberg/catalog.h"

namespace ingesta::catalog {

struct LakeParts {
  std::string description;                ///< for messages
  std::shared_ptr<aws::GlueClient> glue;  ///< nullptr: no Hive tables; outlives `tables`
  std::string database;                   ///< in Glue; without it, what DDL calls it ("" = inventario_db)
  std::unique_ptr<iceberg::TableCatalog> tables;
};

/// What the lake catalog borrows; all outlive it.
struct LakeContext {
  ObjectStore& store;
  Clock& clock;
  Random& random;
  const Logger& log;
};

std::unique_ptr<Catalog> MakeLakeCatalog(LakeParts parts, const LakeContext& context);

}  // namespace ingesta::catalog
