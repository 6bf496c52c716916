#include "ingesta/catalog/iceberg/filesystem_catalog.h"

#include <functional>
#include <thread>

#include "ingesta/catalog/iceberg/table_test_fixture.h"

namespace ingesta::iceberg {
namespace {

/// A store whose conditional writes can be lost on the way, there or back.
class FaultyStore final : public ObjectStore {
 public:
  explicit FaultyStore(ObjectStore& store) : store_(store) {}
  /// Called before (false) and after (true) a conditional write; an error is what the writer gets.
  std::function<Status(const std::string& key, bool after)> on_write;

  const std::string& kind() const override { return store_.kind(); }
  std::string Uri(const std::string& key) const override { return store_.Uri(key); }
  std::string Location(const std::string& key) const override { return store_.Location(key); }
  std::optional<std::string> KeyOf(const std::string& location) const override {
    return store_.KeyOf(location);
  }
  Result<std::optional<StoredObject>> Head(const std::string& key) override { return store_.Head(key); }
  Result<std::optional<Document>> Read(const std::string& key) override { return store_.Read(key); }
  Result<std::string> FetchFile(const std::string& key, const std::string& scratch) override {
    return store_.FetchFile(key, scratch);
  }
  Status PublishFile(const std::string& path, const std::string& key, const std::string& type,
                     uint32_t crc32) override {
    return store_.PublishFile(path, key, type, crc32);
  }
  Status ReplaceFile(const std::string& path, const std::string& key, const std::string& type,
                     uint32_t crc32) override {
    return store_.ReplaceFile(path, key, type, crc32);
  }
  Result<std::string> Write(const std::string& key, const std::string& text,
                            const std::optional<std::string>& expected, Durability durability) override {
    const bool asked = on_write && expected.has_value();
    if (asked) RETURN_NOT_OK(on_write(key, false));
    auto written = store_.Write(key, text, expected, durability);
    if (asked) RETURN_NOT_OK(on_write(key, true));
    return written;
  }
  Result<std::vector<StoredObject>> List(const std::string& prefix) override { return store_.List(prefix); }
  Status Delete(const std::string& key) override {
    ++deletes;
    return store_.Delete(key);
  }

  int deletes = 0;

 private:
  ObjectStore& store_;
};

/// A writer of its own over a store that loses.
struct FaultyWriter {
  FaultyWriter(ObjectStore& below, Clock& clock, Random& random, RetryOptions retry = {})
      : store(below), catalog(store, clock), writer(catalog, store, clock, random, retry) {}

  FaultyStore store;
  FilesystemCatalog catalog;
  TableWriter writer;
};

Status TimedOut() {
  return MakeError({.code = ErrorCode::kTimeout, .retryable = true}, "no answer");
}

class FilesystemCatalogTest : public TableTest {
 protected:
  static std::string VersionKey(int version) {
    return "iceberg/t/metadata/v" + std::to_string(version) + ".metadata.json";
  }

  void CommitRows(std::vector<int64_t> ids) {
    ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, ids)).status());
  }
};

TEST_F(FilesystemCatalogTest, AbsentTablesAreNone) {
  EXPECT_FALSE(Load().has_value());
}

TEST_F(FilesystemCatalogTest, TheHintIsOnlyAHint) {
  for (int i = 0; i < 4; ++i) CommitRows({i});
  const std::string hint = "iceberg/t/metadata/version-hint.text";
  for (const std::string text : {"1", "2\n", "9", "rubbish", "", "-3", "0"}) {
    ASSERT_OK(store_->Write(hint, text, std::nullopt).status());
    EXPECT_EQ(Load()->version, "4") << "hint '" << text << "'";
  }
  ASSERT_OK(store_->Delete(hint));
  EXPECT_EQ(Load()->version, "4");
  CommitRows({5});
  ASSERT_OK_AND_ASSIGN(const auto written, store_->Read(hint));
  EXPECT_EQ(written->text, "5");
}

TEST_F(FilesystemCatalogTest, ReaffirmingATableMendsTheHint) {
  CommitRows({1});
  CommitRows({2});
  const std::string hint = "iceberg/t/metadata/version-hint.text";
  for (const std::string text : {"1", "rubbish", ""}) {
    ASSERT_OK(store_->Write(hint, text, std::nullopt).status());
    catalog_->Reaffirm("t", *Load());
    ASSERT_OK_AND_ASSIGN(const auto written, store_->Read(hint));
    EXPECT_EQ(written->text, "2") << "hint '" << text << "'";
  }
  ASSERT_OK(store_->Delete(hint));
  catalog_->Reaffirm("t", *Load());
  ASSERT_OK_AND_ASSIGN(const auto written, store_->Read(hint));
  EXPECT_EQ(written->text, "2");
}

