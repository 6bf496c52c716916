#include "ingesta/pipeline/verify_lake.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/lake_runs.h"
#include "ingesta/pipeline/lease.h"
#include "ingesta/pipeline/object_keys.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {
namespace {

using catalog::Finding;
using catalog::FindingKind;

constexpr const char* kRestore =
    "restore it from a backup or an older version of the object; a new run makes new files, not this one";

/// One look at a pipeline's lake.
class Verification {
 public:
  Verification(const config::PipelineSpec& pipeline, const VerifyOptions& options, ObjectStore& store,
               catalog::Catalog& catalog, const StopSource& stop)
      : pipeline_(pipeline),
        options_(options),
        store_(store),
        catalog_(catalog),
        stop_(stop),
        objects_(store) {}

  Result<VerifyReport> Look();

 private:
  void Add(FindingKind kind, const std::string& dataset, const std::string& object, std::string meaning,
           std::string advice) {
    report_.findings.push_back(
        {kind, pipeline_.name, dataset, object, std::move(meaning), std::move(advice)});
  }
  bool IsOurs(const std::string& dataset) const;
  /// Whether `record` is the newest run of `dataset`, with none that is being published.
  bool IsNewest(const RunRecord& record, const std::string& dataset) const;
  /// Whether a later run put other objects in the place of this Parquet file's partition: `lake maintain` may
  /// have removed it.
  bool WasReplaced(const RunRecord& record, const std::string& dataset, const DatasetFile& file) const;
  Status ListObjects();
  void NamePending();
  Status CheckRecord(const RunRecord& record);
  Status CheckFile(const RunRecord& record, const DatasetRecord& dataset, const DatasetFile& file);
  void CheckRows(const RunRecord& record, const DatasetRecord& dataset);
  Status CheckBytes(const DatasetRecord& dataset, const DatasetFile& file);
  Status CheckTables();
  Status FindOrphans();
  Status NameByOtherPipelines();

