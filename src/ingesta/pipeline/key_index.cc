#include "ingesta/pipeline/key_index.h"

#include <algorithm>
#include <cmath>

namespace ingesta::pipeline {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kPassBits = 3;
constexpr int kRowBits = 31;
constexpr uint64_t kPassMask = (1ULL << kPassBits) - 1;
constexpr uint64_t kRowMask = (1ULL << kRowBits) - 1;
constexpr int kContentShift = kPassBits + kRowBits;

uint64_t ContentBits(uint64_t content) {
  return content >> kContentShift;
}
uint32_t RowOf(uint64_t rest) {
  return static_cast<uint32_t>((rest >> kPassBits) & kRowMask);
}
uint64_t Pack(uint64_t content, uint32_t row, uint64_t passes) {
  return (ContentBits(content) << kContentShift) | (static_cast<uint64_t>(row) << kPassBits) | passes;
}

// Full at 85 %, and grown by a quarter: never emptier than 68 %, which keeps an entry within 16 / 0.68 = 23.6
// bytes.
constexpr uint64_t kMinCapacity = 64;
// A total is the service's word: a wrong one must not fill the memory before the rows do.
constexpr int64_t kMaxReserved = 16'000'000;
bool IsFull(uint64_t used, uint64_t capacity) {
  return used * 20 >= capacity * 17;
}

}  // namespace

uint64_t KeyIndex::SlotOf(uint64_t key, uint64_t capacity) {
  // The bits below the shard's, scaled to the capacity without a division.
  return static_cast<uint64_t>((static_cast<Wide>(key << kShardBits) * capacity) >> 64);
}

KeyIndex::Entry* KeyIndex::FindSlot(Shard& shard, uint64_t key) {
  const uint64_t capacity = shard.entries.size();
  uint64_t slot = SlotOf(key, capacity);
  while (shard.entries[slot].key != 0 && shard.entries[slot].key != key) {
    if (++slot == capacity) slot = 0;
  }
  return &shard.entries[slot];
}

void KeyIndex::Reserve(int64_t keys) {
  if (keys_ > 0 || keys <= 0) return;
  // Shards fill unevenly: three standard deviations more than the mean.
  const double mean = static_cast<double>(std::min(keys, kMaxReserved)) / static_cast<double>(kShards);
  reserved_capacity_ = static_cast<uint64_t>((mean + 3 * std::sqrt(mean)) * 20 / 17) + 1;
}

void KeyIndex::Grow(Shard& shard) {
  const uint64_t least = std::max(kMinCapacity, reserved_capacity_);
  const uint64_t capacity = std::max(least, shard.entries.size() + shard.entries.size() / 4);
  Shard larger{std::vector<Entry>(capacity), shard.used};
  for (const Entry& entry : shard.entries) {
    if (entry.key != 0) *FindSlot(larger, entry.key) = entry;
  }
  shard = std::move(larger);
}

void KeyIndex::Supersede(uint32_t row) {
  if (row <= kMaxRows) superseded_.push_back(row);
}

Sighting KeyIndex::Observe(uint64_t key, uint64_t content, uint32_t row, int pass) {
  key = NotZero(key);
  Shard& shard = shards_[ShardOf(key)];
  if (IsFull(shard.used, shard.entries.size())) Grow(shard);
  Entry* entry = FindSlot(shard, key);
  const uint64_t pass_bit = 1ULL << (pass - 1);
  if (entry->key == 0) {
    *entry = Entry{key, Pack(content, row, pass_bit)};
    ++shard.used;
    ++keys_;
    if (row == kRejectedRow) ++rejected_;
    return Sighting::kNew;
  }
  const uint32_t held = RowOf(entry->rest);
  const uint64_t passes = (entry->rest & kPassMask) | pass_bit;
  if (held != kDeletedRow && entry->rest >> kContentShift == ContentBits(content)) {
    const bool repeated = (entry->rest & pass_bit) != 0;
    entry->rest |= pass_bit;
    return repeated ? Sighting::kRepeated : Sighting::kSame;
  }
  if (held == kDeletedRow) --deleted_;
  if (held == kRejectedRow) --rejected_;
  if (row == kRejectedRow) ++rejected_;
  Supersede(held);
  entry->rest = Pack(content, row, passes);
  return Sighting::kChanged;
}

void KeyIndex::MarkDeleted(uint64_t key) {
  key = NotZero(key);
  Shard& shard = shards_[ShardOf(key)];
  if (shard.entries.empty()) return;
  Entry* entry = FindSlot(shard, key);
  if (entry->key == 0 || RowOf(entry->rest) == kDeletedRow) return;
  if (RowOf(entry->rest) == kRejectedRow) --rejected_;
  Supersede(RowOf(entry->rest));
  entry->rest = Pack(0, kDeletedRow, entry->rest & kPassMask);
  ++deleted_;
}

void KeyIndex::Prefetch(uint64_t key) const {
  key = NotZero(key);
  const Shard& shard = shards_[ShardOf(key)];
  if (!shard.entries.empty()) __builtin_prefetch(&shard.entries[SlotOf(key, shard.entries.size())]);
}

void KeyIndex::ForEachMissedBy(int passes, const std::function<void(uint64_t, uint32_t)>& visit) const {
  const uint64_t all = (1ULL << passes) - 1;
  for (const Shard& shard : shards_) {
    for (const Entry& entry : shard.entries) {
      if (entry.key == 0 || RowOf(entry.rest) == kDeletedRow) continue;
      if ((entry.rest & all) != all) visit(entry.key, RowOf(entry.rest));
    }
  }
}

int64_t KeyIndex::memory_bytes() const {
  int64_t bytes =
      static_cast<int64_t>(superseded_.capacity() * sizeof(uint32_t) + shards_.size() * sizeof(Shard));
  for (const Shard& shard : shards_) bytes += static_cast<int64_t>(shard.entries.capacity() * sizeof(Entry));
  return bytes;
}

void KeyIndex::Clear() {
  *this = KeyIndex();
}

}  // namespace ingesta::pipeline
