// The border to libparquet, which throws: what it throws or returns becomes a Status with a code of ours and
// the file's name.
#pragma once

#include <fmt/format.h>
#include <parquet/exception.h>

#include <exception>
#include <string>
#include <utility>

#include "ingesta/base/status.h"

namespace ingesta::columnar {

/// A failure of ours keeps its code (a full disk met by the sink); one of the library's becomes `code`.
inline Status FileError(const Status& status, ErrorCode code, const std::string& path,
                        const std::string& hint = "") {
  if (status.ok() || DetailOf(status) != nullptr) return status;
  return MakeError(code, fmt::format("{}: {}", path, status.message()), hint);
}

inline Status WriteError(const Status& status, const std::string& path) {
  return FileError(status, ErrorCode::kInternal, path);
}

inline Status ReadError(const Status& status, const std::string& path) {
  return FileError(status, ErrorCode::kCorrupt, path, "the file was changed or cut after it was written");
}

/// What `call` returns, or the Status of what it throws.
template <typename Call>
auto CatchParquet(Call&& call) -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const ::parquet::ParquetStatusException& e) {
    return e.status();
  } catch (const std::exception& e) {
    return Status::IOError(e.what());
  }
}

}  // namespace ingesta::columnar
