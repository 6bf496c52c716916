// The decode stage: page bytes -> records, handed value by value to a RecordSink (base/scalar.h).
#pragma once

#include <memory>
#include <string>

#include "ingesta/base/page.h"
#include "ingesta/base/scalar.h"
#include "ingesta/base/status.h"

namespace ingesta::decode {

struct DecoderOptions {
  std::string data_selector;  ///< dotted path of the records' array; "" = the body itself
  std::string total_path;     ///< dotted paths of PageFacts; "" = not wanted
  std::string total_pages_path;
  std::string next_path;
  int max_depth = 128;
  int64_t max_record_bytes = 32LL << 20;
};

struct DecodedPage {
  PageFacts facts;
  int64_t records = 0;
  /// Holds the minified text that RecordSink::EndRecord's views point into.
  std::shared_ptr<const std::string> buffer;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Decode `page` into `sink`. kMalformedBody (retryable), with the first bytes of the body, for what is not
  /// whole JSON or lacks the records' path; the sink may then have seen records, which the caller discards.
  /// Consumes page.body.
  /// Not retryable: nesting beyond max_depth (kMalformedBody), a record above max_record_bytes
  /// (kBodyTooLarge).
  virtual Result<DecodedPage> Decode(Page& page, const FieldTree& fields, RecordSink& sink) = 0;
  /// The same for a body that is one record.
  virtual Result<DecodedPage> DecodeRecord(Page& page, const FieldTree& fields, RecordSink& sink) = 0;
};

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(DecoderOptions options);

}  // namespace ingesta::decode
