// Arrow schemas <-> Iceberg schemas, with the field ids that tie a table's columns to its data files. Pure
// functions.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/types.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::iceberg {

/// Key of the field ids in Arrow's field metadata.
inline constexpr const char* kFieldIdMetadata = columnar::kFieldIdKey;
/// Key of a column's description in Arrow's field metadata; becomes the field's `doc`.
inline constexpr char kCommentMetadata[] = "comment";

/// The Iceberg schema of Arrow columns that carry field ids at all levels. kInvalidConfig names a column
/// without an id or of a type that Iceberg has not.
Result<std::vector<Field>> FieldsFromArrow(const arrow::Schema& schema);

/// The Arrow schema of a table's columns, ids and comments in the fields' metadata. A uuid is a fixed of 16
/// bytes.
Result<std::shared_ptr<arrow::Schema>> ToArrow(const std::vector<Field>& fields);

/// `schema` with field ids at all levels: those of the columns of `base` with the same names, and new ones
/// above `last_column_id` for the others. Ids that `schema` has are not looked at.
Result<std::shared_ptr<arrow::Schema>> AssignIds(const arrow::Schema& schema, const Schema* base,
                                                 int last_column_id);

}  // namespace ingesta::iceberg
