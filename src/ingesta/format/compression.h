// Compression of the text formats as a stream: pieces in, compressed pieces out, one gzip member or one zstd
// frame a file, checksums inside. Not thread-safe. Below FileWriter, and before the combination of parts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::format {

enum class TextCompression { kNone, kGzip, kZstd };

/// The option's value: `none`, `gzip`, `zstd`.
TextCompression TextCompressionOf(const std::string& name);
/// What a file's name ends with: "", `.gz`, `.zst`.
std::string CompressionSuffix(TextCompression compression);
/// The media type of what is compressed; `plain` for kNone.
std::string CompressedContentType(TextCompression compression, std::string plain);

class Compressor {
 public:
  using Output = std::function<Status(std::string_view)>;

  /// REQUIRES: compression != kNone.
  static Result<std::unique_ptr<Compressor>> Make(TextCompression compression);
  virtual ~Compressor() = default;
  /// Take `text` in; what is ready goes to `output`. `last` ends the stream: no call may follow.
  virtual Status Compress(std::string_view text, bool last, const Output& output) = 0;
};

class Decompressor {
 public:
  /// Compressed bytes, as many as wanted at most; 0 = the end.
  using Input = std::function<Result<size_t>(char* buffer, size_t size)>;

  /// REQUIRES: compression != kNone.
  static Result<std::unique_ptr<Decompressor>> Make(TextCompression compression, Input input);
  virtual ~Decompressor() = default;
  /// Up to `size` > 0 bytes; 0 = the end. kCorrupt where the stream is cut, damaged, or followed by anything.
  virtual Result<size_t> Read(char* buffer, size_t size) = 0;
};

}  // namespace ingesta::format
