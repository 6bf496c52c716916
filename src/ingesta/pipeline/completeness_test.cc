#include "ingesta/pipeline/completeness.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

using ::testing::IsEmpty;

struct Row {
  int64_t key = 0;
  int version = 0;
};

// A page of rows as the transform would hand it on, with its identities.
struct PageOfRows {
  Batch batch;
  std::vector<transform::RowIdentity> identities;
};

uint64_t Mix(uint64_t value) {
  return testing::SeededRandom(value).Next();
}

PageOfRows MakePage(const std::vector<Row>& rows) {
  PageOfRows page;
  arrow::Int64Builder ids;
  for (const Row& row : rows) {
    EXPECT_OK(ids.Append(row.key));
    page.identities.push_back(
        {Mix(static_cast<uint64_t>(row.key)), Mix(1000 + static_cast<uint64_t>(row.version))});
  }
  page.batch.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}),
                                             static_cast<int64_t>(rows.size()), {ids.Finish().ValueOrDie()});
  return page;
}

// Feeds a proof as LoadResource does, and keeps what it would have written.
class Harness {
 public:
  explicit Harness(const ProofOptions& options) : proof(options) {}

  void Page(const std::vector<Row>& rows, std::optional<int64_t> total) {
    proof.ObserveTotal(total);
    Take(rows, false);
  }
  void Lookup(const Row& row) { Take({row}, true); }

  std::multiset<int64_t> Published() const {
    const std::vector<bool> keep = proof.KeptRows(static_cast<int64_t>(written.size()));
    std::multiset<int64_t> keys;
    for (size_t i = 0; i < written.size(); ++i) {
      if (keep.empty() || keep[i]) keys.insert(written[i].key);
    }
    return keys;
  }

  CompletenessProof proof;
  std::vector<Row> written;

 private:
  void Take(const std::vector<Row>& rows, bool lookup) {
    PageOfRows page = MakePage(rows);
    const auto next = static_cast<int64_t>(written.size());
    ASSERT_OK(lookup ? proof.ObserveLookup(page.batch, page.identities, next)
                     : proof.Observe(page.batch, page.identities, next));
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!page.batch.IsDropped(static_cast<int64_t>(i))) written.push_back(rows[i]);
    }
  }
};

TEST(CompletenessProof, OnePassWithAStableTotalIsExact) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.Page({{1}, {2}}, 3);
  harness.Page({{3}}, 3);
  EXPECT_TRUE(harness.proof.EndPass(3));
  EXPECT_EQ(harness.proof.Verify().verdict, Verdict::kExact);
  EXPECT_EQ(harness.Published().size(), 3U);
}

TEST(CompletenessProof, AsManyRowsAsTheTotalButARepeatedOneIsNotExact) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.Page({{1}, {2}}, 3);
  harness.Page({{2}}, 3);
  EXPECT_FALSE(harness.proof.EndPass(3));
  EXPECT_EQ(harness.proof.Verify().duplicate_rows, 1);

  harness.proof.BeginPass(2);
  harness.Page({{1}, {2}, {3}}, 3);
  EXPECT_TRUE(harness.proof.EndPass(3));
  const Completeness result = harness.proof.Verify();
  EXPECT_EQ(result.verdict, Verdict::kRepaired);
  EXPECT_EQ(result.duplicate_rows, 1) << "rows of a later pass are no duplicates";
  EXPECT_EQ(harness.Published(), (std::multiset<int64_t>{1, 2, 3}));
}

TEST(CompletenessProof, ATotalThatMovedIsNeverExact) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.Page({{1}, {2}}, 3);
  harness.Page({{3}}, 4);
  EXPECT_FALSE(harness.proof.EndPass(3));
  EXPECT_EQ(harness.proof.Verify().verdict, Verdict::kInexact);
}

TEST(CompletenessProof, KeysThatAPassMissedAreLookedUpAndDeletedOnesLeftOut) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.Page({{1}, {2}, {3}}, 3);
  EXPECT_FALSE(harness.proof.EndPass(2));
  harness.proof.BeginPass(2);
  harness.Page({{1}, {3}}, 2);
  EXPECT_THAT(harness.proof.RowsToLookUp(), ::testing::ElementsAre(1));
  harness.proof.ObserveDeleted(Mix(2));
  EXPECT_TRUE(harness.proof.EndPass(2));
  EXPECT_EQ(harness.proof.Verify().deleted, 1);
  EXPECT_EQ(harness.Published(), (std::multiset<int64_t>{1, 3}));
}

TEST(CompletenessProof, TheNewestVersionOfAKeyWins) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.Page({{1, 0}, {1, 1}}, 2);
  EXPECT_FALSE(harness.proof.EndPass(2));
  harness.proof.BeginPass(2);
  harness.Page({{1, 2}, {2, 0}}, 2);
  harness.Lookup({2, 0});
  EXPECT_THAT(harness.proof.RowsToLookUp(), IsEmpty()) << "a key that was asked for is missed by no pass";
  EXPECT_TRUE(harness.proof.EndPass(2));
  EXPECT_EQ(harness.Published(), (std::multiset<int64_t>{1, 2}));
  EXPECT_EQ(harness.written.at(2).version, 2);
}

