// What passes between transform, expect and format: the rows of one page in the declared columns, each beside
// its record's source text, and the rows that could not be converted. Not thread-safe; moved from stage to
// stage.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ingesta {

/// A record that can't become a row. It goes to quarantine, never silently away.
struct RejectedRow {
  std::string dataset;
  int64_t page = 0;         ///< Page::index
  std::string column;       ///< the first column that refused its value
  std::string reason;       ///< what was expected and what came
  std::string source;       ///< the record's text, minified
  std::string key;          ///< the primary key's text where it could be read, else ""
  std::string expectation;  ///< its type, where one took the row out; the row itself is in Batch::taken_out
  int64_t taken_row = -1;   ///< its index there
};

struct Batch {
  std::shared_ptr<arrow::RecordBatch> rows;
  /// Minified source text of each row. Views into `source_buffer`.
  std::vector<std::string_view> sources;
  std::shared_ptr<const std::string> source_buffer;
  /// Of a child dataset: for each row, the index of its parent's row in the parent's batch; else empty.
  std::vector<int32_t> parents;
  std::vector<RejectedRow> rejected;
  /// Rows that expectations took out of `rows`; null where there are none.
  std::shared_ptr<arrow::RecordBatch> taken_out;
  /// Rows that a later stage takes out (duplicates): one flag a row, empty when all stay. Writers skip
  /// flagged rows.
  std::vector<uint8_t> dropped;

  bool IsDropped(int64_t row) const { return !dropped.empty() && dropped[static_cast<size_t>(row)] != 0; }
};

}  // namespace ingesta
