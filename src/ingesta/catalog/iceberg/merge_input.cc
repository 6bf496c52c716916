#include "ingesta/catalog/iceberg/merge_input.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/projection.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/columnar/memory.h"

namespace ingesta::iceberg {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Each Take may read the whole input.
constexpr int64_t kFewestAtOnce = 16 << 10;

Result<BatchPtr> TakeRows(const BatchPtr& rows, const std::vector<uint32_t>& indices) {
  arrow::UInt32Builder builder(columnar::BufferPool());
  RETURN_NOT_OK(builder.AppendValues(indices.data(), static_cast<int64_t>(indices.size())));
  ARROW_ASSIGN_OR_RAISE(const auto array, builder.Finish());
  arrow::compute::ExecContext context(columnar::BufferPool());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                        arrow::compute::Take(arrow::Datum(rows), arrow::Datum(array),
                                             arrow::compute::TakeOptions::NoBoundsCheck(), &context));
  return WithoutIdleValidity(*taken.record_batch());
}

Result<BatchPtr> Concatenate(const std::vector<BatchPtr>& batches,
                             const std::shared_ptr<arrow::Schema>& schema) {
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema, columnar::BufferPool());
  if (batches.size() == 1) return batches[0];
  return arrow::ConcatenateRecordBatches(batches, columnar::BufferPool());
}

/// One file's rows after the other's.
class FilesRows final : public columnar::RowSource {
 public:
  FilesRows(std::vector<std::string> files, std::vector<Field> fields, std::shared_ptr<arrow::Schema> schema)
      : files_(std::move(files)), fields_(std::move(fields)), schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<BatchPtr> Next() override {
    while (true) {
      if (rows_ == nullptr) {
        if (next_ == files_.size()) return BatchPtr();
        const std::string& path = files_[next_++];
        ARROW_ASSIGN_OR_RAISE(reader_, DataFileReader::Open(path, path));
        ARROW_ASSIGN_OR_RAISE(rows_, reader_->Read(fields_));
      }
      ARROW_ASSIGN_OR_RAISE(auto batch, rows_->Next());
      if (batch != nullptr) return batch;
      rows_.reset();
    }
  }

 private:
  const std::vector<std::string> files_;
  const std::vector<Field> fields_;
  const std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
  std::unique_ptr<DataFileReader> reader_;
  std::unique_ptr<DataFileRows> rows_;
};

/// Those of another source's rows that are chosen.
class ChosenRows final : public columnar::RowSource {
 public:
  ChosenRows(std::unique_ptr<columnar::RowSource> rows, const std::vector<uint8_t>& chosen)
      : rows_(std::move(rows)), chosen_(chosen) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }

  Result<BatchPtr> Next() override {
    ARROW_ASSIGN_OR_RAISE(auto batch, rows_->Next());
    if (batch == nullptr) return batch;
    std::vector<uint32_t> indices;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      if (chosen_[next_++] != 0) indices.push_back(static_cast<uint32_t>(row));
    }
    if (static_cast<int64_t>(indices.size()) == batch->num_rows()) return batch;
    if (indices.empty()) return batch->Slice(0, 0);
    return TakeRows(batch, indices);
  }

 private:
  const std::unique_ptr<columnar::RowSource> rows_;
  const std::vector<uint8_t>& chosen_;
  size_t next_ = 0;
};

/// Rows that are in memory, in pieces.
class LoadedRows final : public columnar::RowSource {
 public:
  explicit LoadedRows(BatchPtr rows) : rows_(std::move(rows)), schema_(rows_->schema()) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<BatchPtr> Next() override {
    constexpr int64_t kPiece = 16 << 10;
    if (next_ >= rows_->num_rows()) return BatchPtr();
    const int64_t begin = std::exchange(next_, next_ + kPiece);
    return rows_->Slice(begin, kPiece);
  }

 private:
  const BatchPtr rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  int64_t next_ = 0;
};

}  // namespace

Result<MergeInput> MergeInput::Open(std::vector<std::string> files, std::vector<Field> fields,
                                    int64_t memory) {
  MergeInput input;
  input.files_ = std::move(files);
  input.fields_ = std::move(fields);
  RETURN_NOT_OK(input.Load(memory));
  return input;
}

