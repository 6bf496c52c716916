#include "ingesta/catalog/verify_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/catalog/glue/hive_tables.h"
#include "ingesta/catalog/iceberg/table_files.h"
#include "ingesta/catalog/lake_history.h"
#include "ingesta/catalog/symlink.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kRunAgain = "run the ingestion again: a run writes all files of its table anew";

class TableVerifier {
 public:
  TableVerifier(const DatasetHistory& history, ObjectIndex& objects, ObjectStore& store,
                const LakeAccess& access, TablesCheck& check)
      : history_(history),
        objects_(objects),
        store_(store),
        access_(access),
        check_(check),
        name_(history.dataset.name) {}

  Status Iceberg();
  Status Symlink();

 private:
  void Add(FindingKind kind, const std::string& object, std::string meaning, std::string advice) {
    check_.findings.push_back(
        {kind, history_.pipeline, name_, object, std::move(meaning), std::move(advice)});
  }
  Status CheckObjects(const iceberg::TableFiles& files);
  void CheckRows(const iceberg::TableMetadata& metadata, const iceberg::TableFiles& files);
  void CheckRuns(const iceberg::TableMetadata& metadata);
  void CheckNewest(const iceberg::TableMetadata& metadata);

  const DatasetHistory& history_;
  ObjectIndex& objects_;
  ObjectStore& store_;
  const LakeAccess& access_;
  TablesCheck& check_;
  const std::string& name_;
};

int64_t RowsOf(const DatasetRun& run, std::string_view format) {
  int64_t rows = 0;
  for (const PublishedFile& file : run.files) rows += file.format == format ? file.rows : 0;
  return rows;
}

std::string SummaryOf(const iceberg::Snapshot& snapshot, const char* name) {
  const auto found = snapshot.summary.find(name);
  return found == snapshot.summary.end() ? "" : found->second;
}

/// Whether `snapshot` is the current one or one that it was built on.
bool IsBehindCurrent(const iceberg::TableMetadata& metadata, int64_t snapshot) {
  const iceberg::Snapshot* at = metadata.current_snapshot();
  for (size_t steps = 0; at != nullptr && steps <= metadata.snapshots.size(); ++steps) {
    if (at->id == snapshot) return true;
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  }
  return false;
}

Status TableVerifier::CheckObjects(const iceberg::TableFiles& files) {
  for (const auto& [key, object] : files.objects) {
    check_.named.insert(key);
    ARROW_ASSIGN_OR_RAISE(const auto size, objects_.Size(key, object.bytes));
    if (!size && !object.optional) {
      Add(FindingKind::kHole, store_.Uri(key),
          fmt::format("the {} of Iceberg table {} is missing: reading the table fails", object.role, name_),
          kRunAgain);
    } else if (size && object.bytes >= 0 && *size != object.bytes) {
      Add(FindingKind::kHole, store_.Uri(key),
          fmt::format("the {} of Iceberg table {} has {} bytes, its manifest says {}", object.role, name_,
                      *size, object.bytes),
          kRunAgain);
    }
  }
  for (const iceberg::UnreadableObject& object : files.unreadable) {
    if (CodeOf(object.status) == ErrorCode::kNotFound) continue;  // found above
    Add(FindingKind::kHole, object.location,
        fmt::format("Iceberg table {} can't be read: {}", name_, object.status.message()), kRunAgain);
  }
  return Status::OK();
}

void TableVerifier::CheckRows(const iceberg::TableMetadata& metadata, const iceberg::TableFiles& files) {
  for (const iceberg::Snapshot& snapshot : metadata.snapshots) {
    const auto counted = files.rows.find(snapshot.id);
    const std::string total = SummaryOf(snapshot, "total-records");
    if (counted == files.rows.end() || !counted->second.complete || counted->second.deletes || total.empty())
      continue;
    if (total == std::to_string(counted->second.data)) continue;
    Add(FindingKind::kHole, fmt::format("{} snapshot {}", name_, snapshot.id),
        fmt::format("its summary says {} rows, its data files have {}", total, counted->second.data),
        kRunAgain);
  }
}

// What a run published and what its snapshot has.
void TableVerifier::CheckRuns(const iceberg::TableMetadata& metadata) {
  const bool appends = history_.dataset.write_disposition == "append";
  if (!appends && history_.dataset.write_disposition != "replace") return;
  for (const DatasetRun& run : history_.runs) {
    if (!run.Has("iceberg")) continue;
    const iceberg::Snapshot* snapshot = metadata.SnapshotOfRun(run.publication_id());
    if (snapshot == nullptr) continue;
    const std::string rows = SummaryOf(*snapshot, appends ? "added-records" : "total-records");
    const std::string published = std::to_string(RowsOf(run, "iceberg"));
    if (rows.empty() || rows == published) continue;
    Add(FindingKind::kHole, fmt::format("{} snapshot {}", name_, snapshot->id),
        fmt::format("it has {} rows of run {}, which published {}", rows, run.run_id, published), kRunAgain);
  }
}

