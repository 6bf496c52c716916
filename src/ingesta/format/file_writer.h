// One output file of the format stage: a buffer, compression, write(2), bytes and CRC-32 of what reaches the
// file counted on the way. Not thread-safe. Encoders write through a raw cursor; the first failure is kept
// and all later output is discarded, so hot loops need no checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/fs.h"
#include "ingesta/base/status.h"
#include "ingesta/format/compression.h"
#include "ingesta/format/format.h"

namespace ingesta::format {

class FileWriter {
 public:
  static constexpr size_t kBufferBytes = 256 << 10;  // stays in the second-level cache
  /// Bytes beyond what Ensure was asked for that an encoder may scribble on.
  static constexpr size_t kSlackBytes = 64;

  /// Create `path`; kAlreadyExists where it exists.
  static Result<std::unique_ptr<FileWriter>> Create(const std::string& path,
                                                    TextCompression compression = TextCompression::kNone);
  /// Write to `fd`; `path` is for messages and the result. `compressor` may be nullptr.
  FileWriter(UniqueFd fd, std::string path, std::unique_ptr<Compressor> compressor = nullptr);

  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// Where the next byte goes.
  char* cursor() { return cursor_; }
  /// Take over what was written up to `cursor` and give a place with at least `bytes` of space.
  /// REQUIRES: bytes <= kBufferBytes.
  char* Ensure(char* cursor, size_t bytes) {
    if (static_cast<size_t>(end_ - cursor) >= bytes) return cursor;
    cursor_ = cursor;
    FlushBuffer();
    return cursor_;
  }
  void Commit(char* cursor) { cursor_ = cursor; }

  void Append(std::string_view text) {
    if (static_cast<size_t>(end_ - cursor_) < text.size()) return AppendLarge(text);
    cursor_ = std::copy(text.begin(), text.end(), cursor_);
  }

  /// The first failure, or OK.
  const Status& status() const { return status_; }
  /// Flush, fsync the file and its folder, close. `rows` goes into the result. No call may follow.
  Result<WrittenFile> Close(int64_t rows);

 private:
  void FlushBuffer();
  void AppendLarge(std::string_view text);
  void Output(std::string_view text);
  Status WriteOut(std::string_view bytes);

  UniqueFd fd_;
  std::string path_;
  std::unique_ptr<Compressor> compressor_;
  std::unique_ptr<char[]> buffer_;
  char* cursor_;
  char* end_;
  int64_t bytes_ = 0;
  uint32_t crc32_ = 0;
  Status status_;
};

}  // namespace ingesta::format
