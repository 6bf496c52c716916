#include "ingesta/pipeline/recover.h"

#include <filesystem>

#include "ingesta/pipeline/publish_test_fixture.h"

namespace ingesta::pipeline {
namespace {

using ::testing::HasSubstr;

// Recovery makes no client and no stages.
class NoFactory final : public StageFactory {
 public:
  Result<std::unique_ptr<http::Client>> MakeClient(
      const config::PipelineSpec&,
      std::function<void(const std::string&, int, Millis, const Status&)>) override {
    return MakeError(ErrorCode::kInternal, "not asked for");
  }
  Result<ResourceStages> MakeStages(const config::PipelineSpec&, const ResourceTree&,
                                    http::Client&) override {
    return MakeError(ErrorCode::kInternal, "not asked for");
  }
  Result<std::unique_ptr<ObjectStore>> MakeStore(const config::PipelineSpec&) override {
    return MakeError(ErrorCode::kInternal, "not asked for");
  }
  Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::PipelineSpec&, ObjectStore&) override {
    return MakeError(ErrorCode::kInternal, "not asked for");
  }
  std::string StoreUri(const config::PipelineSpec&) const override { return "./data"; }
};

class NoProgress final : public ProgressListener {
 public:
  void OnProgress(const ProgressUpdate&) override {}
  void OnDatasetEnd(const std::string&) override {}
};

class RecoverTest : public LocalLakeTest {
 protected:
  RecoverTest() {
    pipeline_.name = "productos";
    options_.root = root_;
  }

  RunSpool Spool(const std::string& run_id) const { return RunSpool(root_, "productos", run_id); }

  /// A whole run that waits for its publication.
  void Prepare(const std::string& run_id) {
    const RunSpool spool = Spool(run_id);
    EXPECT_OK(spool.Open());
    EXPECT_OK(AtomicWriteFile(spool.folder() + "/productos.csv", "id\n1\n"));
    RunRecord record;
    record.run_id = run_id;
    record.pipeline = "productos";
    record.status = RunStatus::kSucceeded;
    record.timestamp = "20261124_020000";
    DatasetRecord dataset;
    dataset.name = "productos";
    dataset.files.push_back(
        {.spool_path = "productos.csv", .extension = ".csv", .bytes = 5, .crc32 = Crc32("id\n1\n")});
    record.datasets.push_back(dataset);
    EXPECT_OK(spool.SavePrepared(record));
  }

  Status Recover(const std::string& own) {
    const RunContext run{factory_, clock_, random_, stop_, log_, progress_};
    const RunSpool own_spool = Spool(own);
    return RecoverEarlierRuns(pipeline_, {own_spool, options_, run, *store_, *catalog_, log_}, recovered_);
  }

  StopSource stop_;
  NoProgress progress_;
  NoFactory factory_;
  config::PipelineSpec pipeline_;
  RunOptions options_;
  std::vector<RunRecord> recovered_;
};

TEST_F(RecoverTest, PublishesWholeRunsAndDiscardsThoseCutOff) {
  Prepare("whole");
  ASSERT_OK(Spool("cut").Open());
  ASSERT_OK(Recover("now"));
  ASSERT_EQ(recovered_.size(), 1U);
  EXPECT_EQ(recovered_.front().run_id, "whole");
  EXPECT_TRUE(PathExists(root_ + "/productos/productos_20261124_020000.csv"));
  EXPECT_FALSE(PathExists(Spool("whole").folder()));
  EXPECT_FALSE(PathExists(Spool("cut").folder()));
}

TEST_F(RecoverTest, KeepsARunWhoseRecordCantBeReadAndPublishesTheOthers) {
  for (const bool corrupt : {true, false}) {
    SCOPED_TRACE(corrupt ? "corrupt" : "unreadable");
    recovered_.clear();
    Prepare("a");
    Prepare("b");
    const std::string record = Spool("a").folder() + "/prepared.json";
    std::filesystem::remove(record);
    if (corrupt) {
      ASSERT_OK(AtomicWriteFile(record, "{"));
    } else {
      std::filesystem::create_directory(record);  // reading it fails with EISDIR
    }
    const Status status = Recover("now");
    EXPECT_ERROR_CODE(corrupt ? ErrorCode::kCorrupt : ErrorCode::kIo, status);
    EXPECT_THAT(status.message(), HasSubstr(record));
    EXPECT_TRUE(PathExists(Spool("a").folder() + "/productos.csv"));
    ASSERT_EQ(recovered_.size(), 1U);
    EXPECT_EQ(recovered_.front().run_id, "b");
    ASSERT_OK(Spool("a").Remove());
    std::filesystem::remove_all(root_ + "/_ingesta/runs");
  }
}

TEST_F(RecoverTest, ForceReplacesTheOwnRunEvenWhereItsRecordIsCorrupt) {
  Prepare("now");
  ASSERT_OK(AtomicWriteFile(Spool("now").folder() + "/prepared.json", "{"));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, Recover("now"));
  EXPECT_TRUE(PathExists(Spool("now").folder()));
  options_.force = true;
  ASSERT_OK(Recover("now"));
  EXPECT_FALSE(PathExists(Spool("now").folder()));
}

TEST_F(RecoverTest, ResumeKeepsItsOwnRun) {
  ASSERT_OK(Spool("now").Open());
  options_.resume = true;
  ASSERT_OK(Recover("now"));
  EXPECT_TRUE(PathExists(Spool("now").folder()));
}

}  // namespace
}  // namespace ingesta::pipeline
