// Where a lake's tables are kept. Values; what they point to outlives them.
#pragma once

#include <string>

namespace ingesta::aws {
class GlueClient;
}
namespace ingesta::iceberg {
class TableCatalog;
}

namespace ingesta::catalog {

struct LakeAccess {
  iceberg::TableCatalog* tables = nullptr;
  aws::GlueClient* glue = nullptr;  ///< nullptr: no Hive tables are registered anywhere
  std::string database;             ///< in Glue
};

}  // namespace ingesta::catalog
