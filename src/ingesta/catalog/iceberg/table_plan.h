// What an operation makes of a table's schema, partition spec and properties, before its snapshot: a new
// table, or the changes of one that is there. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/iceberg/table_writer.h"

namespace ingesta::iceberg {

struct TablePlan {
  Change change;        ///< without requirements of the snapshot
  TableMetadata draft;  ///< the table after it
};

/// What a new table gets.
struct NewTable {
  std::string location;
  std::string uuid;
};

/// kNotFound where the table is absent and the operation brings no columns.
Result<TablePlan> PlanTable(const TableOperation& operation, const std::optional<LoadedTable>& base,
                            const NewTable& new_table, int64_t now_ms);

}  // namespace ingesta::iceberg