void TableVerifier::CheckNewest(const iceberg::TableMetadata& metadata) {
  const DatasetRun* newest = history_.Newest("iceberg");
  if (newest == nullptr) return;
  const iceberg::Snapshot* snapshot = metadata.SnapshotOfRun(newest->publication_id());
  if (snapshot != nullptr) {
    if (IsBehindCurrent(metadata, snapshot->id)) return;
    return Add(FindingKind::kStale, name_,
               fmt::format("the table was rolled back: it does not show run {}, the newest", newest->run_id),
               fmt::format(
                   "nothing, if that is wanted; the next run replaces it, `ingesta lake rollback {} --to {}` "
                   "goes forward again",
                   name_, newest->run_id));
  }
  const iceberg::Snapshot* current = metadata.current_snapshot();
  const bool older = current == nullptr
                         ? RowsOf(*newest, "iceberg") > 0
                         : FormatKeyTimestamp(SystemTime(Millis(current->timestamp_ms))) < newest->timestamp;
  if (!older) return;
  Add(FindingKind::kStale, name_, fmt::format("the table has not taken over run {}", newest->run_id),
      fmt::format("`ingesta resume`, or the next run, brings it up to date"));
}

Status TableVerifier::Iceberg() {
  const auto table = access_.tables->Load(name_);
  if (!table.ok()) {
    const ErrorCode code = CodeOf(table.status());
    if (code != ErrorCode::kCorrupt && code != ErrorCode::kInvalidConfig) return table.status();
    Add(FindingKind::kHole, name_, "the Iceberg table can't be read: " + table.status().message(),
        HintOf(table.status()).empty() ? kRunAgain : HintOf(table.status()));
    check_.unjudged.push_back("iceberg/" + name_ + "/");
    return Status::OK();
  }
  if (!table->has_value()) {
    if (history_.Newest("iceberg") == nullptr) return Status::OK();
    Add(FindingKind::kHole, name_, "the Iceberg table is not in the catalog, although runs have filled it",
        "is it the right catalog (GLUE_DATABASE, S3_BUCKET)? The next run makes the table anew");
    return Status::OK();
  }
  ++check_.tables;
  ARROW_ASSIGN_OR_RAISE(const iceberg::TableFiles files, iceberg::WalkTable(store_, **table));
  ARROW_RETURN_NOT_OK(CheckObjects(files));
  const auto folder = store_.KeyOf((*table)->metadata.location);
  if (!files.unreadable.empty() && folder) check_.unjudged.push_back(*folder + "/");
  CheckRows((*table)->metadata, files);
  CheckRuns((*table)->metadata);
  CheckNewest((*table)->metadata);
  return Status::OK();
}

Status TableVerifier::Symlink() {
  const DatasetRun* newest = history_.Newest("csv");
  const std::string key = SymlinkKey(name_);
  check_.named.insert(key);
  if (newest == nullptr) return Status::OK();
  const std::string table = HiveTableName(name_, "csv_actual");
  ARROW_ASSIGN_OR_RAISE(const auto targets, SymlinkTargets(name_, store_));
  if (!targets || targets->empty()) {
    Add(FindingKind::kHole, store_.Uri(key),
        fmt::format("{} reads through it and is empty without it", table), "the next run writes it");
    return Status::OK();
  }
  ++check_.tables;
  std::vector<std::string> wanted;
  for (const PublishedFile& file : newest->files) {
    if (file.format == "csv") wanted.push_back(file.key);
  }
  for (const std::string& target : *targets) {
    ARROW_ASSIGN_OR_RAISE(const auto size, objects_.Size(target));
    if (size) continue;
    Add(FindingKind::kHole, store_.Uri(key),
        fmt::format("it names {}, which does not exist: reading {} fails", target, table),
        fmt::format(
            "`ingesta lake rollback {} --to RUN` to a run whose CSV is there, or run the ingestion again",
            name_));
  }
  if (*targets != wanted && !history_.switching()) {
    Add(FindingKind::kStale, store_.Uri(key),
        fmt::format("{} shows {}, not the CSV of run {}, the newest", table, targets->front(),
                    newest->run_id),
        "nothing, if it was rolled back; the next run replaces it");
  }
  return Status::OK();
}

}  // namespace

Result<TablesCheck> VerifyTables(const DatasetHistory& history, ObjectIndex& objects, ObjectStore& store,
                                 const LakeAccess& access) {
  TablesCheck check;
  TableVerifier verifier(history, objects, store, access, check);
  ARROW_RETURN_NOT_OK(verifier.Iceberg());
  ARROW_RETURN_NOT_OK(verifier.Symlink());
  if (access.glue != nullptr) ARROW_RETURN_NOT_OK(VerifyHive(history, objects, store, access, check));
  return check;
}

}  // namespace ingesta::catalog
