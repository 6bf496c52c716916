// The completeness proof of one dataset: from its keys and from the source's total it decides whether what
// the scans gave is all there is, and whether another pass is needed. Counting rows proves nothing: a service
// can repeat some rows and lose as many. Pure logic over a KeyIndex; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/key_index.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::pipeline {

struct ProofOptions {
  bool has_key = true;             ///< the pipeline names a primary key
  bool has_total = true;           ///< the service gives a total
  bool unpaged = false;            ///< one body holds everything
  bool single_integer_key = true;  ///< how rejected rows' key texts hash
  int max_passes = 3;
};

class CompletenessProof {
 public:
  explicit CompletenessProof(const ProofOptions& options) : options_(options) {}

  void BeginPass(int pass);
  /// The total that a page of this pass gave; one that differs from the pass's first means that the source
  /// moved.
  void ObserveTotal(std::optional<int64_t> total);
  /// Note the rows of `batch`, whose first row would be number `next_row`, and flag those to leave out in
  /// `batch.dropped`. Of `batch.rejected` only those remain that were not met before. `identities` fits the
  /// rows; it is empty, and nothing is dropped, without a key. Error where there are more rows than the index
  /// can number.
  Status Observe(Batch& batch, const std::vector<transform::RowIdentity>& identities, int64_t next_row);
  /// The service was asked for `key` alone and said it is gone.
  void ObserveDeleted(uint64_t key);
  /// A key was asked for alone and answered: no pass misses it any more.
  Status ObserveLookup(Batch& batch, const std::vector<transform::RowIdentity>& identities, int64_t next_row);

  /// Rows that some pass so far did not meet, ascending; they are asked for one by one where the service can.
  std::vector<uint32_t> RowsToLookUp() const;
  /// Whether the pass (with its lookups) settled the proof. `total_after` is the source's total now.
  bool EndPass(std::optional<int64_t> total_after);
  bool MayScanAgain() const { return pass_ < options_.max_passes; }
  /// Whether anything can be proved at all: otherwise one pass is all.
  bool CanProve() const { return options_.unpaged || (options_.has_key && options_.has_total); }

  /// For each of `rows` written rows, whether it belongs to the result; empty when all do.
  std::vector<bool> KeptRows(int64_t rows) const;
  Completeness Verify() const;
  void Reset();

 private:
  bool Settled(std::optional<int64_t> total_after) const;

  const ProofOptions options_;
  KeyIndex index_;
  int pass_ = 0;
  bool moved_ = false;
  bool settled_ = false;
  std::optional<int64_t> total_before_;
  std::optional<int64_t> total_after_;
  int64_t duplicates_ = 0;
  int64_t looked_up_ = 0;
};

}  // namespace ingesta::pipeline
