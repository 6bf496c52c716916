#include "ingesta/catalog/iceberg/new_files.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <map>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::iceberg {
namespace {

/// Files that are written at once; each holds an open row group in memory.
constexpr size_t kOpenFiles = 16;
constexpr int64_t kRowGroupMemory = 4 << 20;
constexpr char kContentType[] = "application/vnd.apache.parquet";

}  // namespace

Result<std::unique_ptr<columnar::ParquetWriter>> NewFiles::Create(
    const std::shared_ptr<arrow::Schema>& schema, const columnar::ParquetOptions& parquet) {
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    name = MakeUuid(random_);
  }
  return columnar::ParquetWriter::Create(fmt::format("{}/{}.parquet", options_.folder, name), schema,
                                         parquet);
}

Status NewFiles::Close(columnar::ParquetWriter& writer, const PartitionValues& partition) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<columnar::ParquetFile> files, writer.Close());
  const auto folder_key = store_.KeyOf(options_.table_location + "/data");
  if (!folder_key) {
    return Unsupported(
        fmt::format("the table's location {} lies outside of {}", options_.table_location, store_.Uri()),
        "the table's files must be in the pipeline's own store");
  }
  const std::lock_guard lock(mutex_);
  for (const columnar::ParquetFile& file : files) {
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    files_.push_back({.key = *folder_key + "/" + name, .local_path = file.path, .partition = partition});
    crcs_.push_back(file.crc32);
    rows_ += file.rows;
    bytes_ += file.bytes;
  }
  return Status::OK();
}

Status NewFiles::WriteOne(columnar::RowSource& rows, const PartitionValues& partition) {
  std::unique_ptr<columnar::ParquetWriter> writer;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
    if (batch == nullptr) break;
    if (batch->num_rows() == 0) continue;
    if (writer == nullptr) {
      ARROW_ASSIGN_OR_RAISE(writer, Create(rows.schema(), options_.parquet));
    }
    RETURN_NOT_OK(writer->Write(batch));
  }
  return writer == nullptr ? Status::OK() : Close(*writer, partition);
}

/// One pass: up to kOpenFiles partitions that no earlier pass wrote. False where others are left.
Result<bool> NewFiles::WritePass(columnar::RowSource& rows, RowPartitions& partitions,
                                 std::vector<uint8_t>& done) {
  columnar::ParquetOptions parquet = options_.parquet;
  parquet.row_group_memory = std::min(parquet.row_group_memory, kRowGroupMemory);
  std::map<uint32_t, std::unique_ptr<columnar::ParquetWriter>> writers;
  bool complete = true;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
    if (batch == nullptr) break;
    ARROW_ASSIGN_OR_RAISE(const std::vector<uint32_t> numbers, partitions.Of(*batch));
    std::map<uint32_t, std::vector<uint8_t>> dropped;  // flags of the rows, by partition
    for (size_t row = 0; row < numbers.size(); ++row) {
      const uint32_t number = numbers[row];
      if (number < done.size() && done[number] != 0) continue;
      auto writer = writers.find(number);
      if (writer == writers.end() && writers.size() == kOpenFiles) {
        complete = false;
        continue;
      }
      if (writer == writers.end()) {
        ARROW_ASSIGN_OR_RAISE(writers[number], Create(rows.schema(), parquet));
      }
      auto& flags = dropped[number];
      if (flags.empty()) flags.assign(numbers.size(), 1);
      flags[row] = 0;
    }
    for (const auto& [number, flags] : dropped) RETURN_NOT_OK(writers[number]->Write(batch, flags));
  }
  for (const auto& [number, writer] : writers) {
    RETURN_NOT_OK(Close(*writer, partitions.values(number)));
    if (done.size() <= number) done.resize(number + 1);
    done[number] = 1;
  }
  return complete;
}

Status NewFiles::WriteRouted(const OpenRows& open, RowPartitions& partitions) {
  if (partitions.unpartitioned()) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, open());
    return WriteOne(*rows, {});
  }
  std::vector<uint8_t> done;
  bool complete = false;
  while (!complete) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, open());
    ARROW_ASSIGN_OR_RAISE(complete, WritePass(*rows, partitions, done));
  }
  return Status::OK();
}

Status NewFiles::Publish() {
  for (; published_ < files_.size(); ++published_) {
    const NewDataFile& file = files_[published_];
    RETURN_NOT_OK(store_.PublishFile(file.local_path, file.key, kContentType, crcs_[published_]));
  }
  return Status::OK();
}

void NewFiles::Discard() {
  // The one that failed may be there even so. What stays behind is an orphan that maintenance finds.
  for (size_t i = 0; i < files_.size() && i <= published_; ++i) (void)store_.Delete(files_[i].key);
  published_ = 0;
}

}  // namespace ingesta::iceberg
