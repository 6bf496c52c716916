// The objects of a dataset's prefixes, for verification. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"

namespace ingesta::catalog {

/// One listing of each prefix. What is not in it, or has another size than expected,
/// is asked for once more, as a run may have moved on meanwhile.
class ObjectIndex {
 public:
  /// `store` outlives the index.
  explicit ObjectIndex(ObjectStore& store) : store_(store) {}

  /// Add the objects below `prefix`.
  Status AddPrefix(const std::string& prefix);
  /// The object's size, nullopt where there is none. `expected` (-1 = any): asked anew where it differs.
  Result<std::optional<int64_t>> Size(const std::string& key, int64_t expected = -1);
  /// Whether any object's key starts with `prefix`.
  bool HasPrefix(const std::string& prefix) const;
  const std::map<std::string, int64_t>& sizes() const { return sizes_; }

 private:
  ObjectStore& store_;
  std::map<std::string, int64_t> sizes_;
};

}  // namespace ingesta::catalog
