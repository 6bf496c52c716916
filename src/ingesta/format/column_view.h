// A schema's columns as the text formats see them: what kind of text each needs, and raw pointers into one
// batch. Values only; a ColumnView lives as long as the batch it is bound to.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/format/value_text.h"

namespace ingesta::format {

enum class CellKind : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kDouble,
  kDate,
  kTimestamp,
  kDecimal64,  ///< decimal128 whose values fit 64 bits
  kDecimal128,
  kString,
};

/// Widest text of any cell but a string's, quotes included.
inline constexpr size_t kMaxCellBytes = 48;

struct ColumnView {
  CellKind kind = CellKind::kString;
  int scale = 0;                       ///< of decimals
  const uint8_t* validity = nullptr;   ///< nullptr = no nulls in this batch
  int64_t offset = 0;                  ///< index of the batch's first row in the buffers
  const void* values = nullptr;        ///< of strings: their bytes
  const int32_t* offsets = nullptr;    ///< of strings
  const char* readable_end = nullptr;  ///< of strings: reading up to here is safe
  TimestampText timestamp;

  bool IsNull(int64_t row) const {
    const auto at = static_cast<uint64_t>(row + offset);
    return validity != nullptr && ((validity[at >> 3] >> (at & 7)) & 1) == 0;
  }
  template <typename T>
  T Value(int64_t row) const {
    return static_cast<const T*>(values)[row + offset];
  }
  bool Bool(int64_t row) const {
    const auto at = static_cast<uint64_t>(row + offset);
    return ((static_cast<const uint8_t*>(values)[at >> 3] >> (at & 7)) & 1) != 0;
  }
  const uint8_t* Decimal(int64_t row) const {
    return static_cast<const uint8_t*>(values) + 16 * (row + offset);
  }
  std::string_view String(int64_t row) const {
    const int32_t begin = offsets[row + offset];
    return {static_cast<const char*>(values) + begin, static_cast<size_t>(offsets[row + offset + 1] - begin)};
  }
};

/// Unbound views of `schema`'s columns; kInvalidConfig names a column whose type has no text form.
Result<std::vector<ColumnView>> PlanColumns(const arrow::Schema& schema);
/// Point `columns` at the rows of `rows`; kInternal where its schema is not the planned one.
Status BindColumns(const arrow::RecordBatch& rows, std::vector<ColumnView>* columns);

}  // namespace ingesta::format
