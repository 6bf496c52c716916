// Record batches -> Parquet files as Athena, Trino, Hive, Spark and Iceberg read them well: INT64 times,
// integer-backed decimals, field ids, statistics, page index. Memory is bounded by the options, however many
// rows come. Not thread-safe. Used by the format stage and by the Iceberg tables' merges.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/closed_file.h"

namespace ingesta::columnar {

enum class Compression { kNone, kSnappy, kZstd, kGzip };
enum class TimestampUnit {
  kMillis,  ///< what Hive tables take; finer parts are cut off (towards the past)
  kMicros,  ///< what Iceberg asks for
};

/// Key of a field's Iceberg id in Arrow's field metadata.
inline constexpr char kFieldIdKey[] = "PARQUET:field_id";

struct ParquetOptions {
  Compression compression = Compression::kZstd;
  int compression_level = 0;  ///< 0 = the codec's usual one (zstd 3, gzip 6)
  /// A row group ends at the first of these that is reached.
  int64_t row_group_rows = 1 << 20;
  int64_t row_group_bytes = 128LL << 20;  ///< of the values in memory, not compressed
  int64_t row_group_memory = 16LL << 20;  ///< of what the open row group holds, encoded and compressed
  /// A new file is begun when one has about this size; 0 = one file.
  int64_t target_file_bytes = 0;
  TimestampUnit timestamp_unit = TimestampUnit::kMicros;
  /// Encode columns in parallel, on Arrow's thread pool: for one large file at a time.
  bool use_threads = false;
  /// All fields must carry kFieldIdKey (kInternal where one does not).
  bool require_field_ids = false;
  std::string created_by = "ingesta version 0.1.0";

  /// kInvalidConfig where a value makes no sense.
  Status Validate() const;
};

/// Durable on disk.
using ParquetFile = ClosedFile;

class ParquetWriter {
 public:
  /// Create `path` (kAlreadyExists where it exists) for rows of `schema`: bool, int32, int64, float, double,
  /// date32, timestamp, decimal128, string, binary, and lists, maps and structs of these. A timestamp with a
  /// zone is `isAdjustedToUTC`, one without is not. kInvalidConfig names a column of another type, and a
  /// schema without columns.
  static Result<std::unique_ptr<ParquetWriter>> Create(std::string path,
                                                       std::shared_ptr<arrow::Schema> schema,
                                                       const ParquetOptions& options);
  /// Leaves what was not closed as it is: a file without a footer.
  virtual ~ParquetWriter() = default;

  /// Append the rows of `rows` (of the schema's types; metadata aside) whose flag in `dropped` is 0; an empty
  /// `dropped` keeps all. May hold on to `rows` until a later call.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& rows,
                       const std::vector<uint8_t>& dropped = {}) = 0;
  /// Write the footer, fsync, close. At least one file, in the order of the rows: `path`, then, with
  /// `-00001`, `-00002` before its extension, those that the target size split off. No call may follow.
  virtual Result<std::vector<ParquetFile>> Close() = 0;
};

}  // namespace ingesta::columnar
