// The different values of a column with how often each occurs, exact; on disk above the memory limit. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/registry.h"
#include "ingesta/expect/spill_sorter.h"
#include "ingesta/expect/value_key.h"

namespace ingesta::expect {

/// A value, how many rows have it, and the first of them.
struct KeyGroup {
  ValueKey key;
  int64_t count = 0;
  int64_t first_row = 0;
};

class DistinctKeys {
 public:
  DistinctKeys(int column, const arrow::DataType& type, MemoryBudget& memory);
  void Add(const BatchView& batch, const RowSet& rows);
  void Add(ValueKey key, int64_t row);
  /// Visit the groups, by key, until `visit` says false. May be called again.
  Status ForEachGroup(const std::function<bool(const KeyGroup&)>& visit);

 private:
  const int column_;
  const bool is_narrow_;
  SpillSorter<NarrowEntry> narrow_;
  SpillSorter<WideEntry> wide_;
  std::vector<ValueKey> keys_;
};

/// Sets of a column's different values, and its most common ones.
std::vector<ExpectationKind> DistinctSetKinds();

}  // namespace ingesta::expect
