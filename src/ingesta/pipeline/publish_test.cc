#include "ingesta/pipeline/publish.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>

#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/config/arrow_schema.h"
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

/// A run whose rows are merged: its Parquet waits in the spool and is no object.
class PublishMergeTest : public LocalLakeTest {
 protected:
  RunRecord Prepare(const RunSpool& spool, const std::vector<int64_t>& ids, const std::string& timestamp) {
    EXPECT_OK(spool.Open());
    RunRecord record;
    record.run_id = spool.run_id();
    record.pipeline = "productos";
    record.status = RunStatus::kSucceeded;
    record.timestamp = timestamp;
    DatasetRecord dataset;
    dataset.name = "productos";
    dataset.shape.columns = {{.name = "id", .path = "id", .type = {config::ColumnType::Kind::kInt64}},
                             {.name = "run", .path = "run", .type = {}}};
    dataset.shape.primary_key = {"id"};
    dataset.shape.write_disposition = "merge";
    dataset.files = {SpoolRows(spool, dataset, ids)};
    record.datasets.push_back(dataset);
    EXPECT_OK(spool.SavePrepared(record));
    return record;
  }
  /// Add a CSV beside the rows to merge.
  void AddCsv(const RunSpool& spool, RunRecord& record) {
    DatasetFile file{.format = "csv", .key = "", .spool_path = "productos.csv"};
    file.extension = ".csv";
    file.bytes = 3;
    file.crc32 = Crc32("id\n");
    EXPECT_OK(AtomicWriteFile(spool.folder() + "/productos.csv", "id\n"));
    record.datasets[0].files.push_back(file);
  }
  Status Publish(RunRecord& record, const RunSpool& spool) {
    return pipeline::Publish(record, spool, {*store_, *catalog_, clock_, log_});
  }
  size_t Objects(const std::string& folder) { return store_->List(folder)->size(); }

 private:
  DatasetFile SpoolRows(const RunSpool& spool, const DatasetRecord& dataset,
                        const std::vector<int64_t>& ids) {
    const auto schema = catalog_->PlanSchema("productos", config::ArrowSchema(dataset.shape.columns));
    EXPECT_OK(schema.status());
    arrow::Int64Builder id;
    arrow::StringBuilder run;
    for (const int64_t value : ids) {
      EXPECT_OK(id.Append(value));
      EXPECT_OK(run.Append(spool.run_id()));
    }
    const auto rows =
        arrow::RecordBatch::Make(*schema, static_cast<int64_t>(ids.size()), {*id.Finish(), *run.Finish()});
    DatasetFile file{.format = "iceberg", .key = "", .spool_path = "productos.parquet"};
    file.key_prefix = "iceberg/";
    file.extension = ".parquet";
    file.merge_input = true;
    auto writer = columnar::ParquetWriter::Create(spool.folder() + "/" + file.spool_path, *schema, {});
    EXPECT_OK((*writer)->Write(rows));
    const auto written = (*writer)->Close();
    file.rows = static_cast<int64_t>(ids.size());
    file.bytes = written->front().bytes;
    file.crc32 = written->front().crc32;
    return file;
  }
};

TEST_F(PublishMergeTest, RowsGoToTheTableAndTheirFileIsNoObject) {
  const RunSpool first(root_, "productos", "r1");
  RunRecord record = Prepare(first, {1, 2}, "20261124_020000");
  ASSERT_OK(Publish(record, first));
  const RunSpool second(root_, "productos", "r2");
  record = Prepare(second, {2, 3}, "20261125_020000");
  ASSERT_OK(Publish(record, second));
  ASSERT_OK_AND_ASSIGN(const auto manifest, ReadManifest(*store_, "productos", "r2"));
  EXPECT_TRUE(manifest->datasets[0].files.empty());
  ASSERT_EQ(manifest->tables.size(), 1U);
  EXPECT_EQ(manifest->tables[0].change, "merged");
  EXPECT_EQ(manifest->tables[0].rows, 3);
  EXPECT_EQ(manifest->tables[0].merged->inserted, 1);
  EXPECT_EQ(manifest->tables[0].merged->updated, 1);
  for (const StoredObject& object : *store_->List("iceberg/productos/data/")) {
    EXPECT_EQ(object.key.find("r2"), std::string::npos) << object.key;
  }
  EXPECT_FALSE(PathExists(second.folder()));
}

// As after a kill between the table's switch and the manifest that says so.
TEST_F(PublishMergeTest, ARunThatIsPublishedAgainIsMergedOnce) {
  const RunSpool spool(root_, "productos", "r1");
  RunRecord record = Prepare(spool, {1, 2}, "20261124_020000");
  ASSERT_OK(Publish(record, spool));
  const size_t objects = Objects("iceberg/productos/");
  Prepare(spool, {1, 2}, "20261124_020000");
  ASSERT_OK_AND_ASSIGN(auto prepared, spool.LoadPrepared());
  ASSERT_OK(Publish(*prepared, spool));
  EXPECT_EQ(prepared->tables[0].change, "unchanged");
  EXPECT_EQ(Objects("iceberg/productos/"), objects);
}

TEST_F(PublishMergeTest, ARunThatWasOvertakenByALaterOneAddsOnlyNewKeys) {
  const RunSpool later(root_, "productos", "later");
  RunRecord record = Prepare(later, {1, 2}, "20261125_020000");
  AddCsv(later, record);
  ASSERT_OK(Publish(record, later));
  const RunSpool early(root_, "productos", "early");
  record = Prepare(early, {2, 3}, "20261124_020000");
  AddCsv(early, record);
  ASSERT_OK(Publish(record, early));
  EXPECT_EQ(record.tables[0].rows, 3);
  EXPECT_EQ(record.tables[0].merged->inserted, 1);
  EXPECT_EQ(record.tables[0].merged->updated, 0);
  // Its CSV is kept, but the table of the latest CSV stays with the later run.
  EXPECT_TRUE(PathExists(root_ + "/productos/productos_20261124_020000.csv"));
  ASSERT_OK_AND_ASSIGN(const auto link, store_->Read("symlink/productos/symlink.txt"));
  EXPECT_THAT(link->text, ::testing::HasSubstr("productos_20261125_020000.csv"));
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
