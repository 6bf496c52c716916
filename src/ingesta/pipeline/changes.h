// What a run found other than the run before it. Plain values, in the manifest and the summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ingesta::pipeline {

/// By key, against the last run that was published.
struct Changes {
  int64_t added = 0;               ///< keys that the run before had not, or had in quarantine
  std::optional<int64_t> changed;  ///< nullopt: the columns are others, their contents can't be compared
  int64_t unchanged = 0;
  /// nullopt: not known, because a row came whose key can't be told, or because the scan is not proved whole.
  std::optional<int64_t> deleted;
  std::string since;  ///< run id of the run before

  bool none() const { return added == 0 && changed == 0 && deleted == 0; }
  bool operator==(const Changes&) const = default;
};

}  // namespace ingesta::pipeline