  const config::PipelineSpec& pipeline_;
  const VerifyOptions& options_;
  ObjectStore& store_;
  catalog::Catalog& catalog_;
  const StopSource& stop_;
  catalog::ObjectIndex objects_;
  LakeRuns runs_;
  std::optional<std::string> holder_;  ///< run that has the lease
  std::set<std::string> named_;        ///< keys that something names
  std::set<std::string> pending_;      ///< of these, those of runs in this machine's spool
  std::vector<std::string> unjudged_;  ///< prefixes below which nothing is called an orphan
  std::set<std::string> partitions_;   ///< keys of partitions whose newest file is known
  VerifyReport report_;
};

bool Verification::IsOurs(const std::string& dataset) const {
  return std::any_of(pipeline_.resources.begin(), pipeline_.resources.end(),
                     [&](const config::ResourceSpec& resource) { return resource.name == dataset; });
}

bool Verification::IsNewest(const RunRecord& record, const std::string& dataset) const {
  const auto newest = std::find_if(runs_.records.begin(), runs_.records.end(), [&](const RunRecord& other) {
    return other.status != RunStatus::kFailed && !other.superseded &&
           std::any_of(other.datasets.begin(), other.datasets.end(),
                       [&](const DatasetRecord& entry) { return entry.name == dataset; });
  });
  return newest != runs_.records.end() && newest->run_id == record.run_id;
}

bool Verification::WasReplaced(const RunRecord& record, const std::string& dataset,
                               const DatasetFile& file) const {
  if (file.format != "parquet") return false;
  if (record.superseded) return true;
  const auto replaces = [&](const DatasetFile& other) {
    return other.format == "parquet" && other.partition == file.partition && other.key != file.key;
  };
  for (const RunRecord& later : runs_.records) {  // the newest first
    if (later.run_id == record.run_id) break;
    if (later.status == RunStatus::kFailed || later.superseded || !later.tables_done) continue;
    for (const DatasetRecord& entry : later.datasets) {
      if (entry.name == dataset && std::any_of(entry.files.begin(), entry.files.end(), replaces)) return true;
    }
  }
  return false;
}

Status Verification::ListObjects() {
  for (const config::ResourceSpec& resource : pipeline_.resources) {
    for (const char* prefix : {"", "json/", "parquet/", "iceberg/", "symlink/"}) {
      RETURN_NOT_OK(stop_.Check());
      RETURN_NOT_OK(objects_.AddPrefix(prefix + resource.name + "/"));
    }
  }
  for (const auto& [key, size] : objects_.sizes()) {
    ++report_.objects;
    report_.bytes += size;
  }
  return Status::OK();
}

// A run that was cut off while it published is finished by the next one: its objects are no orphans.
void Verification::NamePending() {
  const auto run_ids = RunSpool::List(options_.root, pipeline_.name);
  if (!run_ids.ok()) return;
  for (const std::string& run_id : *run_ids) {
    const auto prepared = RunSpool(options_.root, pipeline_.name, run_id).LoadPrepared();
    if (!prepared.ok() || !prepared->has_value()) continue;
    for (const DatasetRecord& dataset : (*prepared)->datasets) {
      for (const DatasetFile& file : dataset.files) pending_.insert(file.key);
    }
    report_.notes.push_back(fmt::format(
        "run {} waits in the spool to be published: `ingesta resume`, or the next run, does it", run_id));
  }
}

Status Verification::CheckBytes(const DatasetRecord& dataset, const DatasetFile& file) {
  RETURN_NOT_OK(stop_.Check());
  const std::string folder = options_.root + "/_ingesta/verify";
  const std::string scratch = folder + "/" + std::filesystem::path(file.key).filename().string();
  if (store_.kind() != "local") RETURN_NOT_OK(MakeDirs(folder));
  const auto path = store_.FetchFile(file.key, scratch);
  if (!path.ok() && CodeOf(path.status()) == ErrorCode::kNotFound) return Status::OK();  // found by its size
  const auto sum = path.ok() ? FileCrc32(*path) : Result<uint32_t>(path.status());
  if (path.ok() && *path == scratch) RETURN_NOT_OK(RemoveFile(scratch));
  RETURN_NOT_OK(sum.status());
  ++report_.checksums;
  if (*sum == file.crc32) return Status::OK();
  Add(FindingKind::kHole, dataset.name, store_.Uri(file.key),
      fmt::format("its bytes are not those that were published: CRC-32 {:08x}, the manifest says {:08x}",
                  *sum, file.crc32),
      kRestore);
  return Status::OK();
}

Status Verification::CheckFile(const RunRecord& record, const DatasetRecord& dataset,
                               const DatasetFile& file) {
  // Of the Iceberg table's files its own metadata says which are needed still.
  const bool iceberg = file.format == "iceberg";
  // A partition's object is the newest run's that wrote it; one by a column stays without rows where the
  // newest run has none.
  bool size_known = true;
  if (file.replaces) {
    if (record.superseded || !partitions_.insert(file.key).second) return Status::OK();
    if (!record.tables_done) return Status::OK();  // perhaps put already, perhaps not yet
    size_known = dataset.shape.partition_by.by_run_date() || IsNewest(record, dataset.name);
  }
  const int64_t expected = size_known && !iceberg ? file.bytes : -1;
  ARROW_ASSIGN_OR_RAISE(const auto size, objects_.Size(file.key, expected));
  if (!size) {
    if (iceberg) return Status::OK();
    Add(FindingKind::kHole, dataset.name, store_.Uri(file.key),
        fmt::format("run {} published it with {} rows, and it is missing", record.run_id, file.rows),
        kRestore);
  } else if (expected >= 0 && *size != expected) {
    Add(FindingKind::kHole, dataset.name, store_.Uri(file.key),
        fmt::format("it has {} bytes, run {} published {}", *size, record.run_id, expected), kRestore);
  } else if (options_.checksums && size_known) {
    return CheckBytes(dataset, file);
  }
  return Status::OK();
}

void Verification::CheckRows(const RunRecord& record, const DatasetRecord& dataset) {
  std::map<std::string, int64_t> rows;
  for (const DatasetFile& file : dataset.files) rows[file.format] += file.rows;
  for (const auto& [format, count] : rows) {
    // The JSON backup also has the records that were rejected.
    if (format == "json" || count == dataset.rows) continue;
    Add(FindingKind::kHole, dataset.name, store_.Uri(ManifestKey(pipeline_.name, record.run_id)),
        fmt::format("run {} extracted {} rows, its {} files have {}", record.run_id, dataset.rows, format,
                    count),
        "run the ingestion again, and report this as a fault of ingesta");
  }
}

Status Verification::CheckRecord(const RunRecord& record) {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile& file : dataset.files) named_.insert(file.key);
  }
  if (record.status == RunStatus::kFailed) return Status::OK();
  ++report_.runs;
  if (!record.tables_done && !holder_) {
    Add(FindingKind::kStale, "", store_.Uri(ManifestKey(pipeline_.name, record.run_id)),
        fmt::format("run {} was published, but its tables were not switched to it", record.run_id),
        "`ingesta resume` on the machine that ran it, or the next run, brings the tables up to date");
  }
  for (const DatasetRecord& dataset : record.datasets) {
    if (!IsOurs(dataset.name)) continue;
    CheckRows(record, dataset);
    for (const DatasetFile& file : dataset.files) {
      if (file.placeholder || WasReplaced(record, dataset.name, file)) continue;
      RETURN_NOT_OK(CheckFile(record, dataset, file));
    }
    if (dataset.quarantine) RETURN_NOT_OK(CheckFile(record, dataset, *dataset.quarantine));
  }
  return stop_.Check();
}

Status Verification::CheckTables() {
  for (const config::ResourceSpec& resource : pipeline_.resources) {
    RETURN_NOT_OK(stop_.Check());
    const catalog::DatasetHistory history = HistoryOf(pipeline_.name, resource, runs_);
    ARROW_ASSIGN_OR_RAISE(catalog::TablesCheck check, catalog_.Verify(history, objects_));
    named_.merge(check.named);
    report_.tables += check.tables;
    unjudged_.insert(unjudged_.end(), check.unjudged.begin(), check.unjudged.end());
    std::move(check.findings.begin(), check.findings.end(), std::back_inserter(report_.findings));
  }
  return Status::OK();
}

