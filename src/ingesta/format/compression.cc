#include "ingesta/format/compression.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ingesta::format {
namespace {

constexpr size_t kBufferBytes = 64 << 10;
constexpr int kZstdLevel = 3;
constexpr uint32_t kGzipLevel = 1;

Status CutError() {
  return MakeError(ErrorCode::kCorrupt, "the compressed text ends early",
                   "the file was changed or cut after it was written; extract again");
}

Status DamagedError(const std::string& why) {
  return MakeError(ErrorCode::kCorrupt, fmt::format("the compressed text is damaged ({})", why),
                   "the file was changed after it was written; extract again");
}

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    isal_deflate_init(&stream_);
    stream_.level = kGzipLevel;
    stream_.level_buf = level_buffer_.get();
    stream_.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream_.gzip_flag = IGZIP_GZIP;
  }

  Status Compress(std::string_view text, bool last, const Output& output) override {
    // The library counts in 32 bits.
    constexpr size_t kMost = 1U << 30;
    while (text.size() > kMost) {
      ARROW_RETURN_NOT_OK(CompressPiece(text.substr(0, kMost), false, output));
      text.remove_prefix(kMost);
    }
    return CompressPiece(text, last, output);
  }

 private:
  Status CompressPiece(std::string_view text, bool last, const Output& output) {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uint32_t>(text.size());
    stream_.end_of_stream = last ? 1 : 0;
    stream_.flush = NO_FLUSH;
    do {
      stream_.next_out = reinterpret_cast<uint8_t*>(buffer_.get());
      stream_.avail_out = kBufferBytes;
      const int code = isal_deflate(&stream_);
      if (code != COMP_OK) return MakeError(ErrorCode::kInternal, fmt::format("gzip: isa-l error {}", code));
      const size_t size = kBufferBytes - stream_.avail_out;
      if (size > 0) ARROW_RETURN_NOT_OK(output({buffer_.get(), size}));
    } while (stream_.avail_out == 0);
    return Status::OK();
  }

  const std::unique_ptr<uint8_t[]> level_buffer_ = std::make_unique<uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
  const std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  isal_zstream stream_ = {};
};

class ZstdCompressor final : public Compressor {
 public:
  static Result<std::unique_ptr<Compressor>> Make() {
    auto compressor = std::make_unique<ZstdCompressor>();
    ZSTD_CCtx* const context = compressor->context_.get();
    if (context == nullptr ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kZstdLevel)) != 0 ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) != 0) {
      return MakeError(ErrorCode::kInternal, "zstd: the compressor can't be set up");
    }
    return compressor;
  }

  Status Compress(std::string_view text, bool last, const Output& output) override {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    while (true) {
      ZSTD_outBuffer out{buffer_.get(), kBufferBytes, 0};
      const size_t left =
          ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) {
        return MakeError(ErrorCode::kInternal, fmt::format("zstd: {}", ZSTD_getErrorName(left)));
      }
      if (out.pos > 0) ARROW_RETURN_NOT_OK(output({buffer_.get(), out.pos}));
      if (last ? left == 0 : in.pos == in.size) return Status::OK();
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  const std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
  const std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
};

/// What both decompressors do: a buffer of compressed bytes, and the end of the stream judged.
class BufferedDecompressor : public Decompressor {
 public:
  explicit BufferedDecompressor(Input input) : input_(std::move(input)) {}

  Result<size_t> Read(char* buffer, size_t size) final {
    while (true) {
      if (!ended_) {
        ARROW_ASSIGN_OR_RAISE(const size_t count, Decompress(buffer, size));
        if (count > 0) return count;
      }
      // There is room for output, so all input was taken, unless it is none of the stream's.
      if (at_ < filled_) return DamagedError("more follows after its end");
      ARROW_ASSIGN_OR_RAISE(filled_, input_(bytes_.get(), kBufferBytes));
      at_ = 0;
      if (filled_ == 0) return ended_ ? Result<size_t>(0) : CutError();
    }
  }

 protected:
  /// Decompress from at_ on into `buffer`, advance at_, set ended_ at the stream's end.
  virtual Result<size_t> Decompress(char* buffer, size_t size) = 0;

  const Input input_;
  const std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  size_t at_ = 0;
  size_t filled_ = 0;
  bool ended_ = false;
};

class GzipDecompressor final : public BufferedDecompressor {
 public:
  explicit GzipDecompressor(Input input) : BufferedDecompressor(std::move(input)) {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
  }

 private:
  Result<size_t> Decompress(char* buffer, size_t size) override {
    const auto room = static_cast<uint32_t>(std::min<size_t>(size, 1U << 30));
    state_->next_in = reinterpret_cast<uint8_t*>(bytes_.get() + at_);
    state_->avail_in = static_cast<uint32_t>(filled_ - at_);
    state_->next_out = reinterpret_cast<uint8_t*>(buffer);
    state_->avail_out = room;
    const int code = isal_inflate(state_.get());
    if (code < 0) return DamagedError(fmt::format("isa-l error {}", code));
    at_ = filled_ - state_->avail_in;
    ended_ = state_->block_state == ISAL_BLOCK_FINISH;
    return room - state_->avail_out;
  }

  const std::unique_ptr<inflate_state> state_ = std::make_unique<inflate_state>();
};

class ZstdDecompressor final : public BufferedDecompressor {
 public:
  explicit ZstdDecompressor(Input input) : BufferedDecompressor(std::move(input)) {}

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  Result<size_t> Decompress(char* buffer, size_t size) override {
    ZSTD_inBuffer in{bytes_.get() + at_, filled_ - at_, 0};
    ZSTD_outBuffer out{buffer, size, 0};
    const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return DamagedError(ZSTD_getErrorName(left));
    at_ += in.pos;
    ended_ = left == 0;
    return out.pos;
  }

  const std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
};

}  // namespace

TextCompression TextCompressionOf(const std::string& name) {
  if (name == "gzip") return TextCompression::kGzip;
  return name == "zstd" ? TextCompression::kZstd : TextCompression::kNone;
}

std::string CompressionSuffix(TextCompression compression) {
  if (compression == TextCompression::kNone) return "";
  return compression == TextCompression::kGzip ? ".gz" : ".zst";
}

std::string CompressedContentType(TextCompression compression, std::string plain) {
  if (compression == TextCompression::kNone) return plain;
  return compression == TextCompression::kGzip ? "application/gzip" : "application/zstd";
}

Result<std::unique_ptr<Compressor>> Compressor::Make(TextCompression compression) {
  if (compression == TextCompression::kZstd) return ZstdCompressor::Make();
  return std::make_unique<GzipCompressor>();
}

Result<std::unique_ptr<Decompressor>> Decompressor::Make(TextCompression compression, Input input) {
  if (compression == TextCompression::kZstd) return std::make_unique<ZstdDecompressor>(std::move(input));
  return std::make_unique<GzipDecompressor>(std::move(input));
}

}  // namespace ingesta::format
