#include "ingesta/catalog/iceberg/data_file_rows.h"

#include <arrow/record_batch.h>

#include <numeric>
#include <utility>

namespace ingesta::iceberg {

Result<std::unique_ptr<DataFileReader>> DataFileReader::Open(const std::string& path, std::string location,
                                                             bool use_threads) {
  auto reader = std::make_unique<DataFileReader>();
  ARROW_ASSIGN_OR_RAISE(reader->parquet_, columnar::ParquetReader::Open(path, use_threads));
  reader->location_ = std::move(location);
  int64_t row = 0;
  for (int group = 0; group < reader->parquet_->row_groups(); ++group) {
    reader->first_rows_.push_back(row);
    row += reader->parquet_->row_group_rows(group);
  }
  return reader;
}

Result<std::unique_ptr<DataFileRows>> DataFileReader::Read(
    const std::vector<Field>& fields, const std::optional<std::vector<int>>& row_groups) {
  ARROW_ASSIGN_OR_RAISE(Projection projection, Projection::Make(*parquet_->schema(), fields, location_));
  std::vector<int> groups(first_rows_.size());
  std::iota(groups.begin(), groups.end(), 0);
  return std::make_unique<DataFileRows>(*parquet_, std::move(projection), row_groups.value_or(groups),
                                        first_rows_);
}

Result<std::shared_ptr<arrow::RecordBatch>> DataFileRows::Next() {
  while (true) {
    if (group_ == nullptr) {
      if (next_group_ == row_groups_.size()) return std::shared_ptr<arrow::RecordBatch>();
      const int group = row_groups_[next_group_++];
      columnar::ReadOptions options;
      options.columns = projection_.file_columns();
      options.row_groups = std::vector<int>{group};
      ARROW_ASSIGN_OR_RAISE(group_, parquet_.Read(options));
      next_position_ = first_rows_[static_cast<size_t>(group)];
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, group_->Next());
    if (rows == nullptr) {
      group_.reset();
      continue;
    }
    position_ = next_position_;
    next_position_ += rows->num_rows();
    return projection_.Apply(*rows);
  }
}

}  // namespace ingesta::iceberg
