// Rows that come one batch after the other, out of a file or out of another source. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "ingesta/base/status.h"

namespace ingesta::columnar {

class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// The next rows, or nullptr at the end; a batch may be empty.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

}  // namespace ingesta::columnar
