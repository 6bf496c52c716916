// Tables without a catalog service on a real S3 server: conditional writes decide races, lost answers are
// looked up.
#include <fmt/format.h>

#include <thread>

#include "ingesta/aws/s3.h"
#include "ingesta/catalog/iceberg/table_test_fixture.h"
#include "ingesta/store/s3_store.h"
#include "lossy_proxy.h"
#include "s3_server_fixture.h"

namespace ingesta::iceberg {
namespace {

using integration::LossyProxy;

class IcebergOnS3 : public integration::OnS3Server<TableTest> {
 protected:
  void SetUp() override {
    OnS3Server::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    prefix_ = fmt::format("t{:x}/iceberg/", SystemRandom().Next());
    store_ = Store(server_->endpoint());
    ASSERT_NE(store_, nullptr);
    catalog_ = std::make_unique<FilesystemCatalog>(*store_, RealClock(), prefix_);
  }
  void TearDown() override {
    if (!root_.empty()) TableTest::TearDown();
  }

  std::unique_ptr<ObjectStore> Store(const std::string& endpoint) {
    auto client = aws::S3Client::Make({.bucket = server_->bucket(), .endpoint = endpoint},
                                      aws::MakeStaticCredentials(server_->keys()), *http_, RealClock());
    EXPECT_OK(client.status());
    auto store = client.ok() ? store::MakeS3Store(*std::move(client)) : client.status();
    EXPECT_OK(store.status());
    return store.ok() ? *std::move(store) : nullptr;
  }
};

TEST_F(IcebergOnS3, ATableIsMadeFilledAndReplaced) {
  EXPECT_FALSE(Load().has_value());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {1, 2}, 20000, "r1")).status());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {3}, 20000, "r2")).status());
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kReplace, {4, 5, 6, 7}, 20000, "r3")).status());
  ASSERT_OK_AND_ASSIGN(const TableResult again,
                       Writer().Commit(Operation(WriteMode::kReplace, {9}, 20000, "r3")));
  EXPECT_EQ(again.outcome, TableOutcome::kAlreadyDone);
  EXPECT_EQ(LiveRows(), 4);
  const auto table = Load();
  EXPECT_TRUE(table->metadata_location.starts_with("s3://")) << table->metadata_location;
  EXPECT_TRUE(table->metadata_location.ends_with("/metadata/v3.metadata.json")) << table->metadata_location;
  EXPECT_EQ(table->metadata.metadata_log.size(), 2U);
  ASSERT_OK(store_->Delete(prefix_ + "t/metadata/version-hint.text"));
  EXPECT_EQ(Load()->version, "3");
}

TEST_F(IcebergOnS3, LostAnswersAreLookedUp) {
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {1})).status());
  ASSERT_OK_AND_ASSIGN(const auto proxy, LossyProxy::Start(server_->endpoint()));
  const auto lossy = Store(proxy->url());
  ASSERT_NE(lossy, nullptr);
  FilesystemCatalog catalog(*lossy, RealClock(), prefix_);
  TableWriter writer(catalog, *lossy, RealClock(), random_);
  // More than the HTTP client tries again by itself.
  proxy->LoseAnswers("PUT ", ".metadata.json", 6);
  ASSERT_OK(writer.Commit(Operation(WriteMode::kAppend, {2, 3})).status());
  EXPECT_GE(proxy->lost(), 1);
  EXPECT_EQ(LiveRows(), 3);
  EXPECT_EQ(Load()->metadata.snapshots.size(), 2U);
}

TEST_F(IcebergOnS3, FourWritersLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 6;
  ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {0})).status());
  std::vector<TableOperation> operations;
  for (int i = 0; i < kWriters * kRounds; ++i) operations.push_back(Operation(WriteMode::kAppend, {i + 1}));
  std::vector<Status> failures(kWriters);
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      const auto own_store = Store(server_->endpoint());
      FilesystemCatalog own_catalog(*own_store, RealClock(), prefix_);
      testing::SeededRandom own_random(static_cast<uint64_t>(w) + 7);
      TableWriter writer(own_catalog, *own_store, RealClock(), own_random, {.attempts = 1000});
      for (int round = 0; round < kRounds && failures[w].ok(); ++round) {
        failures[w] = writer.Commit(operations[static_cast<size_t>(w * kRounds + round)]).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& failure : failures) EXPECT_OK(failure);
  EXPECT_EQ(Load()->metadata.snapshots.size(), static_cast<size_t>(kWriters * kRounds + 1));
  EXPECT_EQ(LiveRows(), kWriters * kRounds + 1);
}

}  // namespace
}  // namespace ingesta::iceberg
