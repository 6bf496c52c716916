// A side file of the spool with one entry for each written row: the key's text, so that keys which a pass
// missed can be asked for one by one, or the number of child rows, so that a superseded row takes its
// children along. Sequential and on disk, because rows can outnumber memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::pipeline {

class RowLog {
 public:
  /// Creates `path`, replacing what is there.
  static Result<std::unique_ptr<RowLog>> Create(const std::string& path);
  ~RowLog();
  RowLog(const RowLog&) = delete;
  RowLog& operator=(const RowLog&) = delete;

  /// Append the next row's entry. REQUIRES: text.size() < 4 GiB.
  Status Append(std::string_view text);
  /// Visit every entry from row 0 on, until `visit` says false.
  Status ForEach(const std::function<bool(int64_t row, std::string_view text)>& visit);
  Status Clear();

 private:
  RowLog(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::FILE* file_;
};

}  // namespace ingesta::pipeline