// Two pipelines may share a prefix: what another one's manifests name is no orphan.
Status Verification::NameByOtherPipelines() {
  const std::string folder = "_ingesta/runs/";
  ARROW_ASSIGN_OR_RAISE(const auto objects, store_.List(folder));
  std::set<std::string> others;
  for (const StoredObject& object : objects) {
    others.insert(object.key.substr(folder.size(), object.key.rfind('/') - folder.size()));
  }
  others.erase(pipeline_.name);
  for (const std::string& other : others) {
    ARROW_ASSIGN_OR_RAISE(const LakeRuns runs, ReadRuns(store_, other));
    for (const RunRecord& record : runs.records) {
      for (const DatasetRecord& dataset : record.datasets) {
        for (const DatasetFile& file : dataset.files) named_.insert(file.key);
      }
    }
  }
  return Status::OK();
}

// What damaged metadata would name must not be called an orphan: somebody might delete it.
Status Verification::FindOrphans() {
  if (!runs_.unreadable.empty()) {
    report_.notes.push_back("orphans are not looked for while manifests can't be read");
    return Status::OK();
  }
  for (const std::string& prefix : unjudged_) {
    report_.notes.push_back(fmt::format(
        "orphans below {} are not looked for while the table can't be read whole", store_.Uri(prefix)));
  }
  std::vector<std::string> orphans;
  const auto collect = [&] {
    orphans.clear();
    for (const auto& [key, size] : objects_.sizes()) {
      const bool judged =
          std::none_of(unjudged_.begin(), unjudged_.end(),
                       [&key = key](const std::string& prefix) { return key.starts_with(prefix); });
      if (judged && named_.count(key) == 0 && pending_.count(key) == 0) orphans.push_back(key);
    }
  };
  collect();
  if (orphans.empty()) return Status::OK();
  RETURN_NOT_OK(NameByOtherPipelines());
  collect();
  if (holder_ && !orphans.empty()) {
    report_.notes.push_back(fmt::format(
        "run {} holds the lease of {}: {} objects that nothing names yet may be its own and are not "
        "called orphans now",
        *holder_, pipeline_.name, orphans.size()));
    return Status::OK();
  }
  for (const std::string& key : orphans) {
    std::string dataset;
    for (const config::ResourceSpec& resource : pipeline_.resources) {
      if (("/" + key).find("/" + resource.name + "/") != std::string::npos) dataset = resource.name;
    }
    Add(FindingKind::kOrphan, dataset, store_.Uri(key),
        key.starts_with("iceberg/") ? "no table and no manifest names it: no reader of the table sees it"
                                    : "no manifest names it, but readers of the folder see its rows",
        "of a run that was cut off on another machine, its next run takes care of it; else look at it and "
        "delete it");
  }
  return Status::OK();
}

// Objects before manifests, manifests before the lease: a run that publishes meanwhile is either named by its
// manifest or still holds the lease.
Result<VerifyReport> Verification::Look() {
  RETURN_NOT_OK(ListObjects());
  ARROW_ASSIGN_OR_RAISE(runs_, ReadRuns(store_, pipeline_.name));
  ARROW_ASSIGN_OR_RAISE(holder_, ReadLeaseHolder(store_, pipeline_.name));
  NamePending();
  for (const auto& [key, status] : runs_.unreadable) {
    Add(FindingKind::kHole, "", store_.Uri(key),
        fmt::format("the manifest can't be read, so nothing vouches for its run's files: {}",
                    status.message()),
        kRestore);
  }
  for (const RunRecord& record : runs_.records) RETURN_NOT_OK(CheckRecord(record));
  RETURN_NOT_OK(CheckTables());
  RETURN_NOT_OK(FindOrphans());
  return std::move(report_);
}

}  // namespace

bool VerifyReport::HasHoles() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.kind == FindingKind::kHole; });
}

Result<VerifyReport> VerifyLake(const config::PipelineSpec& pipeline, const VerifyOptions& options,
                                ObjectStore& store, catalog::Catalog& catalog, const StopSource& stop) {
  ARROW_ASSIGN_OR_RAISE(VerifyReport first, Verification(pipeline, options, store, catalog, stop).Look());
  if (first.findings.empty()) return first;
  // A run or a maintenance that ended between two of the readings leaves what looks like a fault once.
  ARROW_ASSIGN_OR_RAISE(VerifyReport second, Verification(pipeline, options, store, catalog, stop).Look());
  std::set<std::tuple<FindingKind, std::string, std::string>> before;
  for (const Finding& finding : first.findings) before.emplace(finding.kind, finding.object, finding.meaning);
  std::erase_if(second.findings, [&](const Finding& finding) {
    return before.count({finding.kind, finding.object, finding.meaning}) == 0;
  });
  return second;
}

}  // namespace ingesta::pipeline
