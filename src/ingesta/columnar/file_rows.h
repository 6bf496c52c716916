// Rows on their way into a columnar file: the schema that the file gets, and batches brought to it. Pure
// functions.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::columnar {

/// `schema` with its top-level timestamps in `unit`. kInvalidConfig as ParquetWriter::Create says.
Result<std::shared_ptr<arrow::Schema>> FileSchema(const std::shared_ptr<arrow::Schema>& schema,
                                                  const ParquetOptions& options);
/// `rows` as a batch of `file_schema`; kInternal where a column has another type.
Result<std::shared_ptr<arrow::RecordBatch>> ToFileSchema(const arrow::RecordBatch& rows,
                                                         const std::shared_ptr<arrow::Schema>& file_schema);

/// The rows whose flag is 0; all where `dropped` is empty. kInternal where there is not a flag a row.
Result<std::shared_ptr<arrow::RecordBatch>> KeptRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                     const std::vector<uint8_t>& dropped);

/// Names of the top-level columns where nearly every value of `sample` is another one, so that a dictionary
/// would cost time and space.
std::vector<std::string> ColumnsWithoutRepeats(const arrow::RecordBatch& sample);

}  // namespace ingesta::columnar