TEST(CompletenessProof, RejectedRowsCountAsSeen) {
  Harness harness({});
  harness.proof.BeginPass(1);
  harness.proof.ObserveTotal(2);
  PageOfRows page = MakePage({{1}});
  page.batch.rejected.push_back({.dataset = "d", .reason = "r", .source = R"({"id":2})", .key = "2"});
  ASSERT_OK(harness.proof.Observe(page.batch, page.identities, 0));
  EXPECT_TRUE(harness.proof.EndPass(2));
  EXPECT_EQ(harness.proof.Verify().verdict, Verdict::kExact);
  PageOfRows again = MakePage({});
  again.batch.rejected = page.batch.rejected;
  ASSERT_OK(harness.proof.Observe(again.batch, {}, 1));
  EXPECT_THAT(again.batch.rejected, IsEmpty()) << "a second scan must not quarantine it twice";
}

TEST(CompletenessProof, NothingToProveByIsUnverifiable) {
  for (const ProofOptions options : {ProofOptions{.has_key = false}, ProofOptions{.has_total = false}}) {
    Harness harness(options);
    harness.proof.BeginPass(1);
    harness.Page({{1}, {1}}, std::nullopt);
    EXPECT_TRUE(harness.proof.EndPass(std::nullopt));
    EXPECT_EQ(harness.proof.Verify().verdict, Verdict::kUnverifiable);
  }
}

TEST(CompletenessProof, AWholeBodyIsExactWithoutATotal) {
  Harness harness({.has_total = false, .unpaged = true});
  harness.proof.BeginPass(1);
  harness.Page({{1}, {2}, {2}}, std::nullopt);
  EXPECT_TRUE(harness.proof.EndPass(std::nullopt));
  EXPECT_EQ(harness.proof.Verify().verdict, Verdict::kExact);
  EXPECT_EQ(harness.Published().size(), 2U);
}

// A source that inserts at the front and deletes anywhere between pages. Whatever the schedule, a verdict
// that vouches for the result means that it equals the source at some moment since the first page.
TEST(CompletenessProof, IsNeverFalselyExactWhenRowsComeAndGo) {
  int vouched = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    testing::SeededRandom random(seed);
    std::vector<Row> source;
    int64_t next_key = 1;
    for (; next_key <= 40; ++next_key) source.insert(source.begin(), Row{next_key});
    std::set<std::multiset<int64_t>> states;
    const auto note_state = [&] {
      std::multiset<int64_t> keys;
      for (const Row& row : source) keys.insert(row.key);
      states.insert(std::move(keys));
    };
    const uint64_t calm = 1 + random.Below(30);
    const auto drift = [&] {
      if (random.Below(calm) == 0) source.insert(source.begin(), Row{next_key++});
      if (random.Below(calm) == 0 && !source.empty()) {
        source.erase(source.begin() + static_cast<int64_t>(random.Below(source.size())));
      }
      note_state();
    };
    Harness harness({});
    note_state();
    bool settled = false;
    for (int pass = 1; pass <= 3 && !settled; ++pass) {
      harness.proof.BeginPass(pass);
      const size_t size = std::vector<size_t>{7, 11, 5}[static_cast<size_t>(pass - 1)];
      for (size_t offset = 0; offset < source.size(); offset += size) {
        const auto begin = source.begin() + static_cast<int64_t>(offset);
        const auto end = source.begin() + static_cast<int64_t>(std::min(offset + size, source.size()));
        harness.Page({begin, end}, static_cast<int64_t>(source.size()));
        drift();
      }
      if (pass > 1) {
        for (const uint32_t row : harness.proof.RowsToLookUp()) {
          const int64_t key = harness.written[row].key;
          const auto at =
              std::find_if(source.begin(), source.end(), [&](const Row& r) { return r.key == key; });
          if (at == source.end()) {
            harness.proof.ObserveDeleted(Mix(static_cast<uint64_t>(key)));
          } else {
            harness.Lookup(*at);
          }
        }
      }
      settled = harness.proof.EndPass(static_cast<int64_t>(source.size()));
    }
    const Verdict verdict = harness.proof.Verify().verdict;
    EXPECT_EQ(settled, verdict != Verdict::kInexact);
    if (verdict == Verdict::kInexact) continue;
    ++vouched;
    EXPECT_TRUE(states.contains(harness.Published())) << "seed " << seed;
  }
  EXPECT_GT(vouched, 100) << "the schedules should not all be hopeless";
}

}  // namespace
}  // namespace ingesta::pipeline
