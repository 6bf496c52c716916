// Rows that another thread reads while the caller works on those before them. What makes two cores of one
// large file. Not thread-safe itself; the source is used by the other thread alone.
#pragma once

#include <arrow/type_fwd.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "ingesta/base/status.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::iceberg {

class ReadAhead final : public columnar::RowSource {
 public:
  /// `rows` outlives this. Reads up to a few batches ahead, from now on.
  explicit ReadAhead(columnar::RowSource& rows);
  /// Stops reading.
  ~ReadAhead() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;

 private:
  void Read();

  columnar::RowSource& rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<std::shared_ptr<arrow::RecordBatch>>> batches_;  ///< the last one is the end or an error
  bool ended_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace ingesta::iceberg
