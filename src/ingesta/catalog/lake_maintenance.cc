#include "ingesta/catalog/lake_maintenance.h"

#include <utility>

#include "ingesta/catalog/iceberg/maintenance.h"
#include "ingesta/catalog/replaced_partitions.h"

namespace ingesta::catalog {
namespace {

class Maintainer {
 public:
  Maintainer(const LakeMaintenanceOptions& options, const LakeMaintenanceContext& context)
      : options_(options),
        context_(context),
        maintenance_(context.tables, context.store, context.clock, context.random) {}

  MaintainedTable Maintain(const std::string& dataset) {
    MaintainedTable done;
    done.dataset = dataset;
    done.status = Run(done);
    if (done.status.ok()) done.status = RemoveReplaced(done);
    return done;
  }

 private:
  Status Run(MaintainedTable& done) {
    ARROW_ASSIGN_OR_RAISE(const auto table, context_.tables.Load(done.dataset));
    done.exists = table.has_value();
    if (!done.exists) return Status::OK();
    if (options_.compact) RETURN_NOT_OK(Compact(done));
    if (options_.expire_snapshots) RETURN_NOT_OK(Expire(done));
    return options_.remove_orphans ? RemoveOrphans(done) : Status::OK();
  }

  Status Compact(MaintainedTable& done) {
    ARROW_ASSIGN_OR_RAISE(iceberg::CompactResult result,
                          maintenance_.Compact(done.dataset, {.target_file_bytes = options_.target_file_bytes,
                                                              .scratch = options_.scratch_folder,
                                                              .dry_run = options_.dry_run}));
    done.compacted_files = static_cast<int64_t>(result.replaced.size());
    done.written_files = result.files_after;
    done.bytes_before = result.bytes_before;
    done.bytes_after = result.bytes_after;
    done.refused_files = std::move(result.refused);
    done.snapshot = result.snapshot_id;
    return Status::OK();
  }

  Status Expire(MaintainedTable& done) {
    ARROW_ASSIGN_OR_RAISE(iceberg::ExpireResult result,
                          maintenance_.ExpireSnapshots(done.dataset, {.max_age = options_.snapshot_age,
                                                                      .keep_last = options_.keep_snapshots,
                                                                      .dry_run = options_.dry_run}));
    done.expired_snapshots = std::move(result.snapshots);
    done.expired_objects = std::move(result.removed);
    done.left = std::move(result.left);
    return Status::OK();
  }

  Status RemoveOrphans(MaintainedTable& done) {
    ARROW_ASSIGN_OR_RAISE(const iceberg::OrphanResult result,
                          maintenance_.RemoveOrphans(
                              done.dataset, {.min_age = options_.orphan_age, .dry_run = options_.dry_run}));
    for (const StoredObject& object : result.removed) done.orphans.push_back(object.key);
    done.orphan_bytes = result.bytes;
    done.left.insert(done.left.end(), result.left.begin(), result.left.end());
    return Status::OK();
  }

  Status RemoveReplaced(MaintainedTable& done) {
    if (context_.glue == nullptr || !options_.remove_orphans) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(
        const auto files,
        ReplacedPartitionFiles(done.dataset, context_.store, *context_.glue, context_.database,
                               context_.clock.Now() - options_.orphan_age));
    for (const StoredObject& file : files) {
      done.replaced_files.push_back(file.key);
      done.replaced_bytes += file.size;
      if (!options_.dry_run && !context_.store.Delete(file.key).ok()) done.left.push_back(file.key);
    }
    return Status::OK();
  }

  const LakeMaintenanceOptions& options_;
  const LakeMaintenanceContext& context_;
  iceberg::TableMaintenance maintenance_;
};

}  // namespace

std::vector<MaintainedTable> MaintainLake(const std::vector<std::string>& datasets,
                                          const LakeMaintenanceOptions& options,
                                          const LakeMaintenanceContext& context) {
  Maintainer maintainer(options, context);
  std::vector<MaintainedTable> done;
  for (const std::string& dataset : datasets) done.push_back(maintainer.Maintain(dataset));
  return done;
}

}  // namespace ingesta::catalog
