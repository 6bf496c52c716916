// Undoes Content-Encoding while the body arrives, so that a bomb is stopped after its first pieces. Not
// thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::http {

/// Receives decoded pieces; an error ends the decoding with it.
using BodySink = std::function<Status(std::string_view)>;

class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;
  virtual Status Feed(std::string_view encoded, const BodySink& sink) = 0;
  /// kMalformedBody where the stream ended before its own end.
  virtual Status Finish() = 0;
};

/// For `gzip`, `x-gzip` or `zstd`; null for `identity` and "". kMalformedBody for any other.
Result<std::unique_ptr<ContentDecoder>> MakeContentDecoder(std::string_view content_encoding);

}  // namespace ingesta::http
