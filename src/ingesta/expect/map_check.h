// Expectations that ask one question of every row: which rows are looked at, how many break the rule, what
// the result shows of them. The rule itself is a RowRule, one a family. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/check.h"
#include "ingesta/expect/registry.h"
#include "ingesta/expect/values.h"

namespace ingesta::expect {

class RowRule {
 public:
  virtual ~RowRule() = default;
  /// Set failed[row] to 1 at each of `rows` that breaks the rule. All bytes are 0 before.
  virtual Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) = 0;

  /// Whether rows can be judged only after all have been seen: then all rows come to Observe first, and
  /// to Judge in a second pass.
  virtual bool NeedsWholeColumn() const { return false; }
  virtual Status Observe(const BatchView&, const RowSet&) { return Status::OK(); }
  /// All have been seen; false: none can fail, so no second pass.
  virtual Result<bool> EndObserve() { return true; }
};

/// What becomes of rows without values.
enum class MissingRows {
  kCounted,    ///< they are rows like others, and the result says nothing of missing ones
  kDropped,    ///< left out, and counted as missing
  kDropIfAll,  ///< left out where all columns are missing
  kDropIfAny,
  kKept,  ///< none is left out
};

struct MapDomain {
  std::vector<int> columns;
  int condition = -1;
  MissingRows missing = MissingRows::kDropped;
  enum class Shape { kValue, kPair, kRecord } shape = Shape::kValue;
};

/// The check of `rule` over the rows of `domain`, with the context's `mostly` and result format.
Result<std::unique_ptr<Check>> MakeMapCheck(const CheckContext& context, MapDomain domain,
                                            std::unique_ptr<RowRule> rule);
/// The same over the one column that kwarg `column` names.
Result<std::unique_ptr<Check>> MakeColumnMapCheck(const CheckContext& context, std::unique_ptr<RowRule> rule,
                                                  MissingRows missing = MissingRows::kDropped);
/// The kwarg ignore_row_if. kInvalidConfig.
Result<MissingRows> ReadIgnoreRowIf(const CheckContext& context);

/// kInvalidConfig where the column's values can't be taken as text.
Status CheckHasText(const CheckContext& context, int column);

/// GX's `partial_unexpected_counts`, or null where Python could not have sorted the values.
Json CountValues(const std::vector<Json>& values, int limit, bool nulls_differ);

/// A mask of `rows` that are in `condition` and not left out by `missing`; uses `buffer` where it is needed.
Result<RowSet> DomainRows(const BatchView& batch, const MapDomain& domain, std::vector<uint8_t>& buffer,
                          int64_t* in_condition);

}  // namespace ingesta::expect
