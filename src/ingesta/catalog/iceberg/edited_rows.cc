#include "ingesta/catalog/iceberg/edited_rows.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>

#include "ingesta/catalog/iceberg/projection.h"
#include "ingesta/catalog/iceberg/row_equality.h"
#include "ingesta/columnar/memory.h"

namespace ingesta::iceberg {

Result<std::shared_ptr<arrow::RecordBatch>> EditedRows::Next() {
  ARROW_ASSIGN_OR_RAISE(auto rows, rows_->Next());
  if (rows == nullptr) return rows;
  const int64_t end = rows_->position() + rows->num_rows();
  const size_t first = next_edit_;
  while (next_edit_ < edits_.size() && edits_[next_edit_].position < end) ++next_edit_;
  return first == next_edit_ ? rows : Edit(rows, first, next_edit_);
}

Result<EditedRows::BatchPtr> EditedRows::Edit(const BatchPtr& rows, size_t first, size_t last) {
  constexpr int64_t kShortRun = 16;  // below it a copy row by row costs less than one run by run
  int64_t count = 0;
  for (size_t i = first; i < last; ++i) count += edits_[i].replacement != RowEdit::kDrop;
  BatchPtr others;  // those of this batch alone: replacements are in the rows' order
  if (count > 0) {
    ARROW_ASSIGN_OR_RAISE(
        others, replacements_->Range(static_cast<size_t>(next_replacement_), static_cast<size_t>(count)));
  }
  for (size_t i = first; same_rows_ != nullptr && i < last; ++i) {
    if (edits_[i].replacement == RowEdit::kDrop) continue;
    *same_rows_ += SameRow(*rows, edits_[i].position - rows_->position(), *others,
                           edits_[i].replacement - next_replacement_);
  }
  const bool dense = static_cast<int64_t>(last - first) * kShortRun > rows->num_rows();
  auto edited = dense ? ByRow(rows, others, first, last) : ByRuns(rows, others, first, last);
  next_replacement_ += count;
  return edited;
}

Result<EditedRows::BatchPtr> EditedRows::ByRuns(const BatchPtr& rows, const BatchPtr& others, size_t first,
                                                size_t last) {
  std::vector<BatchPtr> runs;
  int64_t begin = 0;
  for (size_t i = first; i < last; ++i) {
    const int64_t row = edits_[i].position - rows_->position();
    if (row > begin) runs.push_back(rows->Slice(begin, row - begin));
    if (edits_[i].replacement != RowEdit::kDrop) {
      runs.push_back(others->Slice(edits_[i].replacement - next_replacement_, 1));
    }
    begin = row + 1;
  }
  if (begin < rows->num_rows()) runs.push_back(rows->Slice(begin));
  if (runs.empty()) return rows->Slice(0, 0);
  if (runs.size() == 1) return runs[0];
  return arrow::ConcatenateRecordBatches(runs, columnar::BufferPool());
}

Result<EditedRows::BatchPtr> EditedRows::ByRow(const BatchPtr& rows, const BatchPtr& others, size_t first,
                                               size_t last) {
  BatchPtr source = rows;
  if (others != nullptr) {
    ARROW_ASSIGN_OR_RAISE(source, arrow::ConcatenateRecordBatches({rows, others}, columnar::BufferPool()));
  }
  arrow::Int32Builder chosen(columnar::BufferPool());
  RETURN_NOT_OK(chosen.Reserve(rows->num_rows()));
  size_t edit = first;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    if (edit == last || edits_[edit].position != rows_->position() + row) {
      chosen.UnsafeAppend(static_cast<int32_t>(row));
      continue;
    }
    const int64_t replacement = edits_[edit++].replacement;
    if (replacement == RowEdit::kDrop) continue;
    chosen.UnsafeAppend(static_cast<int32_t>(rows->num_rows() + replacement - next_replacement_));
  }
  ARROW_ASSIGN_OR_RAISE(const auto indices, chosen.Finish());
  arrow::compute::ExecContext context(columnar::BufferPool());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                        arrow::compute::Take(arrow::Datum(source), arrow::Datum(indices),
                                             arrow::compute::TakeOptions::NoBoundsCheck(), &context));
  return WithoutIdleValidity(*taken.record_batch());
}

}  // namespace ingesta::iceberg
