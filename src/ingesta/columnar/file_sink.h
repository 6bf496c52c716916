// Arrow's output stream onto a local file that counts bytes and CRC-32 on the way and is durable when
// closed. Not thread-safe. Below the Parquet writer and the Arrow files of the format stage.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ingesta/base/fs.h"
#include "ingesta/base/status.h"

namespace ingesta::columnar {

class FileSink final : public arrow::io::OutputStream {
 public:
  /// Create `path`; kAlreadyExists where it exists.
  static Result<std::shared_ptr<FileSink>> Create(const std::string& path);
  /// Write to `fd`; `path` is for messages.
  FileSink(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t size) override;
  Status Flush() override;
  /// Flush, fsync the file and its folder, close.
  Status Close() override;
  /// Flush and close, for a file that need not outlive the loss of power.
  Status CloseUnsynced();
  /// Take no more output, so that a writer that is destroyed unfinished can't add its footer.
  Status Abort() override;
  bool closed() const override { return !fd_.valid(); }
  Result<int64_t> Tell() const override { return bytes_; }

  const std::string& path() const { return path_; }
  int64_t bytes() const { return bytes_; }
  /// Of what was flushed: all of the file once it is closed.
  uint32_t crc32() const { return crc32_; }

 private:
  static constexpr size_t kBufferBytes = 64 << 10;  // for footers and headers: pages come whole
  Status Output(std::string_view data);

  UniqueFd fd_;
  std::string path_;
  std::string buffer_;
  int64_t bytes_ = 0;
  uint32_t crc32_ = 0;
  Status status_;  ///< the first failure; nothing is written after it
};

}  // namespace ingesta::columnar
