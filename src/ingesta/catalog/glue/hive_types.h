// Arrow's types and names as Hive (Glue's DDL), Trino (Athena's queries) and people's comments have them.
// Pure.
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <string_view>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/base/status.h"

namespace ingesta::catalog {

/// `decimal(18,2)`, `array<struct<a:int>>`, ... kInvalidConfig for what Hive has no type for.
Result<std::string> HiveType(const arrow::DataType& type);

/// The type that a text of the CSV is cast to in Trino's SQL; "" where the text stays text. Times have
/// milliseconds, as Athena's views do.
std::string TrinoCastType(const arrow::DataType& type);

/// Hive's names have no case: lower case, and `_` for what is neither a letter, a digit nor `_`.
std::string HiveName(std::string_view name);

/// Of the field: metadata `comment`, or else `description` and where it comes from (`path`); on one line of
/// at most 255 characters, as Glue takes it.
std::string ColumnComment(const arrow::Field& field);

/// Every column typed, named for Hive. kInvalidConfig where two columns differ in case only.
Result<std::vector<aws::GlueColumn>> TypedColumns(const arrow::Schema& schema);
/// The same, every column `string`.
Result<std::vector<aws::GlueColumn>> TextColumns(const arrow::Schema& schema);

/// Columns over the JSON backup, whose lines are the service's own records: top-level fields by the columns'
/// source paths, nested ones as structs. Only what reads right whatever the service writes there: numbers and
/// booleans typed, times as text (they have a `T`), joined arrays as array<string>. Left out: columns of type
/// `json`, of unknown shape, and fields whose names Athena's SQL cannot have.
std::vector<aws::GlueColumn> JsonColumns(const arrow::Schema& schema);

}  // namespace ingesta::catalog
