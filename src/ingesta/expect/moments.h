// Count, mean and spread of numbers that pass once, without the errors that adding up squares makes. Values
// only.
#pragma once

#include <cmath>
#include <cstdint>

namespace ingesta::expect {

class Moments {
 public:
  void Add(double value) {
    ++count_;
    const double delta = value - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (value - mean_);
    // Neumaier's sum: what each addition loses is added at the end.
    const double sum = sum_ + value;
    lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  int64_t count() const { return count_; }
  double sum() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }
  /// NaN where there is none.
  double mean() const { return sum() / static_cast<double>(count_); }
  /// Of a sample; NaN below two values.
  double deviation() const {
    if (count_ < 2 || !std::isfinite(sum_)) return std::nan("");
    return std::sqrt(squares_ / static_cast<double>(count_ - 1));
  }

 private:
  int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace ingesta::expect
