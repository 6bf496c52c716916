#include "ingesta/catalog/iceberg/avro.h"

#include <fmt/format.h>
#include <zlib.h>

#include <limits>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr size_t kSyncBytes = 16;
constexpr size_t kBlockTarget = 64 << 10;
constexpr int kRawDeflate = -15;

Result<std::string> Deflate(const std::string& data) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return MakeError(ErrorCode::kInternal, "Avro: the deflate codec does not start");
  }
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return MakeError(ErrorCode::kInternal, "Avro: deflate failed");
  return out;
}

Status Inflate(std::string_view data, size_t limit, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) {
    return MakeError(ErrorCode::kInternal, "Avro: the deflate codec does not start");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  out.clear();
  int result = Z_OK;
  while (result == Z_OK && out.size() < limit) {
    const size_t had = out.size();
    out.resize(std::min(limit, std::max<size_t>(had * 2, kBlockTarget)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = static_cast<uInt>(out.size() - had);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result == Z_STREAM_END) return Status::OK();
  return Corrupt(result == Z_OK ? "Avro: a block inflates to more than a manifest's ever does"
                                : "Avro: a block that does not inflate");
}

}  // namespace

Result<AvroWriter> AvroWriter::Create(const std::string& schema_json,
                                      const std::vector<std::pair<std::string, std::string>>& metadata,
                                      AvroCodec codec, Random& random) {
  AvroWriter writer;
  ARROW_ASSIGN_OR_RAISE(writer.schema_, AvroSchema::Parse(schema_json));
  writer.codec_ = codec;
  for (size_t i = 0; i < kSyncBytes; i += 8) {
    const uint64_t word = random.Next();
    for (size_t byte = 0; byte < 8; ++byte) writer.sync_.push_back(static_cast<char>(word >> (8 * byte)));
  }
  const auto append = [&writer](const std::string& text) {
    AppendAvroLong(static_cast<int64_t>(text.size()), writer.file_);
    writer.file_ += text;
  };
  writer.file_ = kMagic;
  AppendAvroLong(static_cast<int64_t>(metadata.size()) + 2, writer.file_);
  append("avro.schema");
  append(schema_json);
  append("avro.codec");
  append(codec == AvroCodec::kDeflate ? "deflate" : "null");
  for (const auto& [key, value] : metadata) {
    append(key);
    append(value);
  }
  AppendAvroLong(0, writer.file_);
  writer.file_ += writer.sync_;
  return writer;
}

Status AvroWriter::Append(const AvroValue& value) {
  RETURN_NOT_OK(EncodeAvro(schema_->root(), value, block_));
  ++block_values_;
  return block_.size() >= kBlockTarget ? FlushBlock() : Status::OK();
}

Status AvroWriter::FlushBlock() {
  if (block_values_ == 0) return Status::OK();
  if (codec_ == AvroCodec::kDeflate) {
    ARROW_ASSIGN_OR_RAISE(block_, Deflate(block_));
  }
  AppendAvroLong(block_values_, file_);
  AppendAvroLong(static_cast<int64_t>(block_.size()), file_);
  file_ += block_;
  file_ += sync_;
  block_.clear();
  block_values_ = 0;
  return Status::OK();
}

Result<std::string> AvroWriter::Finish() {
  RETURN_NOT_OK(FlushBlock());
  return std::move(file_);
}

Result<std::unique_ptr<AvroReader>> AvroReader::Open(std::string bytes, AvroLimits limits) {
  std::unique_ptr<AvroReader> reader(new AvroReader());
  reader->bytes_ = std::move(bytes);
  reader->limits_ = limits;
  RETURN_NOT_OK(reader->ReadHeader());
  return reader;
}

Status AvroReader::ReadHeader() {
  rest_ = bytes_;
  if (!rest_.starts_with(kMagic)) return Corrupt("not an Avro file");
  rest_.remove_prefix(kMagic.size());
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(int64_t count, TakeAvroLong(rest_));
    if (count == 0) break;
    if (count < 0) {
      count = count == std::numeric_limits<int64_t>::min() ? std::numeric_limits<int64_t>::max() : -count;
      RETURN_NOT_OK(TakeAvroLong(rest_).status());
    }
    for (; count > 0; --count) {
      ARROW_ASSIGN_OR_RAISE(const std::string_view key, TakeAvroBytes(rest_));
      ARROW_ASSIGN_OR_RAISE(const std::string_view value, TakeAvroBytes(rest_));
      metadata_[std::string(key)] = value;
    }
  }
  if (rest_.size() < kSyncBytes) return Corrupt("Avro: the file ends in its header");
  sync_ = rest_.substr(0, kSyncBytes);
  rest_.remove_prefix(kSyncBytes);
  const auto codec = metadata_.find("avro.codec");
  if (codec != metadata_.end() && codec->second == "deflate") {
    codec_ = AvroCodec::kDeflate;
  } else if (codec != metadata_.end() && codec->second != "null") {
    return Unsupported(fmt::format("Avro: the codec '{}' is not read, null and deflate are", codec->second));
  }
  ARROW_ASSIGN_OR_RAISE(schema_, AvroSchema::Parse(metadata_["avro.schema"]));
  return Status::OK();
}

Status AvroReader::ReadBlock() {
  ARROW_ASSIGN_OR_RAISE(block_values_, TakeAvroLong(rest_));
  ARROW_ASSIGN_OR_RAISE(block_, TakeAvroBytes(rest_));
  if (block_values_ < 0) return Corrupt("Avro: a block with less than no values");
  if (!rest_.starts_with(sync_)) return Corrupt("Avro: a block without its sync marker");
  rest_.remove_prefix(kSyncBytes);
  if (codec_ == AvroCodec::kDeflate) {
    RETURN_NOT_OK(Inflate(block_, limits_.block_bytes, inflated_));
    block_ = inflated_;
  }
  // As for lists: no value of a table's metadata takes less than a byte.
  if (block_values_ > static_cast<int64_t>(block_.size())) {
    return Corrupt("Avro: a block that is too short for its values");
  }
  return Status::OK();
}

Result<std::optional<AvroValue>> AvroReader::Next() {
  while (block_values_ == 0) {
    if (!block_.empty()) return Corrupt("Avro: a block holds more than its values");
    if (rest_.empty()) return std::optional<AvroValue>();
    RETURN_NOT_OK(ReadBlock());
  }
  ARROW_ASSIGN_OR_RAISE(AvroValue value, DecodeAvro(schema_->root(), block_));
  --block_values_;
  return std::optional<AvroValue>(std::move(value));
}

}  // namespace ingesta::iceberg
