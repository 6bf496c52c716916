// Columns that some check wants to see twice, kept until all rows have passed: as Arrow's own arrays, on disk
// above the memory limit. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/memory_budget.h"

namespace ingesta::expect {

class ReplayLog final : public Spillable {
 public:
  /// `columns`: indexes in `schema`.
  ReplayLog(MemoryBudget& memory, std::shared_ptr<arrow::Schema> schema, std::vector<int> columns);
  ~ReplayLog() override;
  ReplayLog(const ReplayLog&) = delete;
  ReplayLog& operator=(const ReplayLog&) = delete;

  const std::vector<int>& columns() const { return columns_; }
  Status Append(const arrow::RecordBatch& rows);
  /// Visit what was appended, in its order; a batch has the chosen columns alone.
  Status ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit);
  int64_t bytes() const override { return bytes_; }
  Status Spill() override;

 private:
  MemoryBudget& memory_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> columns_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> held_;
  int64_t bytes_ = 0;
  std::vector<std::string> files_;
};

}  // namespace ingesta::expect
