// The two kinds of refusal that reading and changing tables know beside the store's own. Pure functions.
#pragma once

#include <string>
#include <utility>

#include "ingesta/base/status.h"

namespace ingesta::iceberg {

/// What a file of a table holds is not what the format says.
inline Status Corrupt(std::string message) {
  return MakeError(ErrorCode::kCorrupt, std::move(message),
                   "the table's metadata was changed or cut after it was written");
}

/// Valid Iceberg, or a valid wish, that this writer does not do.
inline Status Unsupported(std::string message, std::string hint = "") {
  return MakeError(ErrorCode::kInvalidConfig, std::move(message), std::move(hint));
}

}  // namespace ingesta::iceberg
