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

/// A commit that was refused because of another one: nothing was done.
inline Status Overtaken(const std::string& table) {
  return MakeError(ErrorCode::kConflict, "table '" + table + "': another writer was faster");
}

/// A commit of which nobody knows whether it was done: as `failure`, but never kConflict, which would tell
/// the caller that its files may go.
inline Status OutcomeUnknown(const Status& failure, const std::string& what) {
  const ErrorDetail* detail = DetailOf(failure);
  ErrorDetail::Fields fields = detail == nullptr ? ErrorDetail::Fields{} : detail->fields();
  if (fields.code == ErrorCode::kConflict) fields.code = ErrorCode::kConnectionLost;
  return MakeError(std::move(fields), failure.message() + "; " + what);
}

}  // namespace ingesta::iceberg
