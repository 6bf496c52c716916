// The new rows of a merge: local Parquet files, read in passes, or chosen rows of them by their ordinal
// (their place over all files). Few rows are kept in memory, many are read again when they are wanted.
// Thread-safe once opened, but for ReplacementRows.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/types.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::iceberg {

class MergeInput {
 public:
  /// Rows of `files` in the columns `fields`; in memory where they take up to `memory` bytes there.
  static Result<MergeInput> Open(std::vector<std::string> files, std::vector<Field> fields, int64_t memory);

  /// All rows, in the columns `fields` alone.
  Result<std::unique_ptr<columnar::RowSource>> Read(const std::vector<Field>& fields) const;
  /// The rows whose flag, by ordinal, is not 0. REQUIRES: `chosen` outlives them and has a flag a row.
  Result<std::unique_ptr<columnar::RowSource>> ReadChosen(const std::vector<uint8_t>& chosen) const;
  /// The rows of these ordinals, in their order. Memory: that of those rows, twice.
  Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<uint32_t>& ordinals) const;
  /// Rows that are worth a Take, so that memory stays within about what Open was given.
  size_t rows_at_once() const { return rows_at_once_; }

 private:
  Status Load(int64_t memory);

  std::vector<std::string> files_;
  std::vector<Field> fields_;
  std::shared_ptr<arrow::RecordBatch> loaded_;  ///< all rows, or nullptr
  size_t rows_at_once_ = 0;
};

/// Some rows of an input in an order of their own, a piece of them at a time.
class ReplacementRows {
 public:
  /// `input` outlives this.
  ReplacementRows(const MergeInput& input, std::vector<uint32_t> ordinals)
      : input_(input), ordinals_(std::move(ordinals)) {}

  size_t size() const { return ordinals_.size(); }
  /// The rows `first` to `first` + `count` - 1; cheap where calls go upwards.
  Result<std::shared_ptr<arrow::RecordBatch>> Range(size_t first, size_t count);

 private:
  const MergeInput& input_;
  const std::vector<uint32_t> ordinals_;
  size_t begin_ = 0;
  std::shared_ptr<arrow::RecordBatch> rows_;  ///< from `begin_` on
};

}  // namespace ingesta::iceberg
