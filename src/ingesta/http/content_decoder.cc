#include "ingesta/http/content_decoder.h"

#include <fmt/format.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>
#include <algorithm>

#include <algorithm>
#include <string>
#include <vector>

namespace ingesta::http {
namespace {

constexpr size_t kPieceSize = 64 * 1024;
/// 8 MiB, as RFC 9659 asks of HTTP: a larger window would let a small body claim memory.
constexpr int kZstdWindowLog = 23;

Status Malformed(std::string message) {
  return MakeError(
      ErrorDetail::Fields{.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true, .hint = ""},
      std::move(message));
}

class GzipDecoder final : public ContentDecoder {
 public:
  GzipDecoder() : piece_(kPieceSize) { inflateInit2(&stream_, 15 + 16); }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Status Feed(std::string_view encoded, const BodySink& sink) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(encoded.data()));
    stream_.avail_in = static_cast<uInt>(encoded.size());
    bool output_full = false;
    while (stream_.avail_in > 0 || output_full) {
      if (at_end_) {  // another member follows
        inflateReset(&stream_);
        at_end_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
      stream_.avail_out = kPieceSize;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return Malformed(fmt::format("the gzip body is damaged: {}",
                                     stream_.msg != nullptr ? stream_.msg : "no reason given"));
      }
      at_end_ = code == Z_STREAM_END;
      const size_t size = kPieceSize - stream_.avail_out;
      if (size > 0) ARROW_RETURN_NOT_OK(sink(std::string_view(piece_.data(), size)));
      output_full = stream_.avail_out == 0 && !at_end_;
    }
    return Status::OK();
  }

  Status Finish() override { return at_end_ ? Status::OK() : Malformed("the gzip body ends before its end"); }

 private:
  z_stream stream_{};
  std::vector<char> piece_;
  bool at_end_ = false;
};

class ZstdDecoder final : public ContentDecoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()), piece_(kPieceSize) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLog);
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  Status Feed(std::string_view encoded, const BodySink& sink) override {
    ZSTD_inBuffer in{encoded.data(), encoded.size(), 0};
    bool output_full = false;
    while (in.pos < in.size || output_full) {
      ZSTD_outBuffer out{piece_.data(), kPieceSize, 0};
      const size_t code = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(code) != 0) {
        return Malformed(fmt::format("the zstd body is damaged: {}", ZSTD_getErrorName(code)));
      }
      at_end_ = code == 0;
      if (out.pos > 0) ARROW_RETURN_NOT_OK(sink(std::string_view(piece_.data(), out.pos)));
      output_full = out.pos == kPieceSize && !at_end_;
    }
    return Status::OK();
  }

  Status Finish() override { return at_end_ ? Status::OK() : Malformed("the zstd body ends before its end"); }

 private:
  ZSTD_DStream* stream_;
  std::vector<char> piece_;
  bool at_end_ = false;
};

bool Is(std::string_view text, std::string_view name) {
  return text.size() == name.size() && strncasecmp(text.data(), name.data(), name.size()) == 0;
}

}  // namespace

Result<std::unique_ptr<ContentDecoder>> MakeContentDecoder(std::string_view content_encoding) {
  // How the AWS SDKs upload; some S3 servers keep the header with the object, whose bytes are plain.
  constexpr std::string_view kUploadFraming = "aws-chunked";
  if (Is(content_encoding.substr(0, kUploadFraming.size()), kUploadFraming)) {
    content_encoding.remove_prefix(kUploadFraming.size());
    content_encoding.remove_prefix(
        std::min(content_encoding.find_first_not_of(", "), content_encoding.size()));
  }
  if (content_encoding.empty() || Is(content_encoding, "identity")) return std::unique_ptr<ContentDecoder>();
  if (Is(content_encoding, "gzip") || Is(content_encoding, "x-gzip")) {
    return std::unique_ptr<ContentDecoder>(std::make_unique<GzipDecoder>());
  }
  if (Is(content_encoding, "zstd")) return std::unique_ptr<ContentDecoder>(std::make_unique<ZstdDecoder>());
  return MakeError(
      ErrorCode::kMalformedBody,
      fmt::format("the answer has Content-Encoding {}, which was not asked for", content_encoding),
      "let the service answer with gzip, zstd or no compression");
}

}  // namespace ingesta::http
