#include "ingesta/catalog/iceberg/read_ahead.h"

#include <arrow/record_batch.h>

#include <utility>

namespace ingesta::iceberg {
namespace {

constexpr size_t kBatchesAhead = 4;

}  // namespace

ReadAhead::ReadAhead(columnar::RowSource& rows)
    : rows_(rows), schema_(rows.schema()), thread_([this] { Read(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::Read() {
  for (bool more = true; more;) {
    auto batch = rows_.Next();
    more = batch.ok() && *batch != nullptr;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || batches_.size() < kBatchesAhead; });
    if (stopped_) return;
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ReadAhead::Next() {
  std::unique_lock lock(mutex_);
  if (ended_) return std::shared_ptr<arrow::RecordBatch>();
  changed_.wait(lock, [this] { return !batches_.empty(); });
  auto batch = std::move(batches_.front());
  batches_.pop_front();
  ended_ = !batch.ok() || *batch == nullptr;
  changed_.notify_all();
  return batch;
}

}  // namespace ingesta::iceberg
