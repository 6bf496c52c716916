// One format's writer on a thread of its own, so that a page is encoded in all formats while the next one is
// decoded. Batches keep their order; the queue is short, so memory stays bounded. Used by one caller.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/status.h"
#include "ingesta/format/format.h"

namespace ingesta::pipeline {

class EncoderLane {
 public:
  explicit EncoderLane(std::unique_ptr<format::Writer> writer) : writer_(std::move(writer)) {}
  /// Ends the thread; what was not written is dropped.
  ~EncoderLane();
  EncoderLane(const EncoderLane&) = delete;
  EncoderLane& operator=(const EncoderLane&) = delete;

  /// Hand `batch` over; blocks while the queue is full. A failure may show in a later call. The first batch
  /// is written by the caller: a dataset of one page needs no thread.
  Status Write(std::shared_ptr<const Batch> batch);
  /// Wait for what is queued, then close the writer. No call may follow.
  Result<std::vector<format::WrittenFile>> Close();

 private:
  static constexpr size_t kQueuedBatches = 4;

  void Work();
  void Join();

  std::unique_ptr<format::Writer> writer_;
  bool wrote_first_ = false;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Batch>> queue_;
  bool ending_ = false;
  Status status_;  ///< the first failure
};

}  // namespace ingesta::pipeline
