#include "ingesta/columnar/parquet_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <numeric>
#include <utility>

#include "ingesta/columnar/footer.h"
#include "ingesta/columnar/memory.h"
#include "ingesta/columnar/parquet_errors.h"

namespace ingesta::columnar {
namespace {

class RowStream final : public RowSource {
 public:
  RowStream(std::string path, std::unique_ptr<arrow::RecordBatchReader> batches)
      : path_(std::move(path)), batches_(std::move(batches)), schema_(batches_->schema()->RemoveMetadata()) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    std::shared_ptr<arrow::RecordBatch> rows;
    const Status status = CatchParquet([&] { return batches_->ReadNext(&rows); });
    ARROW_RETURN_NOT_OK(ReadError(status, path_));
    return rows == nullptr ? rows : rows->ReplaceSchemaMetadata(nullptr);
  }

 private:
  const std::string path_;
  const std::unique_ptr<arrow::RecordBatchReader> batches_;
  const std::shared_ptr<arrow::Schema> schema_;
};

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

class Reader final : public ParquetReader {
 public:
  Reader(std::string path, std::unique_ptr<parquet::arrow::FileReader> file)
      : path_(std::move(path)), file_(std::move(file)), footer_(file_->parquet_reader()->metadata()) {}

  Status Begin() {
    ARROW_RETURN_NOT_OK(file_->GetSchema(&schema_));
    schema_ = schema_->RemoveMetadata();  // the footer's key-value pairs are no part of it
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t rows() const override { return footer_->num_rows(); }
  int row_groups() const override { return footer_->num_row_groups(); }
  int64_t row_group_rows(int row_group) const override { return footer_->RowGroup(row_group)->num_rows(); }

  Result<std::vector<ColumnMetrics>> RowGroupMetrics(int row_group) const override {
    auto metrics = CatchParquet([&] { return CollectMetrics(*footer_, {row_group}); });
    if (!metrics.ok()) return ReadError(metrics.status(), path_);
    return metrics;
  }

  Result<std::unique_ptr<RowSource>> Read(const ReadOptions& options) override {
    auto batches = CatchParquet([&] { return OpenBatches(options); });
    if (!batches.ok()) return ReadError(batches.status(), path_);
    return std::make_unique<RowStream>(path_, std::move(*batches));
  }

 private:
  Result<std::unique_ptr<arrow::RecordBatchReader>> OpenBatches(const ReadOptions& options) {
    std::vector<int> row_groups(static_cast<size_t>(this->row_groups()));
    std::iota(row_groups.begin(), row_groups.end(), 0);
    if (options.row_groups.has_value()) row_groups = *options.row_groups;
    std::vector<int> columns(static_cast<size_t>(schema_->num_fields()));
    std::iota(columns.begin(), columns.end(), 0);
    if (options.columns.has_value()) columns = *options.columns;
    std::vector<int> leaves;
    for (const int column : columns) {
      AddLeaves(file_->manifest().schema_fields.at(static_cast<size_t>(column)), &leaves);
    }
    file_->set_batch_size(options.batch_rows);
    return file_->GetRecordBatchReader(row_groups, leaves);
  }

  const std::string path_;
  const std::unique_ptr<parquet::arrow::FileReader> file_;
  const std::shared_ptr<parquet::FileMetaData> footer_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(const std::string& path, bool use_threads) {
  ARROW_ASSIGN_OR_RAISE(auto parquet, OpenParquet(path));
  parquet::ArrowReaderProperties properties(use_threads);
  properties.set_pre_buffer(false);
  std::unique_ptr<Reader> reader;
  const Status status = CatchParquet([&]() -> Status {
    std::unique_ptr<parquet::arrow::FileReader> file;
    ARROW_ASSIGN_OR_RAISE(file,
                          parquet::arrow::FileReader::Make(BufferPool(), std::move(parquet), properties));
    reader = std::make_unique<Reader>(path, std::move(file));
    return reader->Begin();
  });
  ARROW_RETURN_NOT_OK(ReadError(status, path));
  return reader;
}

}  // namespace ingesta::columnar
