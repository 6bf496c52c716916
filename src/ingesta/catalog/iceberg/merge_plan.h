// One computation of a merge against one state of the table. Not thread-safe. Used by TableMerger.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ingesta/catalog/iceberg/merge.h"
#include "ingesta/catalog/iceberg/merge_file.h"
#include "ingesta/catalog/iceberg/position_deletes.h"
#include "ingesta/catalog/iceberg/table_plan.h"

namespace ingesta::iceberg {

class MergePlanner {
 public:
  /// All outlive the planner. `plan` has its base and folder.
  MergePlanner(ObjectStore& store, Random& random, const MergeOptions& options, const MergeRequest& request,
               PlannedMerge& plan)
      : store_(store), random_(random), options_(options), request_(request), plan_(plan) {}

  /// Fill in the plan. After an error its files may be published in part.
  Status Run(const NewTable& new_table, int64_t now_ms);

 private:
  Status OpenInput();
  Status IndexKeys();
  Status AddDeletes(const std::vector<Field>& fields);
  Status FindFiles();
  Result<std::optional<MatchedFile>> MatchFile(const LiveFile& data, PositionDeletes& deletes);
  void MakeFiles();
  Status RewriteFiles();
  Status AddRest(const std::vector<FileOutcome>& outcomes);
  Status MakeOperation();

  ObjectStore& store_;
  Random& random_;
  const MergeOptions& options_;
  const MergeRequest& request_;
  PlannedMerge& plan_;
  std::shared_ptr<arrow::Schema> incoming_;
  TablePlan draft_;
  SnapshotScan scan_;
  std::optional<KeyIndex> index_;
  std::optional<MergeInput> input_;
  MergeContext context_;
  std::unique_ptr<PositionDeletes> deletes_;
  std::vector<uint8_t> seen_;  ///< by ordinal: the key was found in the table
  std::vector<MatchedFile> matched_;
  std::set<std::string> removed_;
};

}  // namespace ingesta::iceberg
