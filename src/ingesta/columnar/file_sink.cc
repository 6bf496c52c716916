#include "ingesta/columnar/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace ingesta::columnar {

Result<std::shared_ptr<FileSink>> FileSink::Create(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  return std::make_shared<FileSink>(std::move(fd), path);
}

Status FileSink::Output(std::string_view data) {
  ARROW_RETURN_NOT_OK(status_);
  crc32_ = Crc32(data, crc32_);
  return status_ = WriteAll(fd_.get(), data, path_);
}

Status FileSink::Write(const void* data, int64_t size) {
  ARROW_RETURN_NOT_OK(status_);
  const std::string_view piece(static_cast<const char*>(data), static_cast<size_t>(size));
  bytes_ += size;
  if (buffer_.size() + piece.size() < kBufferBytes) {
    buffer_ += piece;
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(Flush());
  return Output(piece);
}

Status FileSink::Flush() {
  ARROW_RETURN_NOT_OK(Output(buffer_));
  buffer_.clear();
  return Status::OK();
}

Status FileSink::Close() {
  ARROW_RETURN_NOT_OK(Flush());
  return CloseSynced(fd_, path_);
}

Status FileSink::CloseUnsynced() {
  ARROW_RETURN_NOT_OK(Flush());
  return CloseFile(fd_, path_);
}

Status FileSink::Abort() {
  if (status_.ok()) status_ = MakeError(ErrorCode::kInternal, fmt::format("{}: given up", path_));
  fd_.Reset();
  return Status::OK();
}

}  // namespace ingesta::columnar
