// A data file's rows with edits applied: rows that are left out, rows that others stand for. What is not
// edited passes through without a copy. Not thread-safe. Between a data file and its successor.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/merge_input.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::iceberg {

/// What becomes of the row at `position` of a file.
struct RowEdit {
  static constexpr int64_t kDrop = -1;
  int64_t position = 0;
  int64_t replacement = kDrop;  ///< a row of the replacements
};

class EditedRows final : public columnar::RowSource {
 public:
  /// `edits` are ascending by position, each once, and their replacements are 0, 1, 2, ...; they outlive
  /// this, and so do `replacements` (of the schema of `rows`; nullptr where there are none). `same_rows` (or
  /// nullptr) counts replaced rows that equal their replacements.
  EditedRows(std::unique_ptr<DataFileRows> rows, const std::vector<RowEdit>& edits,
             ReplacementRows* replacements, int64_t* same_rows)
      : rows_(std::move(rows)), edits_(edits), replacements_(replacements), same_rows_(same_rows) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;

 private:
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
  Result<BatchPtr> Edit(const BatchPtr& rows, size_t first, size_t last);
  Result<BatchPtr> ByRuns(const BatchPtr& rows, const BatchPtr& others, size_t first, size_t last);
  Result<BatchPtr> ByRow(const BatchPtr& rows, const BatchPtr& others, size_t first, size_t last);

  const std::unique_ptr<DataFileRows> rows_;
  const std::vector<RowEdit>& edits_;
  ReplacementRows* const replacements_;
  int64_t* const same_rows_;
  size_t next_edit_ = 0;
  int64_t next_replacement_ = 0;
};

}  // namespace ingesta::iceberg
