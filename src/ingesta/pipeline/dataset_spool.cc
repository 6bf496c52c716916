#include "ingesta/pipeline/dataset_spool.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/base/log.h"
#include "ingesta/columnar/arrow_file.h"
#include "ingesta/columnar/file_rows.h"
#include "ingesta/columnar/row_source.h"
#include "ingesta/pipeline/suites.h"

namespace ingesta::pipeline {
namespace {

int64_t KeptRows(const Batch& batch) {
  if (batch.dropped.empty()) return batch.rows->num_rows();
  return std::count(batch.dropped.begin(), batch.dropped.end(), 0);
}

constexpr const char* kQuarantineSuffix = ".quarantine.jsonl";

}  // namespace

DatasetSpool::DatasetSpool(std::string dataset, std::string folder, std::shared_ptr<arrow::Schema> schema,
                           const std::vector<std::unique_ptr<format::Format>>& formats, DatasetSuites* suites)
    : dataset_(std::move(dataset)),
      folder_(std::move(folder)),
      schema_(std::move(schema)),
      formats_(formats),
      suites_(suites) {}

DatasetSpool::~DatasetSpool() {
  if (quarantine_ != nullptr) std::fclose(quarantine_);
}

std::string DatasetSpool::PartPath(size_t format, const std::string& part) const {
  return fmt::format("{}/{}.{}.{}{}", folder_, dataset_, formats_[format]->name(), part,
                     formats_[format]->extension());
}

std::string DatasetSpool::QuarantinePath(const std::string& folder, const std::string& dataset) {
  return folder + "/" + dataset + kQuarantineSuffix;
}

Status DatasetSpool::BeginPart() {
  for (size_t i = 0; i < formats_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(
        auto writer, formats_[i]->NewWriter(PartPath(i, fmt::format("part{}", parts_.size() + 1)), schema_));
    lanes_.push_back(std::make_unique<EncoderLane>(std::move(writer)));
  }
  if (suites_ != nullptr) {
    const std::string rows =
        RowHolder() >= 0 ? "" : fmt::format("{}/{}.rows.part{}.arrow", folder_, dataset_, parts_.size() + 1);
    ARROW_ASSIGN_OR_RAISE(auto writer, suites_->NewWriter(rows, schema_));
    suites_lane_ = std::make_unique<EncoderLane>(std::move(writer));
  }
  part_first_row_ = rows_written_;
  return Status::OK();
}

Status DatasetSpool::Write(Batch batch) {
  rows_written_ += KeptRows(batch);
  const auto shared = std::make_shared<const Batch>(std::move(batch));
  for (const auto& lane : lanes_) RETURN_NOT_OK(lane->Write(shared));
  if (suites_lane_ != nullptr) RETURN_NOT_OK(suites_lane_->Write(shared));
  return Status::OK();
}

Status DatasetSpool::EndPart() {
  Part part{.first_row = part_first_row_, .files = {}, .rows = {}};
  for (const auto& lane : lanes_) {
    ARROW_ASSIGN_OR_RAISE(std::vector<format::WrittenFile> files, lane->Close());
    part.files.push_back(std::move(files));
  }
  lanes_.clear();
  if (suites_lane_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(part.rows, suites_lane_->Close());
    suites_lane_.reset();
  }
  parts_.push_back(std::move(part));
  return Status::OK();
}

Status DatasetSpool::Quarantine(const RejectedRow& rejected, const std::string& run_id) {
  if (quarantine_ == nullptr) {
    const std::string path = QuarantinePath(folder_, dataset_);
    quarantine_ = std::fopen(path.c_str(), "we");
    if (quarantine_ == nullptr) return ErrnoError(errno, "create " + path);
  }
  std::string line = R"({"run_id":)";
  AppendJsonString(line, run_id);
  line += R"(,"dataset":)";
  AppendJsonString(line, rejected.dataset);
  line += fmt::format(R"(,"page":{},"column":)", rejected.page);
  AppendJsonString(line, rejected.column);
  line += R"(,"reason":)";
  AppendJsonString(line, rejected.reason);
  if (!rejected.expectation.empty()) {
    line += R"(,"expectation":)";
    AppendJsonString(line, rejected.expectation);
  }
  line += R"(,"key":)";
  AppendJsonString(line, rejected.key);
  line += R"(,"record":)";
  AppendJsonString(line, rejected.source);
  line += "}\n";
  if (std::fwrite(line.data(), 1, line.size(), quarantine_) != line.size()) {
    return ErrnoError(errno, "write the quarantine of " + dataset_);
  }
  ++rows_quarantined_;
  return Status::OK();
}

Result<std::vector<format::WrittenFile>> DatasetSpool::FinishFormat(size_t format,
                                                                    const std::vector<bool>& keep) {
  if (parts_.size() == 1 && keep.empty() && formats_[format]->writes_final_files()) {
    return parts_.front().files[format];
  }
  std::vector<format::PartSelection> selections;
  for (const Part& part : parts_) {
    int64_t first = part.first_row;
    for (const format::WrittenFile& file : part.files[format]) {
      selections.push_back({file.path, [first, &keep](int64_t row) {
                              return keep.empty() || keep[static_cast<size_t>(first + row)];
                            }});
      first += file.rows;
    }
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<format::WrittenFile> combined,
                        formats_[format]->Combine(selections, PartPath(format, "final"), schema_));
  for (const format::PartSelection& part : selections) std::filesystem::remove(part.path);
  return combined;
}

int DatasetSpool::RowHolder() const {
  const auto found = std::find_if(formats_.begin(), formats_.end(),
                                  [](const auto& format) { return format->parts_hold_rows(); });
  return found == formats_.end() ? -1 : static_cast<int>(found - formats_.begin());
}

Status DatasetSpool::ForEachKept(const std::vector<bool>& keep,
                                 const std::function<Status(const arrow::RecordBatch&)>& visit) const {
  const int holder = RowHolder();
  for (const Part& part : parts_) {
    auto row = static_cast<size_t>(part.first_row);
    for (const format::WrittenFile& file : holder < 0 ? part.rows : part.files[static_cast<size_t>(holder)]) {
      ARROW_ASSIGN_OR_RAISE(const auto source,
                            holder < 0 ? columnar::OpenArrowFile(file.path)
                                       : formats_[static_cast<size_t>(holder)]->OpenPart(file.path));
      while (true) {
        ARROW_ASSIGN_OR_RAISE(const auto rows, source->Next());
        if (rows == nullptr) break;
        std::vector<uint8_t> dropped(static_cast<size_t>(rows->num_rows()));
        for (uint8_t& flag : dropped) flag = keep[row++] ? 0 : 1;
        ARROW_ASSIGN_OR_RAISE(const auto kept, columnar::KeptRows(rows, dropped));
        ARROW_ASSIGN_OR_RAISE(const auto typed, columnar::ToFileSchema(*kept, schema_));
        RETURN_NOT_OK(visit(*typed));
      }
    }
  }
  return Status::OK();
}

DatasetFile DatasetSpool::Describe(size_t format, const format::WrittenFile& written) const {
  DatasetFile file;
  file.format = formats_[format]->name();
  file.spool_path = std::filesystem::path(written.path).filename().string();
  file.key_prefix = formats_[format]->key_prefix();
  file.extension = formats_[format]->extension();
  file.content_type = formats_[format]->content_type();
  file.partition = written.partition;
  file.rows = written.rows;
  file.bytes = written.bytes;
  file.crc32 = written.crc32;
  return file;
}

Status DatasetSpool::Finish(const std::vector<bool>& keep, DatasetRecord& record) {
  for (const Part& part : parts_) {
    for (const format::WrittenFile& file : part.rows) RETURN_NOT_OK(RemoveFile(file.path));
  }
  for (size_t i = 0; i < formats_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<format::WrittenFile> files, FinishFormat(i, keep));
    record.rows = 0;
    for (const format::WrittenFile& written : files) {
      record.files.push_back(Describe(i, written));
      record.rows += written.rows;
    }
    if (formats_[i]->writes_final_files()) continue;
    // Partitions of earlier runs may have no rows in this one.
    ARROW_ASSIGN_OR_RAISE(const auto empty, formats_[i]->Combine({}, PartPath(i, "empty"), schema_));
    if (empty.size() != 1) return MakeError(ErrorCode::kInternal, "a file without rows is not one file");
    record.files.push_back(Describe(i, empty.front()));
    record.files.back().placeholder = true;
  }
  record.rejected = rows_quarantined_;
  if (quarantine_ == nullptr) return Status::OK();
  const bool written = std::fflush(quarantine_) == 0 && fsync(fileno(quarantine_)) == 0;
  const int error = errno;
  std::fclose(std::exchange(quarantine_, nullptr));
  if (!written) return ErrnoError(error, "write the quarantine of " + dataset_);
  DatasetFile file;
  file.format = "jsonl";
  file.spool_path = dataset_ + kQuarantineSuffix;
  file.content_type = "application/x-ndjson";
  file.rows = rows_quarantined_;
  const std::string path = folder_ + "/" + file.spool_path;
  ARROW_ASSIGN_OR_RAISE(file.bytes, FileSize(path));
  ARROW_ASSIGN_OR_RAISE(file.crc32, FileCrc32(path));
  record.quarantine = std::move(file);
  return Status::OK();
}

Status DatasetSpool::Reset() {
  lanes_.clear();
  suites_lane_.reset();
  parts_.clear();
  rows_written_ = 0;
  rows_quarantined_ = 0;
  if (quarantine_ != nullptr) std::fclose(std::exchange(quarantine_, nullptr));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().filename().string().rfind(dataset_ + ".", 0) == 0)
      std::filesystem::remove(entry.path(), error);
  }
  return error ? ErrnoError(error.value(), "empty the spool folder " + folder_) : Status::OK();
}

}  // namespace ingesta::pipeline
