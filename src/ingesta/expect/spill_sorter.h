// Sorts (key, row) pairs that may outnumber memory: runs are sorted in memory, put by on disk when the budget
// asks, and merged at the end. Exact at any size. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/memory_budget.h"

namespace ingesta::expect {

/// A value of up to 8 bytes whose order is its key's order.
struct NarrowEntry {
  uint64_t key = 0;
  uint64_t row = 0;
  uint64_t top() const { return key; }
  bool SameKey(const NarrowEntry& other) const { return key == other.key; }
  bool operator<(const NarrowEntry& other) const {
    return key != other.key ? key < other.key : row < other.row;
  }
};

/// A value of 16 bytes, or a text's 128-bit hash.
struct WideEntry {
  uint64_t high = 0;
  uint64_t low = 0;
  uint64_t row = 0;
  uint64_t top() const { return high; }
  bool SameKey(const WideEntry& other) const { return high == other.high && low == other.low; }
  bool operator<(const WideEntry& other) const {
    return high != other.high ? high < other.high : low != other.low ? low < other.low : row < other.row;
  }
};

template <typename Entry>
class SpillSorter final : public Spillable {
 public:
  explicit SpillSorter(MemoryBudget& memory) : memory_(memory) { memory_.Register(this); }
  ~SpillSorter() override { memory_.Forget(this); }
  SpillSorter(const SpillSorter&) = delete;
  SpillSorter& operator=(const SpillSorter&) = delete;

  void Add(const Entry& entry) { entries_.push_back(entry); }
  int64_t size() const { return spilled_ + static_cast<int64_t>(entries_.size()); }
  /// What is held, and the room that sorting it takes.
  int64_t bytes() const override {
    return static_cast<int64_t>((entries_.capacity() + entries_.size()) * sizeof(Entry));
  }
  Status Spill() override;
  /// Visit all, by key and then by row, until `visit` says false. May be called again.
  Status ForEach(const std::function<bool(const Entry&)>& visit);

 private:
  void SortEntries();

  MemoryBudget& memory_;
  std::vector<Entry> entries_;
  bool sorted_ = false;
  int64_t spilled_ = 0;
  std::vector<std::string> runs_;
};

extern template class SpillSorter<NarrowEntry>;
extern template class SpillSorter<WideEntry>;

}  // namespace ingesta::expect
