#include "ingesta/expect/replay_log.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "ingesta/columnar/arrow_file.h"

namespace ingesta::expect {
namespace {

/// What an empty batch and its arrays weigh, so that many small ones count.
constexpr int64_t kBatchBytes = 1024;

std::shared_ptr<arrow::Schema> Chosen(const arrow::Schema& schema, const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (const int column : columns) fields.push_back(schema.field(column));
  return arrow::schema(std::move(fields));
}

}  // namespace

ReplayLog::ReplayLog(MemoryBudget& memory, std::shared_ptr<arrow::Schema> schema, std::vector<int> columns)
    : memory_(memory), schema_(Chosen(*schema, columns)), columns_(std::move(columns)) {
  memory_.Register(this);
}

ReplayLog::~ReplayLog() {
  memory_.Forget(this);
}

Status ReplayLog::Append(const arrow::RecordBatch& rows) {
  arrow::ArrayVector arrays;
  for (const int column : columns_) arrays.push_back(rows.column(column));
  held_.push_back(arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(arrays)));
  bytes_ += arrow::util::TotalBufferSize(*held_.back()) + kBatchBytes;
  return Status::OK();
}

Status ReplayLog::ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit) {
  for (const std::string& file : files_) {
    ARROW_ASSIGN_OR_RAISE(const auto source, columnar::OpenArrowFile(file));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, source->Next());
      if (batch == nullptr) break;
      RETURN_NOT_OK(visit(*batch));
    }
  }
  for (const auto& batch : held_) RETURN_NOT_OK(visit(*batch));
  return Status::OK();
}

Status ReplayLog::Spill() {
  if (held_.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::string path, memory_.NewFile());
  ARROW_ASSIGN_OR_RAISE(const auto writer, columnar::ArrowFileWriter::Create(path, schema_));
  for (const auto& batch : held_) RETURN_NOT_OK(writer->Write(*batch));
  RETURN_NOT_OK(writer->Close(/*sync=*/false).status());
  files_.push_back(path);
  held_.clear();
  bytes_ = 0;
  return Status::OK();
}

}  // namespace ingesta::expect
