#include "ingesta/columnar/row_gatherer.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "ingesta/columnar/memory.h"

namespace ingesta::columnar {

Result<RowGatherer::Chunk> RowGatherer::Add(std::shared_ptr<arrow::RecordBatch> rows) {
  if (rows->num_rows() == 0) return Chunk{};
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows));
  rows_ += rows->num_rows();
  bytes_ += bytes;
  pending_.push_back(std::move(rows));
  return rows_ < kRows && bytes_ < kBytes ? Chunk{} : Flush();
}

Result<RowGatherer::Chunk> RowGatherer::Flush() {
  if (pending_.empty()) return Chunk{};
  Chunk chunk{pending_.front(), bytes_};
  if (pending_.size() > 1) {
    ARROW_ASSIGN_OR_RAISE(chunk.rows, arrow::ConcatenateRecordBatches(pending_, BufferPool()));
  }
  pending_.clear();
  rows_ = bytes_ = 0;
  return chunk;
}

}  // namespace ingesta::columnar
