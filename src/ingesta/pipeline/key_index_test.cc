#include "ingesta/pipeline/key_index.h"

#include <algorithm>
#include <map>
#include <random>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

TEST(KeyIndex, TellsNewSameAndChangedApart) {
  KeyIndex index;
  EXPECT_EQ(index.Observe(7, 1ULL << 50, 0, 1), Sighting::kNew);
  EXPECT_EQ(index.Observe(7, 1ULL << 50, 1, 1), Sighting::kRepeated);
  EXPECT_EQ(index.Observe(7, 1ULL << 50, 1, 2), Sighting::kSame);
  EXPECT_EQ(index.Observe(7, 2ULL << 50, 1, 1), Sighting::kChanged);
  EXPECT_EQ(index.live_keys(), 1);
  EXPECT_THAT(index.superseded_rows(), ::testing::ElementsAre(0));
}

TEST(KeyIndex, CountsDeletedAndRejectedKeysApart) {
  KeyIndex index;
  index.Observe(1, 10ULL << 40, 0, 1);
  index.Observe(2, 20ULL << 40, KeyIndex::kRejectedRow, 1);
  EXPECT_EQ(index.rejected_keys(), 1);
  index.MarkDeleted(1);
  index.MarkDeleted(1);
  index.MarkDeleted(99);
  EXPECT_EQ(index.live_keys(), 1);
  EXPECT_EQ(index.deleted_keys(), 1);
  EXPECT_THAT(index.superseded_rows(), ::testing::ElementsAre(0));
  // It came back, with the same content, and the rejected one was mended.
  EXPECT_EQ(index.Observe(1, 10ULL << 40, 1, 2), Sighting::kChanged);
  EXPECT_EQ(index.Observe(2, 21ULL << 40, 2, 2), Sighting::kChanged);
  EXPECT_EQ(index.live_keys(), 2);
  EXPECT_EQ(index.rejected_keys(), 0);
  EXPECT_THAT(index.superseded_rows(), ::testing::ElementsAre(0));
}

TEST(KeyIndex, NamesKeysThatAPassMissed) {
  KeyIndex index;
  index.Observe(1, 0, 0, 1);
  index.Observe(2, 0, 1, 1);
  index.Observe(2, 0, 2, 2);
  index.Observe(3, 0, 2, 2);
  std::vector<uint64_t> missed;
  index.ForEachMissedBy(2, [&](uint64_t key, uint32_t) { missed.push_back(key); });
  std::sort(missed.begin(), missed.end());
  EXPECT_THAT(missed, ::testing::ElementsAre(1, 3));
}

TEST(KeyIndex, AgreesWithAMapOverRandomRows) {
  ::ingesta::testing::SeededRandom random(5);
  KeyIndex index;
  std::map<uint64_t, uint64_t> model;
  for (uint32_t row = 0; row < 200'000; ++row) {
    const uint64_t key = (random.Next() % 60'000) * 0x9e3779b97f4a7c15ULL;
    const uint64_t content = (random.Next() % 3) << 40;
    const auto known = model.find(key);
    const Sighting expected = known == model.end()       ? Sighting::kNew
                              : known->second == content ? Sighting::kRepeated
                                                         : Sighting::kChanged;
    ASSERT_EQ(index.Observe(key, content, row, 1), expected) << row;
    model[key] = content;
  }
  EXPECT_EQ(index.live_keys(), static_cast<int64_t>(model.size()));
}

TEST(KeyIndex, AReservedTableNeedsNoMoreMemory) {
  for (const int64_t reserved : {1'000'000, 10, 400'000}) {
    ::ingesta::testing::SeededRandom random(9);
    KeyIndex index;
    index.Reserve(reserved);
    for (uint32_t row = 0; row < 1'000'000; ++row) index.Observe(random.Next(), 0, row, 1);
    EXPECT_LE(index.memory_bytes(), 24 * 1'000'000) << reserved;
    EXPECT_EQ(index.live_keys(), 1'000'000);
  }
}

TEST(KeyIndex, AWrongTotalDoesNotFillTheMemory) {
  KeyIndex index;
  index.Reserve(int64_t{1} << 60);
  index.Observe(1, 0, 0, 1);
  EXPECT_LT(index.memory_bytes(), 2'000'000) << "a shard is made when its first key comes";
}

TEST(KeyIndex, StaysWithin24BytesAKey) {
  ::ingesta::testing::SeededRandom random(9);
  KeyIndex index;
  for (uint32_t row = 0; row < 1'000'000; ++row) index.Observe(random.Next(), 0, row, 1);
  EXPECT_LE(index.memory_bytes(), 24 * 1'000'000);
}

}  // namespace
}  // namespace ingesta::pipeline