TEST_F(FilesystemCatalogTest, TwoCommitsOnOneBaseAreAConflict) {
  CommitRows({1});
  const auto base = Load();
  Change change;
  change.updates = {update::SetProperties{{{"a", "1"}}}};
  ASSERT_OK_AND_ASSIGN(const PreparedCommit first, catalog_->Prepare("t", base, change));
  change.updates = {update::SetProperties{{{"a", "2"}}}};
  ASSERT_OK_AND_ASSIGN(const PreparedCommit second, catalog_->Prepare("t", base, change));
  EXPECT_EQ(Load()->version, "1");
  ASSERT_OK(catalog_->Swap(first).status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, catalog_->Swap(second));
  EXPECT_EQ(Load()->metadata.properties.at("a"), "1");
}

TEST_F(FilesystemCatalogTest, ALostAnswerIsLookedUp) {
  FaultyWriter faulty(*store_, clock_, random_);
  int fired = 0;
  faulty.store.on_write = [&](const std::string&, bool after) {
    return after && fired++ == 0 ? TimedOut() : Status::OK();
  };
  ASSERT_OK_AND_ASSIGN(const TableResult result,
                       faulty.writer.Commit(Operation(WriteMode::kAppend, {1}, 20000, "r")));
  EXPECT_EQ(result.attempts, 1);
  EXPECT_EQ(Load()->metadata.snapshots.size(), 1U);
  EXPECT_EQ(LiveRows(), 1);
}

TEST_F(FilesystemCatalogTest, AWriteThatNeverArrivedIsTriedAgain) {
  FaultyWriter faulty(*store_, clock_, random_);
  int fired = 0;
  faulty.store.on_write = [&](const std::string&, bool after) {
    return !after && fired++ < 2 ? TimedOut() : Status::OK();
  };
  ASSERT_OK(faulty.writer.Commit(Operation(WriteMode::kAppend, {1})).status());
  EXPECT_EQ(LiveRows(), 1);
}

TEST_F(FilesystemCatalogTest, ALostAnswerBehindAnotherWritersCommitIsFoundInTheHistory) {
  CommitRows({1});
  FaultyWriter faulty(*store_, clock_, random_);
  int fired = 0;
  faulty.store.on_write = [&](const std::string&, bool after) {
    if (!after || fired++ > 0) return Status::OK();
    // Meanwhile another writer commits on top of what was written.
    TableWriter other(*catalog_, *store_, clock_, random_);
    RETURN_NOT_OK(other.Commit(Operation(WriteMode::kAppend, {3})).status());
    return TimedOut();
  };
  ASSERT_OK_AND_ASSIGN(const TableResult result, faulty.writer.Commit(Operation(WriteMode::kAppend, {2})));
  EXPECT_EQ(result.outcome, TableOutcome::kUpdated);
  EXPECT_EQ(Load()->metadata.snapshots.size(), 3U);
  EXPECT_EQ(LiveRows(), 3);
}

TEST_F(FilesystemCatalogTest, AConflictIsRebasedAndLeavesNoOrphans) {
  CommitRows({1});
  FaultyWriter faulty(*store_, clock_, random_);
  int fired = 0;
  faulty.store.on_write = [&](const std::string&, bool after) {
    if (after || fired++ > 0) return Status::OK();
    TableWriter other(*catalog_, *store_, clock_, random_);
    return other.Commit(Operation(WriteMode::kAppend, {3})).status();
  };
  ASSERT_OK_AND_ASSIGN(const TableResult result, faulty.writer.Commit(Operation(WriteMode::kAppend, {2})));
  EXPECT_EQ(result.attempts, 2);
  EXPECT_EQ(LiveRows(), 3);
  // Three versions, a hint, three lists and three manifests; the list of the lost attempt is gone.
  ASSERT_OK_AND_ASSIGN(const auto objects, store_->List("iceberg/t/metadata/"));
  int lists = 0;
  int manifests = 0;
  for (const StoredObject& object : objects) {
    if (object.key.find("/snap-") != std::string::npos) ++lists;
    if (object.key.find("-m0.avro") != std::string::npos) ++manifests;
  }
  EXPECT_EQ(lists, 3);
  EXPECT_EQ(manifests, 3);
}

