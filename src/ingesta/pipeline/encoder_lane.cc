#include "ingesta/pipeline/encoder_lane.h"

#include <utility>

namespace ingesta::pipeline {

EncoderLane::~EncoderLane() {
  {
    const std::lock_guard lock(mutex_);
    queue_.clear();
  }
  Join();
}

Status EncoderLane::Write(std::shared_ptr<const Batch> batch) {
  if (!std::exchange(wrote_first_, true)) return status_ = writer_->Write(*batch);
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < kQueuedBatches || !status_.ok(); });
  if (!status_.ok()) return status_;
  queue_.push_back(std::move(batch));
  changed_.notify_all();
  return Status::OK();
}

Result<std::vector<format::WrittenFile>> EncoderLane::Close() {
  Join();
  RETURN_NOT_OK(status_);
  return writer_->Close();
}

void EncoderLane::Join() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void EncoderLane::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !queue_.empty() || ending_; });
    if (queue_.empty() || !status_.ok()) return;
    const std::shared_ptr<const Batch> batch = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    lock.unlock();
    Status written = writer_->Write(*batch);
    lock.lock();
    if (!written.ok()) {
      status_ = std::move(written);
      changed_.notify_all();
      return;
    }
  }
}

}  // namespace ingesta::pipeline
