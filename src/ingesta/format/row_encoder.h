// The rows of a batch as lines of text. One loop for every text format: the dialect says how a cell, a null
// and a line look. Not thread-safe. REQUIRES of a dialect: see CsvDialect, the model.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/format/column_view.h"
#include "ingesta/format/file_writer.h"
#include "ingesta/format/text_scan.h"

namespace ingesta::format {

template <typename Dialect>
class RowEncoder {
 public:
  static Result<RowEncoder> Make(const arrow::Schema& schema, Dialect dialect) {
    ARROW_ASSIGN_OR_RAISE(std::vector<ColumnView> columns, PlanColumns(schema));
    RowEncoder encoder(std::move(dialect), std::move(columns));
    if (encoder.row_bytes_ > FileWriter::kBufferBytes / 2) {
      return MakeError(ErrorCode::kInvalidConfig,
                       fmt::format("{} columns are too many for a text format", schema.num_fields()));
    }
    return encoder;
  }

  /// Append the rows of `batch` that are not dropped; returns how many.
  Result<int64_t> Write(const Batch& batch, FileWriter* out) {
    const arrow::RecordBatch& rows = *batch.rows;
    ARROW_RETURN_NOT_OK(BindColumns(rows, &columns_));
    unprintable_ = nullptr;
    int64_t written = 0;
    char* cursor = out->cursor();
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (batch.IsDropped(row)) continue;
      cursor = WriteRow(row, out->Ensure(cursor, row_bytes_), out);
      ++written;
    }
    out->Commit(cursor);
    if (unprintable_ != nullptr) return UnprintableError(rows);
    ARROW_RETURN_NOT_OK(out->status());
    return written;
  }

 private:
  RowEncoder(Dialect dialect, std::vector<ColumnView> columns)
      : dialect_(std::move(dialect)), columns_(std::move(columns)) {
    row_bytes_ = Dialect::kLineBytes;
    for (size_t i = 0; i < columns_.size(); ++i) row_bytes_ += kMaxCellBytes + dialect_.PrefixBytes(i);
  }

  Status UnprintableError(const arrow::RecordBatch& rows) const {
    const auto column = static_cast<int>(unprintable_ - columns_.data());
    return MakeError(
        ErrorCode::kInternal,
        fmt::format("column {}: a date or time outside the years 1 to 9999", rows.column_name(column)));
  }

  /// `row_bytes_` are free at `out` before and after each cell: strings ask for their own space beyond that.
  char* WriteRow(int64_t row, char* out, FileWriter* file) {
    out = dialect_.BeginLine(out);
    for (size_t i = 0; i < columns_.size(); ++i) {
      ColumnView& column = columns_[i];
      out = dialect_.BeginCell(out, i);
      if (column.IsNull(row)) {
        out = dialect_.Null(out);
      } else if (column.kind == CellKind::kString) {
        out = WriteString(column.String(row), column.readable_end, out, file);
      } else {
        out = WriteFixed(column, row, out);
      }
      out = dialect_.EndCell(out);
    }
    return dialect_.EndLine(out);
  }

  char* WriteFixed(ColumnView& column, int64_t row, char* out) {
    switch (column.kind) {
      case CellKind::kInt64:
        return AppendInt(out, column.Value<int64_t>(row));
      case CellKind::kInt32:
        return AppendInt(out, column.Value<int32_t>(row));
      case CellKind::kTimestamp:
        return WriteTimestamp(column, row, out);
      case CellKind::kDecimal64: {
        int64_t unscaled = 0;
        std::memcpy(&unscaled, column.Decimal(row), sizeof(unscaled));
        return AppendDecimal64(out, unscaled, column.scale);
      }
      case CellKind::kDecimal128:
        return AppendDecimal128(out, column.Decimal(row), column.scale);
      case CellKind::kDouble:
        return dialect_.Double(out, column.Value<double>(row));
      case CellKind::kDate:
        return WriteDate(column, row, out);
      case CellKind::kBool:
        return AppendText(out, column.Bool(row) ? std::string_view("true") : std::string_view("false"));
      case CellKind::kString:
        break;
    }
    return out;
  }

  char* WriteTimestamp(ColumnView& column, int64_t row, char* out) {
    char* const end = dialect_.Timestamp(out, column.Value<int64_t>(row), &column.timestamp);
    if (end != nullptr) return end;
    unprintable_ = &column;
    return out;
  }

  char* WriteDate(const ColumnView& column, int64_t row, char* out) {
    const int64_t day = column.Value<int32_t>(row);
    if (day >= kFirstDay && day <= kLastDay) return dialect_.Date(out, day);
    unprintable_ = &column;
    return out;
  }

  char* WriteString(std::string_view value, const char* readable_end, char* out, FileWriter* file) {
    constexpr size_t kLargest = (FileWriter::kBufferBytes / 2) / Dialect::kExpansion;
    if (value.size() > kLargest) return WriteLargeString(value, out, file);
    out = file->Ensure(out, row_bytes_ + value.size() * Dialect::kExpansion);
    return dialect_.String(out, value, readable_end);
  }

  /// In pieces, so that the buffer need not grow with the value.
  char* WriteLargeString(std::string_view value, char* out, FileWriter* file) {
    constexpr size_t kPiece = 16 << 10;
    static_assert(kPiece * Dialect::kExpansion <= FileWriter::kBufferBytes / 2);
    typename Dialect::StringState state = dialect_.BeginString(value);
    while (true) {
      out = file->Ensure(out, row_bytes_ + kPiece * Dialect::kExpansion);
      const std::string_view piece = value.substr(0, kPiece);
      value.remove_prefix(piece.size());
      out = dialect_.StringPiece(out, piece, value.empty(), &state);
      if (value.empty()) return file->Ensure(out, row_bytes_);
    }
  }

  Dialect dialect_;
  std::vector<ColumnView> columns_;
  size_t row_bytes_ = 0;
  const ColumnView* unprintable_ = nullptr;
};

}  // namespace ingesta::format
