// What tells whether a row has changed since an earlier run: 64-bit hashes of its key and of its declared
// columns. The hashes are kept between runs, so they must not depend on the version of ingesta: a change here
// raises kFingerprintVersion. Not thread-safe. Between the transform and the pipeline's comparison of runs.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::transform {

/// Of the way in which columns are hashed; fingerprints of another version can't be compared.
inline constexpr uint64_t kFingerprintVersion = 1;

struct RowFingerprint {
  uint64_t key = 0;      ///< RowIdentity::key of the same row
  uint64_t content = 0;  ///< of the columns that count, never 0
  bool operator==(const RowFingerprint&) const = default;
};

class RowFingerprinter {
 public:
  /// For rows of `schema` with the key columns `key`; columns named in `unstable` do not count as content.
  /// kInternal for a name that is no column.
  static Result<RowFingerprinter> Make(const arrow::Schema& schema, const std::vector<std::string>& key,
                                       const std::vector<std::string>& unstable);

  /// One fingerprint a row. Two values are equal where a reader of the table would find them so: null is one
  /// value, and text is compared byte by byte.
  Result<std::vector<RowFingerprint>> Of(const arrow::RecordBatch& rows) const;
  /// Of the columns that count (names, types, order) and the way of hashing: contents of two schemes say
  /// nothing about each other.
  uint64_t scheme() const { return scheme_; }

 private:
  std::vector<int> key_columns_;
  std::vector<int> content_columns_;
  uint64_t scheme_ = 0;
};

}  // namespace ingesta::transform
