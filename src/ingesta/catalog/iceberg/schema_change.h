// How a table's schema follows the rows that come, and what a user asks of it. Pure functions; ids are never
// used again.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/change.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {

enum class SchemaEditKind { kAdd, kDrop, kRename, kWiden, kMakeOptional, kSetDoc };

/// One wish, for a column of the top level.
struct SchemaEdit {
  SchemaEditKind kind = SchemaEditKind::kAdd;
  std::string column;
  std::shared_ptr<arrow::DataType> type;  ///< of kAdd and kWiden
  std::string text;                       ///< the new name of kRename, the description of kSetDoc and kAdd
};

/// The current schema of `metadata` after `edits`, its id not yet given. kInvalidConfig names a column that
/// is absent or taken, a type that does not widen, a column that partitions the table or identifies its rows.
Result<Schema> EditSchema(const TableMetadata& metadata, const std::vector<SchemaEdit>& edits);

/// The current schema, so that rows of `incoming` (with field ids) fit: new columns come at the end, narrower
/// ones are widened, required ones that are absent or may be null become optional; no column goes away.
/// kInvalidConfig where a type became another; kConflict where ids were given to other columns meanwhile.
Result<Schema> MergeSchema(const TableMetadata& metadata, const std::vector<Field>& incoming);

/// Add to `change` what makes `schema` the current one; nothing where it is. An older schema of the same
/// columns is taken up again.
void AddSchemaUpdates(const TableMetadata& metadata, Schema schema, Change& change);

}  // namespace ingesta::iceberg
