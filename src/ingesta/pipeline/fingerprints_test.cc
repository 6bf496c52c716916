#include "ingesta/pipeline/fingerprints.h"

#include <filesystem>
#include <map>
#include <random>

#include "ingesta/base/fs.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

using transform::RowFingerprint;

class FingerprintsTest : public ::testing::Test {
 protected:
  FingerprintsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-fingerprints-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FingerprintsTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::unique_ptr<FingerprintLog> Log(int64_t sorted_at_once = FingerprintLog::kSortedAtOnce) const {
    return FingerprintLog::Create(Path("log"), sorted_at_once).ValueOrDie();
  }
  std::string Write(const std::string& name, const std::vector<RowFingerprint>& rows, uint64_t scheme = 1) {
    const auto log = Log();
    EXPECT_OK(log->Append(rows, {}));
    const auto file = log->Finish({}, scheme, Path(name));
    EXPECT_OK(file.status());
    return file->digest;
  }

  std::string folder_;
};

TEST_F(FingerprintsTest, ComparesByKeyAndContent) {
  Write("before", {{1, 10}, {2, 20}, {3, 30}, {4, 40}});
  Write("now", {{5, 50}, {4, 41}, {2, 20}, {1, 10}, {6, 60}});
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("before"), Path("now")));
  EXPECT_EQ(changes, (Changes{.added = 2, .changed = 1, .unchanged = 2, .deleted = 1, .since = ""}));
  EXPECT_FALSE(changes.none());
}

TEST_F(FingerprintsTest, TheDigestIsThatOfTheSetAndNotOfTheOrder) {
  const std::string digest = Write("a", {{1, 10}, {2, 20}, {3, 30}});
  EXPECT_EQ(digest, Write("b", {{3, 30}, {1, 10}, {2, 20}}));
  EXPECT_NE(digest, Write("c", {{3, 30}, {1, 10}}));
  EXPECT_NE(digest, Write("d", {{3, 30}, {1, 20}, {2, 10}}));
  EXPECT_NE(digest, Write("e", {{1, 10}, {2, 20}, {3, 30}}, /*scheme=*/2));
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("a"), Path("b")));
  EXPECT_TRUE(changes.none());
  EXPECT_EQ(changes.unchanged, 3);
}

TEST_F(FingerprintsTest, OtherColumnsLeaveOnlyTheKeysToCompare) {
  Write("before", {{1, 10}, {2, 20}}, /*scheme=*/1);
  Write("now", {{1, 11}, {3, 30}}, /*scheme=*/2);
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("before"), Path("now")));
  EXPECT_EQ(changes,
            (Changes{.added = 1, .changed = std::nullopt, .unchanged = 1, .deleted = 1, .since = ""}));
  EXPECT_FALSE(changes.none());
}

TEST_F(FingerprintsTest, DroppedAndSupersededRowsAreNotThere) {
  const auto log = Log();
  ASSERT_OK(log->Append({{1, 10}, {2, 20}, {3, 30}}, {0, 1, 0}));
  ASSERT_OK(log->Append({{1, 11}}, {}));
  // Of the three rows that were written the first one was superseded by the last.
  ASSERT_OK(log->Finish({false, true, true}, 1, Path("now")).status());
  Write("expected", {{1, 11}, {3, 30}});
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("expected"), Path("now")));
  EXPECT_EQ(changes.unchanged, 2);
  EXPECT_TRUE(changes.none());
}

TEST_F(FingerprintsTest, KeysInQuarantineAreNotGone) {
  Write("before", {{1, 10}, {2, 20}, {3, 30}});
  const auto log = Log();
  ASSERT_OK(log->Append({{1, 10}}, {}));
  log->AddQuarantined(2);
  log->AddQuarantined(2);
  log->AddQuarantined(1);  // rejected in one pass, a row in the next
  ASSERT_OK(log->Finish({}, 1, Path("now")).status());
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("before"), Path("now")));
  EXPECT_EQ(changes, (Changes{.added = 0, .changed = 0, .unchanged = 1, .deleted = 1, .since = ""}));
  // Mended at the source, the row comes back as a new one.
  Write("later", {{1, 10}, {2, 20}});
  ASSERT_OK_AND_ASSIGN(const Changes mended, CompareFingerprints(Path("now"), Path("later")));
  EXPECT_EQ(mended, (Changes{.added = 1, .changed = 0, .unchanged = 1, .deleted = 0, .since = ""}));
}

