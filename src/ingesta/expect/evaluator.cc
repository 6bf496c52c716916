// A suite over a stream of batches: every check sees each batch once, some see their columns a second time
// from the replay log when all have passed.
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/check.h"
#include "ingesta/expect/expect.h"
#include "ingesta/expect/memory_budget.h"
#include "ingesta/expect/registry.h"
#include "ingesta/expect/replay_log.h"
#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {
namespace {

class SuiteEvaluator final : public Evaluator {
 public:
  SuiteEvaluator(const Suite& suite, std::shared_ptr<arrow::Schema> schema, EvaluatorOptions options)
      : name_(suite.name),
        schema_(std::move(schema)),
        options_(std::move(options)),
        memory_(options_.memory_limit, options_.scratch_folder),
        conditions_(*schema_) {}

  Status Bind(const Suite& suite, const Registry& registry) {
    std::vector<std::string> mistakes;
    std::vector<int> replayed;
    for (const Expectation& expectation : suite.expectations) {
      auto check = MakeCheck(expectation, registry);
      if (!check.ok()) {
        mistakes.push_back(
            fmt::format("{}: {}: {}", expectation.place, expectation.type, check.status().message()));
        continue;
      }
      for (const int column : (*check)->ReplayColumns()) replayed.push_back(column);
      entries_.push_back({expectation, *std::move(check), "", 0});
    }
    if (!mistakes.empty()) {
      return MakeError({.code = ErrorCode::kInvalidConfig,
                        .stage = Stage::kExpect,
                        .hint = "correct the suite, or the columns of the pipeline"},
                       fmt::format("{}", fmt::join(mistakes, "\n")));
    }
    std::sort(replayed.begin(), replayed.end());
    replayed.erase(std::unique(replayed.begin(), replayed.end()), replayed.end());
    if (!replayed.empty()) replay_ = std::make_unique<ReplayLog>(memory_, schema_, std::move(replayed));
    return Status::OK();
  }

  Status Update(const arrow::RecordBatch& rows, std::vector<RowVerdict>* verdicts) override {
    if (rows.num_columns() != schema_->num_fields()) {
      return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kExpect}, "rows of another schema");
    }
    const BatchView batch(rows, rows_, conditions_);
    blamed_.assign(verdicts == nullptr ? 0 : static_cast<size_t>(rows.num_rows()), -1);
    for (size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (!entry.exception.empty()) continue;
      const bool takes_out = verdicts != nullptr && entry.expectation.on_failure == OnFailure::kQuarantine;
      RETURN_NOT_OK(Absorb(entry, entry.check->Update(batch, takes_out ? &failed_ : nullptr)));
      if (takes_out && entry.exception.empty()) Blame(static_cast<int>(i), entry);
    }
    for (size_t row = 0; row < blamed_.size(); ++row) {
      if (blamed_[row] >= 0) verdicts->push_back({static_cast<int64_t>(row), blamed_[row]});
    }
    if (replay_ != nullptr) RETURN_NOT_OK(replay_->Append(rows));
    rows_ += rows.num_rows();
    return memory_.Enforce();
  }

  Result<SuiteResult> Finish() override {
    RETURN_NOT_OK(SecondPass());
    SuiteResult result;
    result.suite_name = name_;
    result.rows = rows_;
    result.success = true;
    for (Entry& entry : entries_) {
      ExpectationResult one;
      one.expectation = entry.expectation;
      one.quarantined = entry.quarantined;
      if (entry.exception.empty()) {
        auto checked = entry.check->Finish();
        RETURN_NOT_OK(Absorb(entry, checked.status()));
        if (checked.ok()) {
          one.success = checked->success;
          one.result = std::move(checked->result);
        }
      }
      one.exception = entry.exception;
      result.success = result.success && one.success;
      result.results.push_back(std::move(one));
    }
    return result;
  }

 private:
  struct Entry {
    Expectation expectation;
    std::unique_ptr<Check> check;
    std::string exception;
    int64_t quarantined = 0;
  };

  Result<std::unique_ptr<Check>> MakeCheck(const Expectation& expectation, const Registry& registry) {
    const ExpectationKind* kind = registry.Find(expectation.type);
    if (kind == nullptr) return BadExpectation("there is no such expectation");
    const CheckContext context{expectation, *schema_, expectation.format.value_or(options_.format),
                               conditions_, memory_};
    return kind->make(context);
  }

  /// What data make impossible is the expectation's result; other errors end the run.
  static Status Absorb(Entry& entry, const Status& status) {
    if (status.ok() || CodeOf(status) != ErrorCode::kInvalidConfig) return status;
    entry.exception = status.message();
    return Status::OK();
  }

  void Blame(int index, Entry& entry) {
    for (size_t row = 0; row < blamed_.size(); ++row) {
      if (failed_[row] == 0 || blamed_[row] >= 0) continue;
      blamed_[row] = index;
      ++entry.quarantined;
    }
  }

  Status SecondPass() {
    std::vector<Entry*> again;
    for (Entry& entry : entries_) {
      if (!entry.exception.empty()) continue;
      auto wants = entry.check->EndPass();
      RETURN_NOT_OK(Absorb(entry, wants.status()));
      if (wants.ok() && *wants) again.push_back(&entry);
    }
    if (again.empty() || replay_ == nullptr) return Status::OK();
    int64_t row = 0;
    return replay_->ForEach([&](const arrow::RecordBatch& rows) {
      const BatchView batch(rows, row, conditions_, replay_->columns());
      row += rows.num_rows();
      for (Entry* entry : again) {
        if (entry->exception.empty()) RETURN_NOT_OK(Absorb(*entry, entry->check->Replay(batch)));
      }
      return Status::OK();
    });
  }

  const std::string name_;
  const std::shared_ptr<arrow::Schema> schema_;
  const EvaluatorOptions options_;
  MemoryBudget memory_;
  ConditionSet conditions_;
  std::vector<Entry> entries_;
  std::unique_ptr<ReplayLog> replay_;
  int64_t rows_ = 0;
  std::vector<uint8_t> failed_;
  std::vector<int> blamed_;
};

}  // namespace

Result<std::unique_ptr<Evaluator>> Evaluator::Make(const Suite& suite,
                                                   const std::shared_ptr<arrow::Schema>& schema,
                                                   const Registry& registry, EvaluatorOptions options) {
  auto evaluator = std::make_unique<SuiteEvaluator>(suite, schema, std::move(options));
  RETURN_NOT_OK(evaluator->Bind(suite, registry));
  return evaluator;
}

}  // namespace ingesta::expect
