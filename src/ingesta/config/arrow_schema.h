// The declared columns as an Arrow schema: what batches carry, and what Parquet, Hive and Iceberg types are
// made from. Values only.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "ingesta/config/pipeline_spec.h"

namespace ingesta::config {

/// Times are in UTC and carry no zone, as the tables' have none. `json` is text.
std::shared_ptr<arrow::DataType> ArrowType(const ColumnType& type);
/// Field metadata: `path` (where the value is in the record), `comment` (the description, then the path), and
/// where the source has a document or an array: `type` (`json`), `join` (the separator).
std::shared_ptr<arrow::Field> ArrowField(const ColumnSpec& column);
std::shared_ptr<arrow::Schema> ArrowSchema(const std::vector<ColumnSpec>& columns);

}  // namespace ingesta::config
