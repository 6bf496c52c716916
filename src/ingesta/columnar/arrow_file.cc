#include "ingesta/columnar/arrow_file.h"

#include <arrow/io/file.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/file_sink.h"
#include "ingesta/columnar/memory.h"
#include "ingesta/columnar/parquet_errors.h"

namespace ingesta::columnar {
namespace {

class ArrowFileSource final : public RowSource {
 public:
  ArrowFileSource(std::string path, std::shared_ptr<arrow::ipc::RecordBatchFileReader> file)
      : path_(std::move(path)), file_(std::move(file)), schema_(file_->schema()) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (next_ == file_->num_record_batches()) return nullptr;
    auto rows = file_->ReadRecordBatch(next_++);
    if (!rows.ok()) return ReadError(rows.status(), path_);
    return rows;
  }

 private:
  const std::string path_;
  const std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  const std::shared_ptr<arrow::Schema> schema_;
  int next_ = 0;
};

}  // namespace

Result<std::unique_ptr<ArrowFileWriter>> ArrowFileWriter::Create(
    const std::string& path, const std::shared_ptr<arrow::Schema>& schema) {
  ARROW_ASSIGN_OR_RAISE(auto sink, FileSink::Create(path));
  auto writer = std::unique_ptr<ArrowFileWriter>(new ArrowFileWriter(std::move(sink), schema));
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = BufferPool();
  auto made = arrow::ipc::MakeFileWriter(writer->sink_, schema, options);
  if (!made.ok()) return WriteError(made.status(), path);
  writer->writer_ = std::move(*made);
  return writer;
}

ArrowFileWriter::ArrowFileWriter(std::shared_ptr<FileSink> sink, std::shared_ptr<arrow::Schema> schema)
    : sink_(std::move(sink)), schema_(std::move(schema)) {}

ArrowFileWriter::~ArrowFileWriter() {
  if (!sink_->closed()) (void)sink_->Abort();
}

Status ArrowFileWriter::Write(const arrow::RecordBatch& rows) {
  rows_ += rows.num_rows();
  // The schema's own metadata (field ids) is the file's, whatever the batch carries.
  const auto batch = arrow::RecordBatch::Make(schema_, rows.num_rows(), rows.columns());
  return WriteError(writer_->WriteRecordBatch(*batch), sink_->path());
}

Result<ClosedFile> ArrowFileWriter::Close(bool sync) {
  ARROW_RETURN_NOT_OK(WriteError(writer_->Close(), sink_->path()));
  ARROW_RETURN_NOT_OK(sync ? sink_->Close() : sink_->CloseUnsynced());
  return ClosedFile{sink_->path(), rows_, sink_->bytes(), sink_->crc32()};
}

Result<std::unique_ptr<RowSource>> OpenArrowFile(const std::string& path, const std::vector<int>& columns) {
  ARROW_RETURN_NOT_OK(FileSize(path).status());  // names a missing file as such
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = BufferPool();
  options.included_fields = columns;
  auto file = arrow::io::ReadableFile::Open(path, BufferPool());
  if (!file.ok()) return ReadError(file.status(), path);
  auto reader = arrow::ipc::RecordBatchFileReader::Open(*file, options);
  if (!reader.ok()) return ReadError(reader.status(), path);
  return std::make_unique<ArrowFileSource>(path, std::move(*reader));
}

}  // namespace ingesta::columnar
