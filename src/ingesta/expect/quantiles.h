// Exact quantiles of a column, by sorting all its values; on disk above the memory limit. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/spill_sorter.h"
#include "ingesta/expect/value_key.h"

namespace arrow {
class DataType;
}

namespace ingesta::expect {

/// What stands between two values, by pandas' names.
enum class Interpolation { kLinear, kLower, kHigher, kMidpoint, kNearest };
/// kInvalidConfig for a name that is none.
Result<Interpolation> ReadInterpolation(const std::string& name);

class Quantiles {
 public:
  Quantiles(int column, const arrow::DataType& type, MemoryBudget& memory);
  Status Add(const BatchView& batch, const RowSet& rows);
  int64_t count() const { return narrow_.size() + wide_.size(); }

  /// The keys of the values at ascending or unordered positions (0 = smallest). REQUIRES: each below count().
  Result<std::vector<ValueKey>> At(const std::vector<int64_t>& positions);
  /// Numbers at probabilities. REQUIRES: count() > 0, a column of numbers.
  Result<std::vector<double>> Numbers(const std::vector<double>& probabilities, Interpolation between);

 private:
  const int column_;
  std::shared_ptr<arrow::DataType> type_;
  const bool is_narrow_;
  SpillSorter<NarrowEntry> narrow_;
  SpillSorter<WideEntry> wide_;
  std::vector<ValueKey> keys_;
};

/// Between which two positions a probability lies, and how far.
struct QuantilePlace {
  int64_t below = 0;
  int64_t above = 0;
  double share = 0;  ///< 0 = `below`, 1 = `above`
};
QuantilePlace PlaceOf(double probability, int64_t count, Interpolation between);

}  // namespace ingesta::expect
