// What one expectation is while a run streams, and what it is given. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/expect.h"

namespace ingesta::expect {

class BatchView;
class ConditionSet;
class MemoryBudget;

struct CheckResult {
  bool success = false;
  Json result = Json::object();
};

class Check {
 public:
  virtual ~Check() = default;
  /// Take in the next rows. `failed`, where given, gets 1 at each row that breaks the expectation.
  virtual Status Update(const BatchView& batch, std::vector<uint8_t>* failed) = 0;
  /// Columns whose rows are wanted a second time; empty for most.
  virtual std::vector<int> ReplayColumns() const { return {}; }
  /// All rows have passed: whether they are wanted again.
  virtual Result<bool> EndPass() { return false; }
  /// The same rows again, of the ReplayColumns.
  virtual Status Replay(const BatchView&) { return Status::OK(); }
  virtual Result<CheckResult> Finish() = 0;
};

/// What a kind's make() gets.
struct CheckContext {
  const Expectation& expectation;
  const arrow::Schema& schema;
  ResultFormat format;
  ConditionSet& conditions;
  MemoryBudget& memory;

  const Json& kwarg(const char* name) const;
  bool has(const char* name) const;
  bool flag(const char* name, bool fallback = false) const;
  double number(const char* name, double fallback) const;
  std::string text(const char* name, const char* fallback = "") const;
  /// The index of the column that kwarg `name` says; kInvalidConfig where there is none.
  Result<int> ColumnIndex(const char* name = "column") const;
  Result<std::vector<int>> ColumnIndexes(const char* name) const;
  /// The id of the row_condition in `conditions`, -1 where there is none.
  Result<int> Condition() const;
};

Result<int> FindColumn(const arrow::Schema& schema, const std::string& name);
Status BadExpectation(std::string message);

}  // namespace ingesta::expect
