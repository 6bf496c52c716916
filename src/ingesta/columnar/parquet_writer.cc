#include "ingesta/columnar/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <algorithm>
#include <utility>

#include "ingesta/columnar/file_rows.h"
#include "ingesta/columnar/file_sink.h"
#include "ingesta/columnar/memory.h"
#include "ingesta/columnar/nan_counts.h"
#include "ingesta/columnar/parquet_errors.h"
#include "ingesta/columnar/row_gatherer.h"

namespace ingesta::columnar {
namespace {

parquet::Compression::type Codec(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return parquet::Compression::UNCOMPRESSED;
    case Compression::kSnappy:
      return parquet::Compression::SNAPPY;
    case Compression::kZstd:
      return parquet::Compression::ZSTD;
    case Compression::kGzip:
      break;
  }
  return parquet::Compression::GZIP;
}

int Level(const ParquetOptions& options) {
  if (options.compression_level != 0) return options.compression_level;
  return options.compression == Compression::kZstd ? 3 : 6;
}

std::shared_ptr<parquet::WriterProperties> MakeProperties(const ParquetOptions& options,
                                                          const std::vector<std::string>& plain_columns,
                                                          arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->created_by(options.created_by)
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)  // every reader knows it
      ->compression(Codec(options.compression))
      ->enable_store_decimal_as_integer()
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->max_row_group_length(options.row_group_rows);
  if (options.compression == Compression::kZstd || options.compression == Compression::kGzip) {
    builder.compression_level(Level(options));
  }
  for (const std::string& name : plain_columns) {
    builder.disable_dictionary(parquet::schema::ColumnPath({name}).ToDotString());
  }
  return builder.build();
}

std::shared_ptr<parquet::ArrowWriterProperties> MakeArrowProperties(const ParquetOptions& options) {
  // Top-level timestamps have the unit already; this is for those inside lists and structs.
  const auto unit =
      options.timestamp_unit == TimestampUnit::kMillis ? arrow::TimeUnit::MILLI : arrow::TimeUnit::MICRO;
  return parquet::ArrowWriterProperties::Builder()
      .coerce_timestamps(unit)
      ->allow_truncated_timestamps()
      ->set_use_threads(options.use_threads)
      ->build();
}

/// One file that is being written.
class FileInProgress {
 public:
  static Result<std::unique_ptr<FileInProgress>> Create(const std::string& path,
                                                        const ParquetOptions& options) {
    auto file = std::unique_ptr<FileInProgress>(new FileInProgress(options));
    ARROW_ASSIGN_OR_RAISE(file->sink_, FileSink::Create(path));
    return file;
  }
  ~FileInProgress() {
    // The library's destructor would write a footer, and an unfinished file would look whole.
    if (sink_ != nullptr && !sink_->closed()) (void)sink_->Abort();
  }

  /// REQUIRES: `rows` have `schema`, the same at each call.
  Status Write(const arrow::RecordBatch& rows, int64_t row_bytes) {
    if (writer_ == nullptr) ARROW_RETURN_NOT_OK(Begin(*rows.schema(), ColumnsWithoutRepeats(rows)));
    if (group_rows_ > 0 && group_rows_ + rows.num_rows() > options_.row_group_rows) group_full_ = true;
    if (group_full_) {
      ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
      group_rows_ = group_bytes_ = 0;
    }
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(rows));
    nans_.Add(rows);
    rows_ += rows.num_rows();
    group_rows_ += rows.num_rows();
    group_bytes_ += row_bytes;
    group_full_ = group_rows_ >= options_.row_group_rows || group_bytes_ >= options_.row_group_bytes ||
                  pool_.bytes_allocated() >= options_.row_group_memory;
    return Status::OK();
  }

  /// About what the file would have if it ended here.
  int64_t Size() const { return sink_->bytes() + pool_.bytes_allocated(); }

  Result<ParquetFile> Close(const arrow::Schema& schema) {
    if (writer_ == nullptr) ARROW_RETURN_NOT_OK(Begin(schema, {}));
    if (const auto counts = nans_.ToMetadata(); counts != nullptr) {
      ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(counts));
    }
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(sink_->Close());
    return ParquetFile{sink_->path(), rows_, sink_->bytes(), sink_->crc32()};
  }

 private:
  explicit FileInProgress(const ParquetOptions& options) : options_(options), pool_(BufferPool()) {}

  Status Begin(const arrow::Schema& schema, const std::vector<std::string>& plain_columns) {
    ARROW_ASSIGN_OR_RAISE(writer_, parquet::arrow::FileWriter::Open(
                                       schema, &pool_, sink_, MakeProperties(options_, plain_columns, &pool_),
                                       MakeArrowProperties(options_)));
    return Status::OK();
  }

  const ParquetOptions& options_;
  std::shared_ptr<FileSink> sink_;
  arrow::ProxyMemoryPool pool_;  ///< counts what the open row group holds
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  NanCounter nans_;
  int64_t rows_ = 0;
  int64_t group_rows_ = 0;
  int64_t group_bytes_ = 0;
  bool group_full_ = true;
};

