#include "ingesta/catalog/lake_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "ingesta/base/clock.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

std::optional<int64_t> SummaryNumber(const iceberg::Snapshot& snapshot, const char* name) {
  const auto found = snapshot.summary.find(name);
  if (found == snapshot.summary.end()) return std::nullopt;
  int64_t number = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

HistoryEntry EntryOf(const iceberg::Snapshot& snapshot, bool current) {
  HistoryEntry entry;
  entry.time = FormatRfc3339(SystemTime(Millis(snapshot.timestamp_ms)));
  const std::string publication = snapshot.run_id();
  const size_t at = publication.rfind('@');
  entry.run_id = publication.substr(0, at);
  entry.run_time = at == std::string::npos ? "" : publication.substr(at + 1);
  entry.operation = snapshot.operation();
  entry.snapshot = std::to_string(snapshot.id);
  entry.rows_added = SummaryNumber(snapshot, "added-records").value_or(0);
  entry.rows_removed = SummaryNumber(snapshot, "deleted-records").value_or(0);
  entry.rows = SummaryNumber(snapshot, "total-records");
  entry.files = SummaryNumber(snapshot, "total-data-files");
  entry.bytes = SummaryNumber(snapshot, "total-files-size");
  entry.current = current;
  return entry;
}

TableHistory SnapshotsOf(const std::string& dataset, const iceberg::TableMetadata& metadata) {
  TableHistory history{.table = dataset, .kind = "iceberg", .entries = {}};
  std::vector<const iceberg::Snapshot*> snapshots;
  for (const iceberg::Snapshot& snapshot : metadata.snapshots) snapshots.push_back(&snapshot);
  std::stable_sort(snapshots.begin(), snapshots.end(),
                   [](const auto* a, const auto* b) { return a->sequence_number > b->sequence_number; });
  for (const iceberg::Snapshot* snapshot : snapshots) {
    history.entries.push_back(EntryOf(*snapshot, metadata.current_snapshot_id == snapshot->id));
  }
  return history;
}

}  // namespace

DatasetVersion CurrentVersion(const DatasetHistory& history) {
  DatasetVersion version = history.dataset;
  for (const char* format : {"csv", "json", "iceberg"}) {
    const DatasetRun* run = history.Newest(format);
    if (run == nullptr) continue;
    for (const PublishedFile& file : run->files) {
      if (file.format == format) version.files.push_back(file);
    }
  }
  // Days of earlier runs stay; partitions by a column are all the newest run's.
  std::set<std::string> partitions;
  for (const DatasetRun& run : history.runs) {
    if (!run.switched || !run.Has("parquet")) continue;
    std::set<std::string> of_run;
    for (const PublishedFile& file : run.files) {
      if (file.format != "parquet" || partitions.count(file.partition) != 0) continue;
      of_run.insert(file.partition);
      version.files.push_back(file);
    }
    partitions.merge(of_run);
    if (!version.partition_by.by_run_date()) break;
  }
  return version;
}

std::string RunTime(const std::string& timestamp) {
  if (timestamp.size() != 15) return timestamp;
  const std::string_view text = timestamp;
  return fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                     text.substr(9, 2), text.substr(11, 2), text.substr(13, 2));
}

Result<std::optional<std::vector<std::string>>> SymlinkTargets(const std::string& dataset,
                                                               ObjectStore& store) {
  ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(SymlinkKey(dataset)));
  if (!document) return std::nullopt;
  std::vector<std::string> keys;
  for (size_t begin = 0; begin < document->text.size();) {
    const size_t end = std::min(document->text.find('\n', begin), document->text.size());
    const std::string line = document->text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty()) keys.push_back(store.KeyOf(line).value_or(line));
  }
  return std::optional(std::move(keys));
}

Result<TableHistory> HistoryOf(const DatasetHistory& history, ObjectStore& store, const LakeAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const auto table, access.tables->Load(history.dataset.name));
  if (table) return SnapshotsOf(history.dataset.name, table->metadata);
  TableHistory csv{.table = history.dataset.name + "_csv", .kind = "csv", .entries = {}};
  ARROW_ASSIGN_OR_RAISE(const auto targets, SymlinkTargets(history.dataset.name, store));
  for (const DatasetRun& run : history.runs) {
    if (!run.Has("csv")) continue;
    HistoryEntry entry;
    entry.time = RunTime(run.timestamp);
    entry.run_id = run.run_id;
    entry.run_time = run.timestamp;
    entry.operation = "csv";
    int64_t files = 0;
    int64_t bytes = 0;
    for (const PublishedFile& file : run.files) {
      if (file.format != "csv") continue;
      ++files;
      bytes += file.bytes;
      entry.current = entry.current || (targets && !targets->empty() && targets->front() == file.key);
    }
    entry.rows = entry.rows_added = run.rows;
    entry.files = files;
    entry.bytes = bytes;
    csv.entries.push_back(std::move(entry));
  }
  return csv;
}

}  // namespace ingesta::catalog
