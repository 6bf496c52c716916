// NaNs a column, which Parquet's statistics do not have but Iceberg's metrics do: counted by the writer, kept
// in the footer as `ingesta.nan_count:<column>`. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace ingesta::columnar {

class NanCounter {
 public:
  /// Count those in the float and double columns of `rows` (top level only).
  void Add(const arrow::RecordBatch& rows);
  /// For the footer; nullptr where there is no such column.
  std::shared_ptr<const arrow::KeyValueMetadata> ToMetadata() const;

 private:
  std::map<std::string, int64_t> counts_;
};

/// The count of `column` out of a footer's metadata (may be nullptr).
std::optional<int64_t> NanCountOf(const arrow::KeyValueMetadata* metadata, const std::string& column);

}  // namespace ingesta::columnar
