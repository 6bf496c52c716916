// Whether a row equals another in all columns, bit by bit: what decides if an update changes anything.
// Thread-safe: immutable once made.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace ingesta::iceberg {

/// REQUIRES: both batches have the same types. NaN equals NaN of the same bits, -0.0 differs from 0.0.
bool SameRow(const arrow::RecordBatch& left, int64_t i, const arrow::RecordBatch& right, int64_t j);

}  // namespace ingesta::iceberg
