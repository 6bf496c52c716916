#include "ingesta/pipeline/run_spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "ingesta/base/fs.h"

namespace ingesta::pipeline {
namespace {

namespace filesystem = std::filesystem;

constexpr std::string_view kPrepared = "/prepared.json";

std::string SpoolRoot(const std::string& root) {
  return root + "/_ingesta/spool";
}

Result<std::vector<filesystem::path>> Folders(const std::string& parent) {
  std::vector<filesystem::path> folders;
  std::error_code error;
  for (const auto& entry : filesystem::directory_iterator(parent, error)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return ErrnoError(error.value(), "list " + parent);
  std::sort(folders.begin(), folders.end(), [](const auto& a, const auto& b) {
    std::error_code ignored;
    const auto time_a = filesystem::last_write_time(a, ignored);
    const auto time_b = filesystem::last_write_time(b, ignored);
    return time_a != time_b ? time_a < time_b : a < b;
  });
  return folders;
}

}  // namespace

RunSpool::RunSpool(const std::string& root, const std::string& pipeline, const std::string& run_id)
    : root_(root), run_id_(run_id), folder_(fmt::format("{}/{}/{}", SpoolRoot(root), pipeline, run_id)) {}

Status RunSpool::Open() const {
  return MakeDirs(folder_);
}

std::optional<std::vector<DatasetRecord>> RunSpool::LoadCheckpoint(const std::string& resource,
                                                                   const std::string& config_hash) const {
  auto text = ReadFile(fmt::format("{}/{}.done.json", folder_, resource));
  if (!text.ok()) return std::nullopt;
  auto records = DatasetsFromJson(*text, config_hash);
  if (!records.ok()) return std::nullopt;
  RunRecord record;
  record.datasets = *records;
  return Verify(record).ok() ? std::optional(*std::move(records)) : std::nullopt;
}

Status RunSpool::SaveCheckpoint(const std::string& resource, const std::vector<DatasetRecord>& records,
                                const std::string& config_hash) const {
  return AtomicWriteFile(fmt::format("{}/{}.done.json", folder_, resource),
                         DatasetsToJson(records, config_hash));
}

Status RunSpool::Forget(const std::string& resource) const {
  const std::string path = fmt::format("{}/{}.done.json", folder_, resource);
  const auto text = ReadFile(path);
  if (CodeOf(text.status()) == ErrorCode::kNotFound) return Status::OK();
  RETURN_NOT_OK(text.status());
  RETURN_NOT_OK(RemoveFile(path));
  const auto datasets = DatasetsFromJson(*text);
  if (!datasets.ok()) return Status::OK();
  for (const DatasetRecord& dataset : *datasets) {
    std::vector<DatasetFile> files = dataset.files;
    if (dataset.quarantine) files.push_back(*dataset.quarantine);
    files.insert(files.end(), dataset.validations.begin(), dataset.validations.end());
    for (const DatasetFile& file : files) RETURN_NOT_OK(RemoveFile(folder_ + "/" + file.spool_path));
  }
  return Status::OK();
}

// Syncs the folder after the rename, and with it the names of the files, which are synced themselves. Whoever
// finds the record after a loss of power verifies them.
Status RunSpool::SavePrepared(const RunRecord& record) const {
  return AtomicWriteFile(folder_ + std::string(kPrepared), ToJson(record, /*with_spool=*/true));
}

Result<std::optional<RunRecord>> RunSpool::LoadPrepared() const {
  const std::string path = folder_ + std::string(kPrepared);
  const auto text = ReadFile(path);
  if (CodeOf(text.status()) == ErrorCode::kNotFound) return std::nullopt;
  RETURN_NOT_OK(text.status());
  auto record = RunRecordFromJson(*text);
  if (record.ok()) return std::optional(*std::move(record));
  return MakeError(
      CodeOf(record.status()), fmt::format("{}: {}", path, record.status().message()),
      fmt::format("move {0} elsewhere to keep the rows in it, or remove {0} to give them up; the "
                  "next run then extracts anew",
                  folder_));
}

Status RunSpool::Verify(const RunRecord& record) const {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile* file : dataset.SpooledFiles()) {
      const std::string path = folder_ + "/" + file->spool_path;
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, FileSize(path));
      ARROW_ASSIGN_OR_RAISE(const uint32_t crc32, FileCrc32(path));
      if (bytes == file->bytes && crc32 == file->crc32) continue;
      return MakeError(
          ErrorCode::kCorrupt,
          fmt::format("{} has {} bytes and CRC-32 {:08x}, but was written with {} bytes and {:08x}", path,
                      bytes, crc32, file->bytes, file->crc32),
          "the disk lost data: remove the folder and run again");
    }
  }
  return Status::OK();
}

Status RunSpool::Clear() const {
  std::set<std::string> wanted;
  std::error_code error;
  for (const auto& entry : filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".done.json")) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string text, ReadFile(entry.path().string()));
    // One of another configuration keeps its files too: what is not used is removed with the folder. One that
    // can't be read is no use to LoadCheckpoint either.
    const auto datasets = DatasetsFromJson(text);
    if (!datasets.ok()) continue;
    wanted.insert(name);
    for (const DatasetRecord& dataset : *datasets) {
      for (const DatasetFile* file : dataset.SpooledFiles()) wanted.insert(file->spool_path);
    }
  }
  for (const auto& entry : filesystem::directory_iterator(folder_, error)) {
    if (!wanted.contains(entry.path().filename().string())) RETURN_NOT_OK(RemoveTree(entry.path().string()));
  }
  return Status::OK();
}

Status RunSpool::Remove() const {
  return RemoveTree(folder_);
}

Result<std::vector<std::string>> RunSpool::List(const std::string& root, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto folders, Folders(SpoolRoot(root) + "/" + pipeline));
  std::vector<std::string> run_ids;
  for (const auto& folder : folders) run_ids.push_back(folder.filename().string());
  return run_ids;
}

Result<std::vector<std::string>> RunSpool::ListPipelines(const std::string& root) {
  ARROW_ASSIGN_OR_RAISE(const auto folders, Folders(SpoolRoot(root)));
  std::vector<std::string> pipelines;
  for (const auto& folder : folders) pipelines.push_back(folder.filename().string());
  std::sort(pipelines.begin(), pipelines.end());
  return pipelines;
}

Status CheckRunId(const std::string& run_id) {
  constexpr std::string_view kMarks = "._:+=@~-";
  const bool safe = !run_id.empty() && run_id.size() <= 128 && run_id.front() != '.' &&
                    std::all_of(run_id.begin(), run_id.end(), [&](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             kMarks.find(c) != std::string_view::npos;
                    });
  if (safe) return Status::OK();
  return MakeError(ErrorCode::kUsage, fmt::format("'{}' is no run id", run_id),
                   "use letters, digits and ._:+=@~- (at most 128, not beginning with a dot)");
}

}  // namespace ingesta::pipeline
