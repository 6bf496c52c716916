// A lake in a temporary folder for tests: real Parquet files, a filesystem catalog on the local store.
#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/store/local_store.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {

class TableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta_iceberg_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    store_ = store::MakeLocalStore(root_ + "/lake");
    catalog_ = std::make_unique<FilesystemCatalog>(*store_, clock_);
  }
  void TearDown() override { EXPECT_OK(RemoveTree(root_)); }

  static std::shared_ptr<arrow::Schema> Columns() {
    return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("dia", arrow::date32())});
  }

  TableWriter Writer() { return {*catalog_, *store_, clock_, random_}; }

  std::optional<LoadedTable> Load() {
    auto table = catalog_->Load("t");
    EXPECT_OK(table.status());
    return table.ok() ? *table : std::nullopt;
  }

  /// An operation on table `t` that brings one file of the rows `ids`, all of day `day`.
  TableOperation Operation(WriteMode mode, const std::vector<int64_t>& ids, int32_t day = 20000,
                           const std::string& run_id = "") {
    TableOperation operation{.table = "t", .mode = mode, .run_id = run_id};
    auto table = Load();
    auto schema = AssignFieldIds(table ? std::optional(table->metadata) : std::nullopt, *Columns());
    EXPECT_OK(schema.status());
    operation.schema = *schema;
    if (!ids.empty()) operation.files = {WriteFile(*schema, ids, day)};
    return operation;
  }

  NewDataFile WriteFile(const std::shared_ptr<arrow::Schema>& schema, const std::vector<int64_t>& ids,
                        int32_t day) {
    arrow::Int64Builder id_builder;
    arrow::Date32Builder day_builder;
    for (const int64_t id : ids) {
      EXPECT_OK(id_builder.Append(id));
      EXPECT_OK(day_builder.Append(day));
    }
    std::vector<std::shared_ptr<arrow::Array>> arrays = {*id_builder.Finish(), *day_builder.Finish()};
    for (int column = 2; column < schema->num_fields(); ++column) {
      arrow::StringBuilder text;
      EXPECT_OK(text.AppendNulls(static_cast<int64_t>(ids.size())));
      arrays.push_back(*text.Finish());
    }
    const std::string name = std::to_string(files_++) + ".parquet";
    EXPECT_OK(MakeDirs(root_ + "/spool"));
    const std::string path = root_ + "/spool/" + name;
    auto writer = columnar::ParquetWriter::Create(path, schema, {.require_field_ids = true});
    EXPECT_OK(writer.status());
    EXPECT_OK((*writer)->Write(arrow::RecordBatch::Make(schema, static_cast<int64_t>(ids.size()), arrays)));
    auto closed = (*writer)->Close();
    EXPECT_OK(closed.status());
    const std::string key = prefix_ + "t/data/" + name;
    EXPECT_OK(store_->PublishFile(path, key, "application/octet-stream", (*closed)[0].crc32));
    return {.key = key, .local_path = path};
  }

  /// Rows of the live files of the current snapshot, by the manifests.
  int64_t LiveRows() {
    const auto table = Load();
    auto scan = ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot());
    EXPECT_OK(scan.status());
    int64_t rows = 0;
    for (const LiveFile& file : scan->data) rows += file.file.rows;
    return rows;
  }

  std::string root_;
  std::string prefix_ = "iceberg/";
  testing::FakeClock clock_;
  testing::SeededRandom random_{42};
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<FilesystemCatalog> catalog_;
  int files_ = 0;
};

}  // namespace ingesta::iceberg
