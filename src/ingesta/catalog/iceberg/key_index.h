// The keys that a merge brings: which row has a key, and which files can hold one. Filled, sealed, then read
// by any number of threads. Memory: about 30 bytes a key of one number, for text 30 bytes and the text.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/key_values.h"
#include "ingesta/catalog/iceberg/literal.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

/// What is known of a key column in a file; no bounds = any value may be there.
struct KeyBounds {
  std::optional<Literal> lower;
  std::optional<Literal> upper;
  bool only_nulls = false;
};

class KeyIndex {
 public:
  /// The ordinal of no key.
  static constexpr uint32_t kNone = UINT32_MAX;

  /// kInvalidConfig where a field can't be a key.
  static Result<KeyIndex> Make(std::vector<Field> key_fields);

  /// Append the keys of rows that come: they get the ordinals 0, 1, 2, ... kInvalidConfig where one is null.
  Status AddRows(const arrow::RecordBatch& keys);
  /// Append keys to delete, after all rows; the same one may come twice.
  Status AddDeletes(const arrow::RecordBatch& keys);
  /// Close it. Of rows of one key the last one has it where `last_wins`; else kInvalidConfig. kInvalidConfig
  /// also where a key is among rows and deletes.
  Status Seal(bool last_wins = false);
  /// Ordinals of rows whose key a later one has.
  const std::vector<uint32_t>& superseded() const { return superseded_; }

  const std::vector<Field>& fields() const { return fields_; }
  /// Rows; ordinals from here on are keys to delete.
  uint32_t rows() const { return rows_; }
  size_t size() const { return columns_[0].size(); }

  /// For each row of `keys`, the ordinal of its key, or kNone (also for nulls).
  std::vector<uint32_t> Find(const arrow::RecordBatch& keys) const;
  /// Whether a file whose key columns have these bounds (in the order of fields()) can hold a key. False is
  /// sure.
  bool MayBeIn(const std::vector<KeyBounds>& bounds) const;

 private:
  explicit KeyIndex(std::vector<Field> fields) : fields_(std::move(fields)) {}
  Status Add(const arrow::RecordBatch& keys, const char* what);
  static std::vector<uint64_t> Hashes(const std::vector<KeyValues>& columns);
  bool SameKey(size_t i, const std::vector<KeyValues>& others, size_t j) const;
  std::string KeyText(size_t i) const;

  std::vector<Field> fields_;
  std::vector<KeyValues> columns_;
  uint32_t rows_ = 0;
  std::vector<uint32_t> slots_;   ///< a hash table of ordinals, open addressing, a power of two
  std::vector<uint32_t> sorted_;  ///< ordinals by the first column
  std::vector<uint32_t> superseded_;
};

}  // namespace ingesta::iceberg
