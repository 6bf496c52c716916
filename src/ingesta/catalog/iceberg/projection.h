// A data file's columns as the table has them: chosen and ordered by field id, columns that came later null,
// narrower ones widened. Thread-safe: immutable once made. Below merge and compaction.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

class Projection {
 public:
  /// From a file's columns to `fields` of the table. kInvalidConfig where the file has no field ids, or a
  /// column's type does not become the table's. `location` is for messages.
  static Result<Projection> Make(const arrow::Schema& file, const std::vector<Field>& fields,
                                 const std::string& location);

  /// Top-level columns of the file that Apply takes, ascending; never empty.
  const std::vector<int>& file_columns() const { return file_columns_; }
  /// Of what Apply gives: the table's columns with their field ids.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// Columns without nulls have no validity bitmaps. REQUIRES: `rows` has the columns file_columns().
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(const arrow::RecordBatch& rows) const;

 private:
  std::vector<int> file_columns_;
  std::vector<int> sources_;  ///< of each field: place in file_columns_; -1 = the file has it not
  std::vector<Field> fields_;
  std::shared_ptr<arrow::Schema> schema_;
  std::string location_;
};

/// The same rows; columns without nulls have no validity bitmaps, which copies and encoders are quicker with.
std::shared_ptr<arrow::RecordBatch> WithoutIdleValidity(const arrow::RecordBatch& rows);

/// The field id that an Arrow field carries; -1 where it has none.
int FieldIdOf(const arrow::Field& field);

}  // namespace ingesta::iceberg