TEST_F(FingerprintsTest, ARowWithoutAKeyLeavesUnknownWhatIsGone) {
  Write("before", {{1, 10}, {2, 20}});
  const auto log = Log();
  ASSERT_OK(log->Append({{1, 10}}, {}));
  log->DoubtMissing();
  ASSERT_OK(log->Finish({}, 1, Path("now")).status());
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("before"), Path("now")));
  EXPECT_EQ(changes.deleted, std::nullopt);
  EXPECT_FALSE(changes.none());
}

TEST_F(FingerprintsTest, PiecesSortedOneByOneGiveTheSameFile) {
  std::mt19937_64 random(7);
  std::vector<RowFingerprint> rows;
  std::map<uint64_t, uint64_t> model;
  for (int i = 0; i < 20'000; ++i) {
    rows.push_back({random(), random() | 1});
    model[rows.back().key] = rows.back().content;
  }
  const std::string digest = Write("whole", rows);
  const auto log = Log(/*sorted_at_once=*/1000);
  ASSERT_OK(log->Append({{1, 1}}, {}));
  ASSERT_OK(log->Clear());
  for (size_t i = 0; i < rows.size(); i += 777) {
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), i + 777));
    ASSERT_OK(log->Append({first, last}, {}));
  }
  ASSERT_OK_AND_ASSIGN(const FingerprintFile file, log->Finish({}, 1, Path("pieces")));
  EXPECT_EQ(file.digest, digest);
  EXPECT_EQ(ReadFile(Path("pieces")).ValueOrDie(), ReadFile(Path("whole")).ValueOrDie());
  EXPECT_EQ(file.crc32, FileCrc32(Path("pieces")).ValueOrDie());
  EXPECT_EQ(file.bytes, FileSize(Path("pieces")).ValueOrDie());

  // Every change of a random tenth is found.
  std::vector<RowFingerprint> later;
  Changes expected{.added = 100, .changed = 0, .unchanged = 0, .deleted = 0, .since = ""};
  for (const RowFingerprint& row : rows) {
    const uint64_t draw = random() % 20;
    if (draw == 0) {
      ++*expected.deleted;
    } else if (draw == 1) {
      ++*expected.changed;
      later.push_back({row.key, row.content + 2});
    } else {
      ++expected.unchanged;
      later.push_back(row);
    }
  }
  for (int i = 0; i < 100; ++i) later.push_back({random(), random() | 1});
  Write("later", later);
  ASSERT_OK_AND_ASSIGN(const Changes changes, CompareFingerprints(Path("pieces"), Path("later")));
  EXPECT_EQ(changes, expected);
}

TEST_F(FingerprintsTest, EveryDamageIsSeen) {
  Write("now", {{1, 10}, {2, 20}});
  const std::string whole = ReadFile(Path("now")).ValueOrDie();
  for (size_t at = 0; at < whole.size(); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ASSERT_OK(AtomicWriteFile(Path("damaged"), damaged, /*sync=*/false));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, CompareFingerprints(Path("damaged"), Path("now")).status());
    ASSERT_OK(AtomicWriteFile(Path("damaged"), whole.substr(0, at), /*sync=*/false));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, CompareFingerprints(Path("now"), Path("damaged")).status());
  }
  ASSERT_OK(AtomicWriteFile(Path("damaged"), whole + std::string(16, '\0')));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, CompareFingerprints(Path("damaged"), Path("now")).status());
}

}  // namespace
}  // namespace ingesta::pipeline
