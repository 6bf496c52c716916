// Which fields of a record feed which columns: the columns' paths as a FieldTree, and for the columns of
// child datasets whether their values come from the child's own record or from its parent's. Made once a
// resource tree; plain values.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/scalar.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::transform {

struct ChildPlan {
  /// For each column of the child: the parent's slot that feeds it, or -1: slot i of the child's own record
  /// feeds column i.
  std::vector<int> parent_slots;
};

struct FieldPlan {
  FieldTree fields;
  /// Slots of the resource's record: one a column, then those that only children use.
  int slot_count = 0;
  std::vector<ChildPlan> children;
};

/// kInvalidConfig for paths that contradict each other.
Result<FieldPlan> MakeFieldPlan(const config::ResourceSpec& resource,
                                const std::vector<const config::ResourceSpec*>& children);

}  // namespace ingesta::transform
