// A writer and maintenance at work on one table at once.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::iceberg {
namespace {

/// A few in the ordinary run; INGESTA_RACE_ROUNDS=200 for the long one.
int64_t Rounds() {
  const char* const wanted = std::getenv("INGESTA_RACE_ROUNDS");
  return wanted == nullptr ? 40 : std::atoll(wanted);
}

constexpr Millis kRound = std::chrono::minutes(10);  ///< that the clock moves from round to round
constexpr Millis kSafeAge = std::chrono::hours(1);   ///< longer than any commit takes

class MaintenanceRaceTest : public MergeTest {
 protected:
  struct Done {
    int compactions = 0;
    size_t expired = 0;
    size_t orphans = 0;
  };

  /// Compact, expire, remove orphans until the writer has finished.
  Done Maintain() {
    Done done;
    testing::SeededRandom random(7);
    TableMaintenance maintenance(*catalog_, *store_, clock_, random);
    for (int64_t seen = 0; !finished_;) {
      round_.wait(seen);  // once a round: while it is under way
      seen = round_;
      const auto compacted = maintenance.Compact("t", {.attempts = 1000, .scratch = root_ + "/maintenance"});
      EXPECT_OK(compacted.status());
      const auto expired = maintenance.ExpireSnapshots("t", {.max_age = kSafeAge, .keep_last = 2});
      EXPECT_OK(expired.status());
      const auto orphans = maintenance.RemoveOrphans("t", {.min_age = kSafeAge});
      EXPECT_OK(orphans.status());
      if (!compacted.ok() || !expired.ok() || !orphans.ok()) break;
      done.compactions += compacted->outcome == TableOutcome::kUpdated;
      done.expired += expired->snapshots.size();
      done.orphans += orphans->removed.size();
    }
    return done;
  }

  /// Each round brings a row, changes one and takes one away; all rows are read back.
  void Write() {
    for (int64_t round = 1; round <= Rounds() && !HasFailure(); ++round) {
      const std::string text = "\"r" + std::to_string(round) + "\"";
      MergeRequest request = Request(
          {fmt::format("[{}, {}]", round, round / 2), "[1, 1]", fmt::format("[{0}, {0}]", text)}, Articles());
      request.run_id = text;
      if (round == 1) request.properties = {{"write.metadata.previous-versions-max", "5"}};
      for (const int64_t id : {round, round / 2}) rows_[id] = fmt::format("{}|1970-01-02|r{}", id, round);
      if (round % 3 == 0) {
        request.delete_keys = Keys(fmt::format("[{}]", round / 3));
        if (round / 3 == round / 2) request.delete_keys = nullptr;
        if (request.delete_keys != nullptr) rows_.erase(round / 3);
      }
      ASSERT_OK(Merger().Merge(request).status());
      EXPECT_EQ(Rows(), Expected()) << "round " << round;
      clock_.Advance(kRound);
      ++round_;
      round_.notify_one();
    }
  }

  std::vector<std::string> Expected() const {
    std::vector<std::string> lines;
    for (const auto& [id, line] : rows_) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::map<int64_t, std::string> rows_;
  std::atomic<int64_t> round_ = 0;  ///< those that the writer has done
  std::atomic<bool> finished_ = false;
};

TEST_F(MaintenanceRaceTest, NoRowIsLostAndNoLiveFileRemoved) {
  ASSERT_OK(Merger().Merge(Request({"[0]", "[1]", R"(["r0"])"}, Articles())).status());
  Done done;
  std::thread maintenance([&] { done = Maintain(); });
  Write();
  finished_ = true;
  ++round_;
  round_.notify_one();
  maintenance.join();
  EXPECT_EQ(Rows(), Expected());
  const auto table = Load();
  for (const Snapshot& snapshot : table->metadata.snapshots) (void)RowsOf(&snapshot);
  EXPECT_GT(done.compactions, 0);
  EXPECT_GT(done.expired, 0U);
  EXPECT_GT(done.orphans, 0U);
}

}  // namespace
}  // namespace ingesta::iceberg
