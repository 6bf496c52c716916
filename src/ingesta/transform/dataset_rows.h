// The rows of one dataset as they are built: its columns, the rejected rows and what was noticed. Not
// thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/transform/column.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::transform {

class DatasetRows {
 public:
  static Result<std::unique_ptr<DatasetRows>> Make(const config::ResourceSpec& resource);

  /// A record's own refusal, before any column is asked.
  struct Refusal {
    std::string column;
    std::string reason;
  };

  /// Append a row, or reject it; true where it was appended. `values` has one scalar a column. `parent` is
  /// the parent's row, -1 where there is none. `refusal` may be null.
  bool Add(const Scalar* values, std::string_view source, int32_t parent, const Refusal* refusal);
  /// Note a field that no column wants.
  void CountUnknown(std::string_view path);

  void BeginPage(int64_t page_index) { page_index_ = page_index; }
  Result<Batch> Finish(std::shared_ptr<const std::string> source_buffer);
  void Discard();

  size_t column_count() const { return columns_.size(); }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// Rows appended since the last Finish.
  int64_t rows() const { return rows_; }
  const TransformNotes& notes() const { return notes_; }
  void ResetNotes() { notes_ = {}; }

 private:
  DatasetRows() = default;
  bool Grow();
  void Reject(const Scalar* values, std::string_view source, std::string column, std::string reason);
  std::string KeyOf(const Scalar* values);
  void MergeNotes();
  void ForgetPage();

  std::string name_;
  std::vector<Column> columns_;
  std::vector<int> key_columns_;
  std::shared_ptr<arrow::Schema> schema_;
  bool is_child_ = false;

  int64_t page_index_ = 0;
  int64_t rows_ = 0;
  int64_t capacity_ = 0;
  int64_t expected_rows_ = 64;
  std::vector<std::string_view> sources_;
  std::vector<int32_t> parents_;
  std::vector<RejectedRow> rejected_;
  Status failure_;  ///< there was no memory for more rows; Finish gives it

  TransformNotes notes_;
  /// Of this page; they count when its rows do.
  std::vector<std::pair<std::string, int64_t>> unknown_;
  size_t unknown_guess_ = 0;
  std::vector<int64_t> rounded_;  ///< one count a column
};

}  // namespace ingesta::transform
