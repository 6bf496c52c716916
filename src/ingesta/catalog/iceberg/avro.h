// Avro object container files: what Iceberg's manifests and manifest lists are. Not thread-safe. The schema
// is the writer's; a reader looks values up by `field-id`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/avro_value.h"

namespace ingesta::iceberg {

enum class AvroCodec { kNull, kDeflate };

class AvroWriter {
 public:
  /// `metadata` comes beside `avro.schema` and `avro.codec` in the header. kCorrupt where `schema_json` is no
  /// schema.
  static Result<AvroWriter> Create(const std::string& schema_json,
                                   const std::vector<std::pair<std::string, std::string>>& metadata,
                                   AvroCodec codec, Random& random);
  /// For the values to append.
  const AvroNode& root() const { return schema_->root(); }
  Status Append(const AvroValue& value);
  /// The whole file. No call may follow.
  Result<std::string> Finish();

 private:
  AvroWriter() = default;
  Status FlushBlock();

  std::shared_ptr<const AvroSchema> schema_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string sync_;
  std::string file_;
  std::string block_;
  int64_t block_values_ = 0;
};

struct AvroLimits {
  size_t block_bytes = 64 << 20;  ///< of one block, decompressed
};

class AvroReader {
 public:
  /// Read the header of the file `bytes`. kCorrupt; kInvalidConfig for a codec that is not null or deflate.
  static Result<std::unique_ptr<AvroReader>> Open(std::string bytes, AvroLimits limits = {});

  /// The header's metadata, `avro.schema` and `avro.codec` too.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const AvroNode& root() const { return schema_->root(); }
  /// The next value, or nullopt at the end. kCorrupt; no call may follow an error. Records point into the
  /// schema, which lives as long as this reader.
  Result<std::optional<AvroValue>> Next();

 private:
  AvroReader() = default;
  Status ReadHeader();
  Status ReadBlock();

  std::string bytes_;
  std::string_view rest_;
  std::map<std::string, std::string> metadata_;
  std::shared_ptr<const AvroSchema> schema_;
  AvroLimits limits_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string_view sync_;
  std::string inflated_;
  std::string_view block_;
  int64_t block_values_ = 0;
};

}  // namespace ingesta::iceberg