std::string NumberedPath(const std::string& path, size_t number) {
  if (number == 0) return path;
  const size_t slash = path.rfind('/');
  size_t dot = path.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) dot = path.size();
  return fmt::format("{}-{:05}{}", path.substr(0, dot), number, path.substr(dot));
}

class Writer final : public ParquetWriter {
 public:
  Writer(std::string path, ParquetOptions options, std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)), options_(std::move(options)), schema_(std::move(schema)) {}

  Status Begin() {
    ARROW_ASSIGN_OR_RAISE(file_, FileInProgress::Create(path_, options_));
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows,
               const std::vector<uint8_t>& dropped) override {
    ARROW_RETURN_NOT_OK(status_);
    return status_ = Guarded([&] { return Gather(rows, dropped); });
  }

  Result<std::vector<ParquetFile>> Close() override {
    ARROW_RETURN_NOT_OK(status_);
    status_ = Guarded([&] {
      ARROW_RETURN_NOT_OK(WritePending());
      return file_ == nullptr ? Status::OK() : CloseFile();
    });
    ARROW_RETURN_NOT_OK(status_);
    return std::move(files_);
  }

 private:
  template <typename Call>
  Status Guarded(Call&& call) {
    return WriteError(CatchParquet(std::forward<Call>(call)), path_);
  }

  /// Pages of few rows are put together first.
  Status Gather(const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<uint8_t>& dropped) {
    ARROW_ASSIGN_OR_RAISE(const auto kept, KeptRows(rows, dropped));
    ARROW_ASSIGN_OR_RAISE(auto file_rows, ToFileSchema(*kept, schema_));
    ARROW_ASSIGN_OR_RAISE(const RowGatherer::Chunk chunk, gatherer_.Add(std::move(file_rows)));
    return WriteInSteps(chunk);
  }

  Status WritePending() {
    ARROW_ASSIGN_OR_RAISE(const RowGatherer::Chunk chunk, gatherer_.Flush());
    return WriteInSteps(chunk);
  }

  /// Small enough that limits are met closely.
  Status WriteInSteps(const RowGatherer::Chunk& chunk) {
    if (chunk.rows == nullptr) return Status::OK();
    const int64_t row_bytes = std::max<int64_t>(1, chunk.bytes / chunk.rows->num_rows());
    const int64_t step = std::min(std::clamp<int64_t>(RowGatherer::kBytes / row_bytes, 1, RowGatherer::kRows),
                                  options_.row_group_rows);
    for (int64_t row = 0; row < chunk.rows->num_rows(); row += step) {
      ARROW_RETURN_NOT_OK(WriteChunk(*chunk.rows->Slice(row, step), row_bytes));
    }
    return Status::OK();
  }

  Status WriteChunk(const arrow::RecordBatch& rows, int64_t row_bytes) {
    if (file_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(file_, FileInProgress::Create(NumberedPath(path_, files_.size()), options_));
    }
    ARROW_RETURN_NOT_OK(file_->Write(rows, rows.num_rows() * row_bytes));
    const bool full = options_.target_file_bytes > 0 && file_->Size() >= options_.target_file_bytes;
    return full ? CloseFile() : Status::OK();
  }

  Status CloseFile() {
    ARROW_ASSIGN_OR_RAISE(ParquetFile file, file_->Close(*schema_));
    files_.push_back(std::move(file));
    file_.reset();
    return Status::OK();
  }

  const std::string path_;
  const ParquetOptions options_;
  const std::shared_ptr<arrow::Schema> schema_;
  RowGatherer gatherer_;
  std::unique_ptr<FileInProgress> file_;
  std::vector<ParquetFile> files_;
  Status status_;
};

}  // namespace

Status ParquetOptions::Validate() const {
  if (row_group_rows < 1 || row_group_bytes < 1 || row_group_memory < 1) {
    return MakeError(ErrorCode::kInvalidConfig, "a Parquet row group needs room for at least one row");
  }
  if (target_file_bytes < 0) {
    return MakeError(ErrorCode::kInvalidConfig, "the target size of a Parquet file is negative");
  }
  return Status::OK();
}

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::Create(std::string path,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             const ParquetOptions& options) {
  ARROW_RETURN_NOT_OK(options.Validate());
  ARROW_ASSIGN_OR_RAISE(auto file_schema, FileSchema(schema, options));
  auto writer = std::make_unique<Writer>(std::move(path), options, std::move(file_schema));
  ARROW_RETURN_NOT_OK(writer->Begin());
  return writer;
}

}  // namespace ingesta::columnar
