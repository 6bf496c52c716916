// The data files that a merge or a compaction writes: local first, then published, removed again where the
// commit did not come about. Thread-safe in WriteOne only (each call writes files of its own).
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/row_partitions.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::iceberg {

class NewFiles {
 public:
  struct Options {
    std::string table_location;
    std::string folder;  ///< local, for the files until the commit
    columnar::ParquetOptions parquet;
  };
  /// All outlive this.
  NewFiles(ObjectStore& store, Random& random, Options options)
      : store_(store), random_(random), options_(std::move(options)) {}

  using OpenRows = std::function<Result<std::unique_ptr<columnar::RowSource>>()>;
  /// Write rows that are all of one partition; no file where there are none.
  Status WriteOne(columnar::RowSource& rows, const PartitionValues& partition);
  /// Write rows of any partitions, a few partitions at a time: `open` is called for each pass over the rows.
  Status WriteRouted(const OpenRows& open, RowPartitions& partitions);

  /// Put all files into the store. kInvalidConfig where the table lies outside of it.
  Status Publish();
  /// Remove what was published. REQUIRES: no commit names it, nor may one that is under way.
  void Discard();

  const std::vector<NewDataFile>& files() const { return files_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct OpenFile;
  Result<std::unique_ptr<columnar::ParquetWriter>> Create(const std::shared_ptr<arrow::Schema>& schema,
                                                          const columnar::ParquetOptions& parquet);
  Status Close(columnar::ParquetWriter& writer, const PartitionValues& partition);
  Result<bool> WritePass(columnar::RowSource& rows, RowPartitions& partitions, std::vector<uint8_t>& done);

  ObjectStore& store_;
  Random& random_;
  const Options options_;
  std::mutex mutex_;
  std::vector<NewDataFile> files_;
  std::vector<uint32_t> crcs_;
  size_t published_ = 0;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace ingesta::iceberg
