// Puts small batches together until they are worth a call of the next step, which bounds both its cost a row
// and the memory that waits. Not thread-safe. Before the writers and behind the readers of columnar files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::columnar {

class RowGatherer {
 public:
  static constexpr int64_t kRows = 16 << 10;
  static constexpr int64_t kBytes = 4 << 20;

  /// Rows put together; `rows` is nullptr where there are none to be had (yet).
  struct Chunk {
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t bytes = 0;  ///< in memory
  };

  /// Take `rows` in; gives all that was gathered once it has kRows or kBytes. A larger batch comes out as it
  /// is.
  Result<Chunk> Add(std::shared_ptr<arrow::RecordBatch> rows);
  /// What is left.
  Result<Chunk> Flush();

 private:
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace ingesta::columnar
