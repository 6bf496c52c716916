// The format stage: batches -> bytes of a file. A kind of format is one file with a descriptor and a Make
// function.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/status.h"
#include "ingesta/config/options.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::columnar {
class RowSource;
}

namespace ingesta::format {

/// A closed file.
struct WrittenFile {
  std::string path;
  int64_t rows = 0;
  int64_t bytes = 0;
  uint32_t crc32 = 0;  ///< CRC-32 as gzip and S3's ChecksumCRC32 have it
  /// Where the format partitions by a column: the folder's name as Hive writes it,
  /// `fecha_orden_day=2026-11-24`.
  std::string partition;
};

/// Writes one file. Not thread-safe.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Append the rows of `batch` that are not dropped.
  virtual Status Write(const Batch& batch) = 0;
  /// Flush, fsync and close. No call may follow. Mostly one file; several, in the order of the rows, where
  /// the format has a target size.
  virtual Result<std::vector<WrittenFile>> Close() = 0;
};

/// Rows of a closed file to take over into another one: `keep` tells by the 0-based index of a row in that
/// file.
struct PartSelection {
  std::string path;
  std::function<bool(int64_t row)> keep;
};

class Format {
 public:
  virtual ~Format() = default;
  /// `csv`, `json`, ...
  virtual const std::string& name() const = 0;
  /// With the dot, compression included: `.csv`.
  virtual const std::string& extension() const = 0;
  /// Folder before the dataset's in an object key: "" or `json/`.
  virtual const std::string& key_prefix() const = 0;
  virtual const std::string& content_type() const = 0;
  /// Create `path` (it must not exist) for rows of `schema`.
  virtual Result<std::unique_ptr<Writer>> NewWriter(const std::string& path,
                                                    const std::shared_ptr<arrow::Schema>& schema) const = 0;
  /// Whether what a Writer closes can be published as it is. Else Combine makes the final files out of it,
  /// also where all rows are kept (partitions by a column).
  virtual bool writes_final_files() const { return true; }
  /// Whether OpenPart can give the rows back as they were written, to the last digit.
  virtual bool parts_hold_rows() const { return false; }
  /// All rows of a file that a Writer closed, in order. REQUIRES: parts_hold_rows().
  virtual Result<std::unique_ptr<columnar::RowSource>> OpenPart(const std::string& path) const;
  /// Write to `path` (and names derived from it) the kept rows of `parts`, in order: the final files.
  /// Without parts, one file without rows; a format that partitions by a column writes none where parts are
  /// given and nothing of them is kept.
  virtual Result<std::vector<WrittenFile>> Combine(const std::vector<PartSelection>& parts,
                                                   const std::string& path,
                                                   const std::shared_ptr<arrow::Schema>& schema) const = 0;
};

/// What a format may want to know of its dataset.
struct FormatContext {
  config::PartitionSpec partition_by;
  std::vector<std::string> primary_key;
  /// One file a partition, whatever its size: where no catalog says which files belong to it.
  bool single_file = false;
};

struct FormatKind {
  config::KindSpec spec;
  Result<std::unique_ptr<Format>> (*make)(const config::Options& options, const FormatContext& context);
};

FormatKind CsvFormat();
FormatKind JsonFormat();
FormatKind ParquetFormat();
FormatKind IcebergFormat();

}  // namespace ingesta::format
