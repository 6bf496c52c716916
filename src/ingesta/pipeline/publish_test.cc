#include "ingesta/pipeline/publish.h"

#include "ingesta/pipeline/publish_test_fixture.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::pipeline {
namespace {

class PublishTest : public LocalLakeTest {
 protected:
  RunRecord Prepare(const RunSpool& spool, const std::string& text) {
    EXPECT_OK(spool.Open());
    RunRecord record;
    record.run_id = spool.run_id();
    record.pipeline = "productos";
    record.status = RunStatus::kSucceeded;
    record.timestamp = "20261231_235959";
    DatasetRecord dataset;
    dataset.name = "productos";
    for (const char* extension : {".csv", ".json"}) {
      DatasetFile file;
      file.extension = extension;
      file.key_prefix = file.extension == ".json" ? "json/" : "";
      file.spool_path = "productos" + file.extension;
      file.bytes = static_cast<int64_t>(text.size());
      file.crc32 = Crc32(text);
      EXPECT_OK(AtomicWriteFile(spool.folder() + "/" + file.spool_path, text));
      dataset.files.push_back(file);
    }
    record.datasets.push_back(dataset);
    EXPECT_OK(spool.SavePrepared(record));
    return record;
  }
};

TEST_F(PublishTest, UsesTheSeedsKeysAndRemovesTheSpool) {
  const RunSpool spool(root_, "productos", "r1");
  RunRecord record = Prepare(spool, "id\n1\n");
  ASSERT_OK(Publish(record, spool, {*store_, *catalog_, clock_, log_}));
  EXPECT_TRUE(PathExists(root_ + "/productos/productos_20261231_235959.csv"));
  EXPECT_TRUE(PathExists(root_ + "/json/productos/productos_20261231_235959.json"));
  EXPECT_FALSE(PathExists(spool.folder()));
  ASSERT_OK_AND_ASSIGN(const auto manifest, ReadManifest(*store_, "productos", "r1"));
  EXPECT_EQ(manifest->status, RunStatus::kSucceeded);
}

TEST_F(PublishTest, TakesTheNextFreeSecondForAllFiles) {
  for (const char* run_id : {"r1", "r2"}) {
    const RunSpool spool(root_, "productos", run_id);
    RunRecord record = Prepare(spool, run_id);
    ASSERT_OK(Publish(record, spool, {*store_, *catalog_, clock_, log_}));
  }
  EXPECT_TRUE(PathExists(root_ + "/productos/productos_20270101_000000.csv"));
  EXPECT_TRUE(PathExists(root_ + "/json/productos/productos_20270101_000000.json"));
}

TEST_F(PublishTest, PublishingAnInterruptedRunAgainGivesTheSameObjects) {
  const RunSpool spool(root_, "productos", "r1");
  RunRecord record = Prepare(spool, "id\n1\n");
  // As a process leaves it that dies after the first object: the timestamp is chosen, the manifest is
  // missing.
  for (DatasetRecord& dataset : record.datasets) {
    for (DatasetFile& file : dataset.files) file.key = ObjectKey(dataset, file, record.timestamp);
  }
  ASSERT_OK(spool.SavePrepared(record));
  ASSERT_OK(store_->PublishFile(spool.folder() + "/productos.csv", "productos/productos_20261231_235959.csv",
                                "", Crc32("id\n1\n")));
  ASSERT_OK_AND_ASSIGN(auto prepared, spool.LoadPrepared());
  ASSERT_OK(Publish(*prepared, spool, {*store_, *catalog_, clock_, log_}));
  ASSERT_OK_AND_ASSIGN(const auto objects, store_->List("productos/"));
  EXPECT_EQ(objects.size(), 1U);
}

TEST_F(PublishTest, NeverOverwritesAnObjectOfSomebodyElse) {
  const std::string key = "productos/productos_20261231_235959.csv";
  ASSERT_OK(MakeDirs(root_ + "/productos"));
  ASSERT_OK(AtomicWriteFile(root_ + "/" + key, "theirs"));
  const RunSpool spool(root_, "productos", "r1");
  RunRecord record = Prepare(spool, "ours");
  record.datasets.front().files.front().key = key;  // chosen while it was still free
  ASSERT_OK(Publish(record, spool, {*store_, *catalog_, clock_, log_}));
  ASSERT_OK_AND_ASSIGN(const std::string theirs, ReadFile(root_ + "/" + key));
  EXPECT_EQ(theirs, "theirs");
  EXPECT_EQ(record.timestamp, "20270101_000000");
}

TEST_F(PublishTest, VerifyFindsASpooledFileThatTheDiskChanged) {
  const RunSpool spool(root_, "productos", "r1");
  const RunRecord record = Prepare(spool, "id\n1\n");
  EXPECT_OK(spool.Verify(record));
  ASSERT_OK(AtomicWriteFile(spool.folder() + "/productos.csv", "id\n2\n"));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, spool.Verify(record));
}

TEST(CheckRunId, TakesWhatSchedulersMakeAndRefusesPaths) {
  for (const char* good : {"2026-11-24", "scheduled__2026-11-24T02:00:00+00:00", "a"})
    EXPECT_OK(CheckRunId(good));
  for (const char* bad : {"", "../x", "a/b", ".hidden", "a b", "ñ"})
    EXPECT_ERROR_CODE(ErrorCode::kUsage, CheckRunId(bad));
}

TEST(WorseExitCode, RanksAsDocumented) {
  EXPECT_EQ(WorseExitCode(0, 3), 3);
  EXPECT_EQ(WorseExitCode(3, 4), 4);
  EXPECT_EQ(WorseExitCode(4, 2), 2);
  EXPECT_EQ(WorseExitCode(2, 1), 1);
  EXPECT_EQ(WorseExitCode(1, 0), 1);
}

}  // namespace
}  // namespace ingesta::pipeline
