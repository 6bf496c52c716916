// Where a run's files wait below the local root until they are published: `_ingesta/spool/<pipeline>/<run
// id>/`. A folder with `prepared.json` holds a whole run that only needs publishing; one without was cut off
// and has the resources that were finished as `<resource>.done.json`. Everything is synced before the file
// that vouches for it appears.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/pipeline/run_record.h"

namespace ingesta::pipeline {

class RunSpool {
 public:
  RunSpool(const std::string& root, const std::string& pipeline, const std::string& run_id);
  /// Create the folder where it is missing.
  Status Open() const;
  const std::string& folder() const { return folder_; }
  const std::string& run_id() const { return run_id_; }

  /// A finished resource's records, or nullopt when there is no checkpoint of this configuration.
  std::optional<std::vector<DatasetRecord>> LoadCheckpoint(const std::string& resource,
                                                           const std::string& config_hash) const;
  Status SaveCheckpoint(const std::string& resource, const std::vector<DatasetRecord>& records,
                        const std::string& config_hash) const;
  /// Remove a resource's checkpoint and the files that it names, whatever configuration made it: the resource
  /// is extracted anew, to the same names. OK where there is none.
  Status Forget(const std::string& resource) const;
  /// The run is whole: from here on it is published, by this process or the next.
  Status SavePrepared(const RunRecord& record) const;
  /// nullopt where the run was cut off before it was whole.
  Result<std::optional<RunRecord>> LoadPrepared() const;
  /// Check sizes and checksums of the spooled files. kCorrupt names the first that differs.
  Status Verify(const RunRecord& record) const;
  /// Remove files of a resource that has no checkpoint.
  Status Clear() const;
  Status Remove() const;

  /// The run ids that have a folder, oldest first.
  static Result<std::vector<std::string>> List(const std::string& root, const std::string& pipeline);
  /// The pipelines that have one.
  static Result<std::vector<std::string>> ListPipelines(const std::string& root);

 private:
  std::string root_;
  std::string run_id_;
  std::string folder_;
};

/// Run ids become parts of file names and object keys: letters, digits and `._:+=@~-`, at most 128, no
/// leading dot.
Status CheckRunId(const std::string& run_id);

}  // namespace ingesta::pipeline
