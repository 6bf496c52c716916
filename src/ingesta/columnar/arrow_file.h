// Rows in Arrow's own file format: what a run puts by on disk to read again itself, at the cost of a copy.
// Not thread-safe.
#pragma once

#include <arrow/ipc/type_fwd.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/closed_file.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::columnar {

class FileSink;

class ArrowFileWriter {
 public:
  /// Create `path`; kAlreadyExists where it exists.
  static Result<std::unique_ptr<ArrowFileWriter>> Create(const std::string& path,
                                                         const std::shared_ptr<arrow::Schema>& schema);
  ~ArrowFileWriter();

  /// Append `rows` as one batch. REQUIRES: of the schema's types.
  Status Write(const arrow::RecordBatch& rows);
  /// Write the footer and close; durable on disk where `sync`. No call may follow.
  Result<ClosedFile> Close(bool sync);

 private:
  ArrowFileWriter(std::shared_ptr<FileSink> sink, std::shared_ptr<arrow::Schema> schema);

  std::shared_ptr<FileSink> sink_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  int64_t rows_ = 0;
};

/// The rows of such a file; of its columns those of the indexes `columns`, all where that is empty.
/// kNotFound; kCorrupt where it has no whole footer.
Result<std::unique_ptr<RowSource>> OpenArrowFile(const std::string& path,
                                                 const std::vector<int>& columns = {});

}  // namespace ingesta::columnar