Status MergeInput::Load(int64_t memory) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, Read(fields_));
  std::vector<BatchPtr> batches;
  int64_t bytes = 0;
  int64_t count = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, rows->Next());
    if (batch == nullptr) break;
    ARROW_ASSIGN_OR_RAISE(const int64_t more, arrow::util::ReferencedBufferSize(*batch));
    bytes += more;
    count += batch->num_rows();
    // Rows are held some three times while they are put into their order.
    const int64_t fit = memory / 3 / std::max<int64_t>(1, bytes / std::max<int64_t>(1, count));
    rows_at_once_ = static_cast<size_t>(std::max(fit, kFewestAtOnce));
    if (bytes > memory) return Status::OK();
    batches.push_back(std::move(batch));
  }
  ARROW_ASSIGN_OR_RAISE(loaded_, Concatenate(batches, rows->schema()));
  return Status::OK();
}

Result<std::unique_ptr<columnar::RowSource>> MergeInput::Read(const std::vector<Field>& fields) const {
  ARROW_ASSIGN_OR_RAISE(auto schema, ToArrow(fields));
  return std::make_unique<FilesRows>(files_, fields, std::move(schema));
}

Result<std::unique_ptr<columnar::RowSource>> MergeInput::ReadChosen(
    const std::vector<uint8_t>& chosen) const {
  std::unique_ptr<columnar::RowSource> all;
  if (loaded_ != nullptr) {
    all = std::make_unique<LoadedRows>(loaded_);
  } else {
    ARROW_ASSIGN_OR_RAISE(all, Read(fields_));
  }
  return std::make_unique<ChosenRows>(std::move(all), chosen);
}

Result<BatchPtr> MergeInput::Take(const std::vector<uint32_t>& ordinals) const {
  if (loaded_ != nullptr) return TakeRows(loaded_, ordinals);
  // By ordinal as the files have them, then in the order that is asked for.
  std::vector<uint32_t> places(ordinals.size());
  std::iota(places.begin(), places.end(), 0);
  std::sort(places.begin(), places.end(),
            [&](uint32_t left, uint32_t right) { return ordinals[left] < ordinals[right]; });
  ARROW_ASSIGN_OR_RAISE(const auto rows, Read(fields_));
  std::vector<BatchPtr> found;
  uint32_t first = 0;
  for (auto place = places.begin(); place != places.end();) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) return MakeError(ErrorCode::kInternal, "the rows of a merge changed under it");
    std::vector<uint32_t> indices;
    const auto end = first + static_cast<uint32_t>(batch->num_rows());
    for (; place != places.end() && ordinals[*place] < end; ++place)
      indices.push_back(ordinals[*place] - first);
    first = end;
    if (indices.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(auto taken, TakeRows(batch, indices));
    found.push_back(std::move(taken));
  }
  ARROW_ASSIGN_OR_RAISE(const BatchPtr by_ordinal, Concatenate(found, rows->schema()));
  std::vector<uint32_t> order(ordinals.size());
  for (size_t i = 0; i < places.size(); ++i) order[places[i]] = static_cast<uint32_t>(i);
  return TakeRows(by_ordinal, order);
}

Result<BatchPtr> ReplacementRows::Range(size_t first, size_t count) {
  const size_t end = rows_ == nullptr ? 0 : begin_ + static_cast<size_t>(rows_->num_rows());
  if (rows_ == nullptr || first < begin_ || first + count > end) {
    const size_t many = std::min(std::max(count, input_.rows_at_once()), ordinals_.size() - first);
    const auto from = ordinals_.begin() + static_cast<std::ptrdiff_t>(first);
    rows_.reset();  // before the next ones take their memory
    ARROW_ASSIGN_OR_RAISE(rows_,
                          input_.Take(std::vector<uint32_t>(from, from + static_cast<std::ptrdiff_t>(many))));
    begin_ = first;
  }
  return rows_->Slice(static_cast<int64_t>(first - begin_), static_cast<int64_t>(count));
}

}  // namespace ingesta::iceberg
