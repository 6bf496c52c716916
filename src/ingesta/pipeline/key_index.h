// The keys that a dataset's scans have met, 16 bytes an entry and at most 24 bytes a key with the table's
// slack: for each key a hash of the record's content, the passes that saw it and the written row that holds
// its newest version. In memory; not thread-safe. Part of the completeness proof.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ingesta::pipeline {

/// What an Observe found out about a row.
enum class Sighting {
  kNew,       ///< first row of its key
  kSame,      ///< the key's content is known from an earlier pass: the row adds nothing
  kRepeated,  ///< the same, and this pass had met the key already
  kChanged,   ///< a newer version: the row that held the older one is superseded
};

/// Keys are well mixed hashes.
class KeyIndex {
 public:
  /// Row numbers count the rows written for a dataset, over all its part files, from 0.
  static constexpr uint32_t kMaxRows = (1U << 31) - 3;
  static constexpr uint32_t kRejectedRow = kMaxRows + 1;  ///< the key's newest version is in quarantine
  static constexpr uint32_t kDeletedRow = kMaxRows + 2;   ///< the service says that the key is gone
  static constexpr int kMaxPasses = 3;

  KeyIndex() : shards_(kShards) {}

  /// Size the table for `keys` keys at once, instead of growing to it. Only before the first Observe.
  void Reserve(int64_t keys);
  /// Note that pass `pass` (1..kMaxPasses) met `key` with `content`, in a row that will be number `row`.
  Sighting Observe(uint64_t key, uint64_t content, uint32_t row, int pass);
  /// Note that the service answered that `key` is gone. The row that held it is superseded.
  void MarkDeleted(uint64_t key);
  /// Bring the entry's cache line near; worth it a few rows before Observe.
  void Prefetch(uint64_t key) const;

  /// Keys met, the deleted ones left out.
  int64_t live_keys() const { return static_cast<int64_t>(keys_) - deleted_; }
  int64_t deleted_keys() const { return deleted_; }
  /// Keys whose newest version is in quarantine.
  int64_t rejected_keys() const { return rejected_; }
  /// Rows that are not the newest version of their key any more, in the order in which they lost that place.
  const std::vector<uint32_t>& superseded_rows() const { return superseded_; }
  /// Calls `visit(key, row)` for each key that is not deleted and that some pass of 1..passes did not meet.
  void ForEachMissedBy(int passes, const std::function<void(uint64_t key, uint32_t row)>& visit) const;
  int64_t memory_bytes() const;
  void Clear();

 private:
  /// rest = content (30 bits) | row (31 bits) | passes (3 bits), from the top.
  struct Entry {
    uint64_t key = 0;  ///< 0 = empty
    uint64_t rest = 0;
  };
  struct Shard {
    std::vector<Entry> entries;
    uint64_t used = 0;
  };
  static constexpr int kShardBits = 8;
  static constexpr uint64_t kShards = 1ULL << kShardBits;

  /// 0 marks an empty entry, so that key takes the place of its neighbour. Two of 2^64.
  static uint64_t NotZero(uint64_t key) { return key == 0 ? 1 : key; }
  static uint64_t ShardOf(uint64_t key) { return key >> (64 - kShardBits); }
  static uint64_t SlotOf(uint64_t key, uint64_t capacity);
  static Entry* FindSlot(Shard& shard, uint64_t key);
  void Grow(Shard& shard);
  void Supersede(uint32_t row);

  std::vector<Shard> shards_;
  std::vector<uint32_t> superseded_;
  uint64_t keys_ = 0;
  uint64_t reserved_capacity_ = 0;  ///< of a shard, when its first entry comes
  int64_t deleted_ = 0;
  int64_t rejected_ = 0;
};

}  // namespace ingesta::pipeline
