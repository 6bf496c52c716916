#include "ingesta/format/part_rows.h"

#include <arrow/record_batch.h>

#include <utility>

#include "ingesta/columnar/file_rows.h"
#include "ingesta/columnar/parquet_reader.h"

namespace ingesta::format {
namespace {

class ParquetRows final : public columnar::RowSource {
 public:
  ParquetRows(std::unique_ptr<columnar::ParquetReader> file, std::unique_ptr<columnar::RowSource> rows)
      : file_(std::move(file)), rows_(std::move(rows)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return rows_->Next(); }

 private:
  const std::unique_ptr<columnar::ParquetReader> file_;
  const std::unique_ptr<columnar::RowSource> rows_;
};

}  // namespace

Result<std::unique_ptr<columnar::RowSource>> OpenParquetRows(const std::string& path,
                                                             const std::vector<int>& columns) {
  ARROW_ASSIGN_OR_RAISE(auto file, columnar::ParquetReader::Open(path));
  columnar::ReadOptions options;
  if (!columns.empty()) options.columns = columns;
  ARROW_ASSIGN_OR_RAISE(auto rows, file->Read(options));
  return std::make_unique<ParquetRows>(std::move(file), std::move(rows));
}

Result<std::shared_ptr<arrow::RecordBatch>> PartRows::Next() {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const columnar::RowGatherer::Chunk chunk, Advance());
    if (chunk.rows != nullptr || part_ == parts_.size()) return chunk.rows;
  }
}

Result<columnar::RowGatherer::Chunk> PartRows::Advance() {
  if (part_ == parts_.size()) return columnar::RowGatherer::Chunk{};
  if (source_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(source_, open_(parts_[part_].path, columns_));
    row_ = 0;
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, source_->Next());
  if (rows != nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto kept, Select(rows));
    return gatherer_.Add(std::move(kept));
  }
  source_.reset();
  return ++part_ == parts_.size() ? gatherer_.Flush() : columnar::RowGatherer::Chunk{};
}

Result<std::shared_ptr<arrow::RecordBatch>> PartRows::Select(
    const std::shared_ptr<arrow::RecordBatch>& rows) {
  const PartSelection& part = parts_[part_];
  const int64_t first = std::exchange(row_, row_ + rows->num_rows());
  if (!part.keep) return rows;
  std::vector<uint8_t> dropped(static_cast<size_t>(rows->num_rows()));
  for (size_t i = 0; i < dropped.size(); ++i) dropped[i] = part.keep(first + static_cast<int64_t>(i)) ? 0 : 1;
  return columnar::KeptRows(rows, dropped);
}

}  // namespace ingesta::format