TEST_F(FilesystemCatalogTest, AnUnknownOutcomeDeletesNothing) {
  CommitRows({1});
  FaultyWriter faulty(*store_, clock_, random_, {.attempts = 2});
  faulty.store.on_write = [](const std::string&, bool after) { return after ? Status::OK() : TimedOut(); };
  EXPECT_ERROR_CODE(ErrorCode::kTimeout, faulty.writer.Commit(Operation(WriteMode::kReplace, {2})));
  EXPECT_EQ(faulty.store.deletes, 0);
  EXPECT_EQ(LiveRows(), 1);
}

TEST_F(FilesystemCatalogTest, AWriterThatSleptThroughACleanUpIsNotLost) {
  CommitRows({1});
  const auto base = Load();
  Change change;
  change.updates = {update::SetProperties{{{"late", "1"}}}};
  ASSERT_OK_AND_ASSIGN(const PreparedCommit late, catalog_->Prepare("t", base, change));
  clock_.Advance(Millis(1000));
  for (int i = 0; i < 3; ++i) CommitRows({i});
  ASSERT_OK(store_->Delete(VersionKey(1)));
  ASSERT_OK(store_->Delete(VersionKey(2)));
  EXPECT_ERROR_CODE(ErrorCode::kConflict, catalog_->Swap(late));
  EXPECT_EQ(Load()->version, "4");
  ASSERT_OK_AND_ASSIGN(const auto left, store_->Head(VersionKey(2)));
  EXPECT_FALSE(left.has_value());
}

TEST_F(FilesystemCatalogTest, MetadataThatIsNoTableIsNamed) {
  ASSERT_OK(store_->Write(VersionKey(1), "{}", std::nullopt).status());
  const auto loaded = catalog_->Load("t");
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, loaded);
  EXPECT_NE(loaded.status().message().find("v1.metadata.json"), std::string::npos);
}

TEST_F(FilesystemCatalogTest, RegistersWhatAnotherWriterMade) {
  CommitRows({1});
  auto table = Load();
  table->metadata.properties["by"] = "other";
  const std::string key = "iceberg/t/metadata/00002-abc.metadata.json";
  ASSERT_OK(store_->Write(key, MetadataToJson(table->metadata), std::nullopt).status());
  ASSERT_OK(catalog_->Register("t", store_->Location(key)).status());
  EXPECT_EQ(Load()->version, "2");
  EXPECT_EQ(Load()->metadata.properties.at("by"), "other");
  EXPECT_ERROR_CODE(ErrorCode::kNotFound,
                    catalog_->Register("t", store_->Location("iceberg/t/metadata/none.json")));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, catalog_->Register("t", "s3://elsewhere/x.json"));
}

TEST_F(FilesystemCatalogTest, EightWritersLoseNothing) {
  constexpr int kWriters = 8;
  constexpr int kRounds = 5;  // processes do more of them in tests/integration
  CommitRows({0});
  std::vector<TableOperation> operations;
  for (int i = 0; i < kWriters * kRounds; ++i) operations.push_back(Operation(WriteMode::kAppend, {i + 1}));
  std::vector<Status> failures(kWriters);
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      // Each as a process of its own would have it.
      const auto own_store = store::MakeLocalStore(root_ + "/lake");
      FilesystemCatalog own_catalog(*own_store, RealClock());
      testing::SeededRandom own_random(static_cast<uint64_t>(w) + 100);
      TableWriter writer(own_catalog, *own_store, RealClock(), own_random, {.attempts = 1000});
      for (int round = 0; round < kRounds && failures[w].ok(); ++round) {
        failures[w] = writer.Commit(operations[static_cast<size_t>(w * kRounds + round)]).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& failure : failures) EXPECT_OK(failure);
  const auto table = Load();
  EXPECT_EQ(table->version, std::to_string(kWriters * kRounds + 1));
  EXPECT_EQ(table->metadata.snapshots.size(), static_cast<size_t>(kWriters * kRounds + 1));
  EXPECT_EQ(LiveRows(), kWriters * kRounds + 1);
  int64_t last_ms = 0;
  for (size_t i = 0; i < table->metadata.snapshots.size(); ++i) {
    EXPECT_EQ(table->metadata.snapshots[i].sequence_number, static_cast<int64_t>(i) + 1);
    EXPECT_GT(table->metadata.snapshots[i].timestamp_ms, last_ms);
    last_ms = table->metadata.snapshots[i].timestamp_ms;
  }
}

}  // namespace
}  // namespace ingesta::iceberg
