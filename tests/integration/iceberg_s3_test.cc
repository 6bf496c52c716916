// Tables without a catalog service on a real S3 server: conditional writes decide races, lost answers are
// looked up.
#include <fmt/format.h>

#include <thread>

#include "ingesta/aws/s3.h"
#include "ingesta/catalog/iceberg/table_test_fixture.h"
#include "ingesta/http/client.h"
#include "ingesta/store/s3_store.h"
#include "lossy_proxy.h"
#include "s3_server.h"

namespace ingesta::iceberg {
namespace {

using integration::LossyProxy;
using integration::S3Server;

std::unique_ptr<S3Server> g_server;
std::string g_missing;

class IcebergOnS3 : public TableTest {
 protected:
  static void SetUpTestSuite() {
    auto server = S3Server::Start();
    if (server.ok()) {
      g_server = *std::move(server);
    } else if (CodeOf(server.status()) == ErrorCode::kNotFound) {
      g_missing = server.status().message();
    } else {
      FAIL() << server.status().ToString();
    }
  }
  static void TearDownTestSuite() { g_server.reset(); }

  void SetUp() override {
    if (!g_missing.empty()) GTEST_SKIP() << g_missing;
    ASSERT_NE(g_server, nullptr);
    TableTest::SetUp();
    http::ClientOptions options;
    options.retry = {.max_retries = 3, .base = Millis{10}, .cap = Millis{50}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, RealClock(), SystemRandom()));
    prefix_ = fmt::format("t{:x}/iceberg/", SystemRandom().Next());
    store_ = Store(g_server->endpoint());
    ASSERT_NE(store_, nullptr);
    catalog_ = std::make_unique<FilesystemCatalog>(*store_, RealClock(), prefix_);
  }
  void TearDown() override {
    if (!root_.empty()) TableTest::TearDown();
  }

  std::unique_ptr<ObjectStore> Store(const std::string& endpoint) {
    aws::Credentials keys;
    keys.access_key_id = g_server->environment().at("AWS_ACCESS_KEY_ID");
    keys.secret_access_key = g_server->environment().at("AWS_SECRET_ACCESS_KEY");
    keys.source = "test";
    auto client = aws::S3Client::Make({.bucket = g_server->bucket(), .endpoint = endpoint},
                                      aws::MakeStaticCredentials(keys), *http_, RealClock());
    EXPECT_OK(client.status());
    auto store = client.ok() ? store::MakeS3Store(*std::move(client)) : client.status();
    EXPECT_OK(store.status());
    return store.ok() ? *std::move(store) : nullptr;
  }

  std::unique_ptr<http::Client> http_;
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
  ASSERT_OK_AND_ASSIGN(const auto proxy, LossyProxy::Start(g_server->endpoint()));
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
      const auto own_store = Store(g_server->endpoint());
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
