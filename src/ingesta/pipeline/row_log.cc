#include "ingesta/pipeline/row_log.h"

#include <unistd.h>

#include <cerrno>
#include <memory>

namespace ingesta::pipeline {

Result<std::unique_ptr<RowLog>> RowLog::Create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w+e");
  if (file == nullptr) return ErrnoError(errno, "create " + path);
  return std::unique_ptr<RowLog>(new RowLog(path, file));
}

RowLog::~RowLog() {
  std::fclose(file_);
  ::unlink(path_.c_str());
}

// entry := length(uint32, native order) text
Status RowLog::Append(std::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  if (std::fwrite(&length, sizeof length, 1, file_) != 1 ||
      (length > 0 && std::fwrite(text.data(), length, 1, file_) != 1)) {
    return ErrnoError(errno, "write " + path_);
  }
  return Status::OK();
}

Status RowLog::ForEach(const std::function<bool(int64_t, std::string_view)>& visit) {
  if (std::fflush(file_) != 0) return ErrnoError(errno, "write " + path_);
  std::rewind(file_);
  std::string text;
  uint32_t length = 0;
  for (int64_t row = 0; std::fread(&length, sizeof length, 1, file_) == 1; ++row) {
    text.resize(length);
    if (length > 0 && std::fread(text.data(), length, 1, file_) != 1) return ErrnoError(EIO, "read " + path_);
    if (!visit(row, text)) break;
  }
  return std::fseek(file_, 0, SEEK_END) == 0 ? Status::OK() : ErrnoError(errno, "seek in " + path_);
}

Status RowLog::Clear() {
  std::rewind(file_);
  return ftruncate(fileno(file_), 0) == 0 ? Status::OK() : ErrnoError(errno, "truncate " + path_);
}

}  // namespace ingesta::pipeline
