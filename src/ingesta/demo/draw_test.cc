#include "ingesta/demo/draw.h"

#include <set>

#include "ingesta/demo/shape.h"

namespace ingesta::demo {
namespace {

TEST(Shuffle, IsAPermutationThatIsComputedBothWays) {
  for (const int64_t size : {1, 2, 3, 7, 100, 4096, 9999}) {
    for (const uint64_t seed : {0, 1, 77}) {
      const Shuffle shuffle(size, seed);
      std::set<int64_t> seen;
      for (int64_t i = 0; i < size; ++i) {
        const int64_t value = shuffle.At(i);
        ASSERT_GE(value, 0);
        ASSERT_LT(value, size);
        ASSERT_EQ(i, shuffle.IndexOf(value)) << size;
        seen.insert(value);
      }
      EXPECT_EQ(static_cast<size_t>(size), seen.size());
    }
  }
}

TEST(Shuffle, HoldsForAsManyRowsAsADemoMayHave) {
  const Shuffle shuffle(999'999'999, 5);
  for (const int64_t i : {int64_t{0}, int64_t{123'456'789}, int64_t{999'999'998}}) {
    EXPECT_EQ(i, shuffle.IndexOf(shuffle.At(i)));
  }
}

TEST(GappedIds, GivesEachSerialAnIdAndGapsNone) {
  constexpr GappedIds kIds(4);
  std::vector<int64_t> ids;
  for (int64_t serial = 0; serial < 9; ++serial) {
    ids.push_back(kIds.IdOf(serial));
    EXPECT_EQ(serial, kIds.SerialOf(ids.back()));
  }
  EXPECT_EQ((std::vector<int64_t>{1, 2, 3, 4, 6, 7, 8, 9, 11}), ids);
  for (const int64_t gap : {-1, 0, 5, 10}) EXPECT_EQ(std::nullopt, kIds.SerialOf(gap));
}

TEST(Draw, DependsOnEachOfItsParts) {
  const uint64_t value = Draw(1, 2, 3).Next();
  EXPECT_EQ(value, Draw(1, 2, 3).Next());
  EXPECT_NE(value, Draw(2, 2, 3).Next());
  EXPECT_NE(value, Draw(1, 3, 3).Next());
  EXPECT_NE(value, Draw(1, 2, 4).Next());
}

}  // namespace
}  // namespace ingesta::demo
