#include "ingesta/http/limiter.h"

#include <algorithm>

namespace ingesta::http {

void AdaptiveLimit::OnOverload(int64_t number) {
  if (number < first_since_cut_) return;
  first_since_cut_ = started_;
  limit_ = std::max(1.0, limit_ / 2);
}

void AdaptiveLimit::OnSuccess() {
  limit_ = std::min(maximum_, limit_ + 1 / limit_);
}

MonotonicTime RateWindow::NextStart(MonotonicTime now) const {
  if (limit_ == 0 || starts_.size() < static_cast<size_t>(limit_)) return now;
  return std::max(now, starts_.front() + interval_);
}

void RateWindow::OnStart(MonotonicTime now) {
  if (limit_ == 0) return;
  if (starts_.size() == static_cast<size_t>(limit_)) starts_.pop_front();
  starts_.push_back(now);
}

}  // namespace ingesta::http
