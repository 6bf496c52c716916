// Batches and files for the tests of the columnar module.
#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/parquet_metrics.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::columnar {

/// A test with a folder of its own.
class ColumnarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta_columnar_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }

  std::string dir_;
};

inline std::shared_ptr<arrow::Field> FieldWithId(const std::string& name,
                                                 const std::shared_ptr<arrow::DataType>& type, int id) {
  return arrow::field(name, type)
      ->WithMetadata(arrow::key_value_metadata({{kFieldIdKey, std::to_string(id)}}));
}

/// Values as Arrow's JSON notation has them, a text a field.
inline std::shared_ptr<arrow::RecordBatch> MakeRows(const arrow::FieldVector& fields,
                                                    const std::vector<std::string>& values) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < fields.size(); ++i) {
    arrays.push_back(arrow::json::ArrayFromJSONString(fields[i]->type(), values[i]).ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

/// Int64 and string columns `id` and `texto` of `rows` rows from `first` on.
inline std::shared_ptr<arrow::RecordBatch> NumberedRows(int64_t first, int64_t rows) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (int64_t id = first; id < first + rows; ++id) {
    EXPECT_OK(ids.Append(id));
    EXPECT_OK(texts.Append("texto " + std::to_string(id * 7919 % 1'000'003)));
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("texto", arrow::utf8())}), rows,
      {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

inline Result<std::vector<ParquetFile>> WriteParquet(
    const std::string& path, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const ParquetOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, ParquetWriter::Create(path, batches.front()->schema(), options));
  for (const auto& batch : batches) ARROW_RETURN_NOT_OK(writer->Write(batch));
  return writer->Close();
}

inline Result<std::shared_ptr<arrow::Table>> ReadParquet(const std::string& path,
                                                         const ReadOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, ParquetReader::Open(path));
  ARROW_ASSIGN_OR_RAISE(const auto stream, reader->Read(options));
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, stream->Next());
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  return arrow::Table::FromRecordBatches(stream->schema(), batches);
}

inline std::shared_ptr<arrow::Table> ToTable(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  return arrow::Table::FromRecordBatches(batches.front()->schema(), batches).ValueOrDie();
}

}  // namespace ingesta::columnar
