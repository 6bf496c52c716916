#include "ingesta/pipeline/suites.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/file_rows.h"
#include "ingesta/columnar/row_source.h"
#include "ingesta/config/arrow_schema.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::pipeline {
namespace {

using expect::Evaluator;
using expect::Expectation;
using expect::OnFailure;

constexpr size_t kShownBytes = 120;

/// The row's values in the columns that `expectation` is about.
std::string ValuesOf(const arrow::RecordBatch& rows, int64_t row, const Expectation& expectation) {
  std::string text;
  const std::string subject = expect::Subject(expectation);
  for (const auto& field : rows.schema()->fields()) {
    const auto is_subject = [&](std::string_view names) {
      return (", " + std::string(names) + ", ").find(", " + field->name() + ", ") != std::string::npos;
    };
    if (!is_subject(subject)) continue;
    const auto value = rows.GetColumnByName(field->name())->GetScalar(row);
    if (!value.ok()) continue;
    std::string shown = (*value)->is_valid ? (*value)->ToString() : "null";
    if (shown.size() > kShownBytes) {
      size_t cut = kShownBytes;
      while (cut > 0 && (static_cast<unsigned char>(shown[cut]) & 0xC0) == 0x80) --cut;
      shown = shown.substr(0, cut) + "...";
    }
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", field->name(), shown);
  }
  return text;
}

/// Hands the rows that stay to the suites, as one more thing to write.
class SuiteWriter final : public format::Writer {
 public:
  SuiteWriter(DatasetSuites& suites, std::unique_ptr<columnar::ArrowFileWriter> file)
      : suites_(suites), file_(std::move(file)) {}

  Status Write(const Batch& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto kept, columnar::KeptRows(batch.rows, batch.dropped));
    if (file_ != nullptr) RETURN_NOT_OK(WithStage(file_->Write(*kept), Stage::kExpect));
    return WithStage(suites_.Observe(*kept), Stage::kExpect);
  }

  Result<std::vector<format::WrittenFile>> Close() override {
    std::vector<format::WrittenFile> files;
    if (file_ == nullptr) return files;
    ARROW_ASSIGN_OR_RAISE(const columnar::ClosedFile file, file_->Close(/*sync=*/false));
    files.push_back({.path = file.path, .rows = file.rows, .bytes = file.bytes, .crc32 = file.crc32});
    return files;
  }

 private:
  DatasetSuites& suites_;
  const std::unique_ptr<columnar::ArrowFileWriter> file_;
};

}  // namespace

Result<std::unique_ptr<DatasetSuites>> DatasetSuites::Make(const config::ResourceSpec& resource,
                                                           const std::shared_ptr<arrow::Schema>& schema,
                                                           const SuiteOptions& options) {
  if (resource.expectations.empty()) return nullptr;
  std::unique_ptr<DatasetSuites> suites(new DatasetSuites(resource, schema, options));
  for (const config::SuiteFile& file : resource.expectations) RETURN_NOT_OK(suites->Add(file));
  RETURN_NOT_OK(suites->MakeEvaluators());
  for (const std::string& key : resource.primary_key) {
    suites->key_columns_.push_back(schema->GetFieldIndex(key));
  }
  return suites;
}

Status DatasetSuites::Add(const config::SuiteFile& file) {
  Entry entry;
  ARROW_ASSIGN_OR_RAISE(entry.suite, expect::ParseSuite(file.text, file.path, expect::AllExpectations()));
  entry.file = file.name;
  entry.staying.name = entry.taking.name = entry.suite.name;
  for (const Expectation& expectation : entry.suite.expectations) {
    const bool takes = expectation.on_failure == OnFailure::kQuarantine;
    entry.takes.push_back(takes);
    (takes ? entry.taking : entry.staying).expectations.push_back(expectation);
    takes_out_ = takes_out_ || takes;
  }
  entries_.push_back(std::move(entry));
  return Status::OK();
}

Status DatasetSuites::MakeEvaluators() {
  const auto make = [&](const expect::Suite& suite, expect::ResultFormat::Level level) {
    return Evaluator::Make(suite, schema_, expect::AllExpectations(),
                           {.format = {.level = level},
                            .memory_limit = options_.memory_limit / static_cast<int64_t>(entries_.size()),
                            .scratch_folder = options_.folder});
  };
  constexpr auto kSummary = expect::ResultFormat::Level::kSummary;
  for (Entry& entry : entries_) {
    ARROW_ASSIGN_OR_RAISE(entry.staying_results, make(entry.staying, kSummary));
    if (entry.taking.expectations.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(entry.taking_results, make(entry.taking, kSummary));
    ARROW_ASSIGN_OR_RAISE(entry.judge, make(entry.taking, expect::ResultFormat::Level::kBooleanOnly));
  }
  return Status::OK();
}

Result<std::vector<uint8_t>> DatasetSuites::TakeOut(Batch& batch, int64_t page) {
  std::vector<uint8_t> taken;
  if (!takes_out_ || batch.rows->num_rows() == 0) return taken;
  std::vector<const Expectation*> broken(static_cast<size_t>(batch.rows->num_rows()), nullptr);
  for (const Entry& entry : entries_) {
    if (entry.judge == nullptr) continue;
    std::vector<expect::RowVerdict> verdicts;
    RETURN_NOT_OK(entry.judge->Update(*batch.rows, &verdicts));
    for (const expect::RowVerdict& verdict : verdicts) {
      const Expectation*& held = broken[static_cast<size_t>(verdict.row)];
      if (held != nullptr || batch.IsDropped(verdict.row)) continue;
      held = &entry.taking.expectations[static_cast<size_t>(verdict.expectation)];
    }
  }
  std::vector<uint8_t> staying(broken.size(), 1);
  int64_t index = 0;
  for (size_t row = 0; row < broken.size(); ++row) {
    if (broken[row] == nullptr) continue;
    if (taken.empty()) taken.resize(broken.size(), 0);
    taken[row] = 1;
    staying[row] = 0;
    RETURN_NOT_OK(Reject(batch, static_cast<int64_t>(row), page, *broken[row]));
    batch.rejected.back().taken_row = index++;
  }
  if (taken.empty()) return taken;
  ARROW_ASSIGN_OR_RAISE(batch.taken_out, columnar::KeptRows(batch.rows, staying));
  RETURN_NOT_OK(RemoveRows(batch, taken));
  return taken;
}

Status DatasetSuites::Reject(Batch& batch, int64_t row, int64_t page, const Expectation& expectation) const {
  RejectedRow rejected;
  rejected.dataset = resource_.name;
  rejected.page = page;
  rejected.column = expect::Subject(expectation);
  rejected.expectation = expectation.type;
  rejected.reason =
      fmt::format("breaks {} {}: {}", expectation.type,
                  expectation.kwargs.dump(-1, ' ', false, expect::Json::error_handler_t::replace),
                  ValuesOf(*batch.rows, row, expectation));
  rejected.source = std::string(batch.sources[static_cast<size_t>(row)]);
  if (!key_columns_.empty()) {
    ARROW_ASSIGN_OR_RAISE(rejected.key, transform::KeyText(batch, key_columns_, row));
  }
  batch.rejected.push_back(std::move(rejected));
  return Status::OK();
}

Status DatasetSuites::KeepTaken(const Batch& batch) {
  if (batch.taken_out == nullptr) return Status::OK();
  std::vector<uint8_t> forgotten(static_cast<size_t>(batch.taken_out->num_rows()), 1);
  for (const RejectedRow& rejected : batch.rejected) {
    if (rejected.taken_row >= 0) forgotten[static_cast<size_t>(rejected.taken_row)] = 0;
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, columnar::KeptRows(batch.taken_out, forgotten));
  if (taken_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(taken_, columnar::ArrowFileWriter::Create(TakenPath(), schema_));
  }
  return taken_->Write(*rows);
}

Result<std::unique_ptr<format::Writer>> DatasetSuites::NewWriter(
    const std::string& rows_path, const std::shared_ptr<arrow::Schema>& schema) {
  std::unique_ptr<columnar::ArrowFileWriter> file;
  if (!rows_path.empty()) {
    ARROW_ASSIGN_OR_RAISE(file, columnar::ArrowFileWriter::Create(rows_path, schema));
  }
  return std::make_unique<SuiteWriter>(*this, std::move(file));
}

Status DatasetSuites::Observe(const arrow::RecordBatch& rows) {
  for (const Entry& entry : entries_) {
    RETURN_NOT_OK(entry.staying_results->Update(rows));
    if (entry.taking_results != nullptr) RETURN_NOT_OK(entry.taking_results->Update(rows));
  }
  return Status::OK();
}

Status DatasetSuites::StartOver(bool taken_too) {
  if (taken_too && taken_ != nullptr) {
    taken_.reset();
    RETURN_NOT_OK(RemoveFile(TakenPath()));
  }
  return MakeEvaluators();
}

Status DatasetSuites::ObserveTaken() {
  if (taken_ == nullptr) return Status::OK();
  RETURN_NOT_OK(taken_->Close(/*sync=*/false).status());
  taken_.reset();
  ARROW_ASSIGN_OR_RAISE(const auto source, columnar::OpenArrowFile(TakenPath()));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, source->Next());
    if (rows == nullptr) return RemoveFile(TakenPath());
    for (const Entry& entry : entries_) {
      std::vector<expect::RowVerdict> verdicts;  // asked for so that the rows are counted
      if (entry.taking_results != nullptr) RETURN_NOT_OK(entry.taking_results->Update(*rows, &verdicts));
    }
  }
}

Result<std::vector<SuiteOutcome>> DatasetSuites::Finish() {
  RETURN_NOT_OK(ObserveTaken());
  std::vector<SuiteOutcome> outcomes;
  for (Entry& entry : entries_) {
    ARROW_ASSIGN_OR_RAISE(SuiteOutcome outcome, FinishSuite(entry));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

// The two parts' results in the suite's order.
Result<SuiteOutcome> DatasetSuites::FinishSuite(Entry& entry) const {
  SuiteOutcome outcome{.suite = entry.suite, .file = entry.file, .result = {}};
  ARROW_ASSIGN_OR_RAISE(outcome.result, entry.staying_results->Finish());
  if (entry.taking_results == nullptr) return outcome;
  ARROW_ASSIGN_OR_RAISE(expect::SuiteResult taking, entry.taking_results->Finish());
  auto staying = std::exchange(outcome.result.results, {});
  size_t next_staying = 0;
  size_t next_taking = 0;
  for (const bool takes : entry.takes) {
    auto& one = takes ? taking.results[next_taking++] : staying[next_staying++];
    // Rows that were taken out have no number in the published ones.
    if (takes && one.result.is_object()) one.result.erase("partial_unexpected_index_list");
    outcome.result.results.push_back(std::move(one));
  }
  outcome.result.rows = taking.rows;
  outcome.result.success = outcome.result.success && taking.success;
  return outcome;
}

std::string DatasetSuites::TakenPath() const {
  return fmt::format("{}/{}.taken.arrow", options_.folder, resource_.name);
}

Status TakeOutRows(const std::vector<std::unique_ptr<DatasetSuites>>& suites, std::vector<Batch>& batches,
                   size_t first, size_t last, int64_t page) {
  for (size_t i = first; i < last; ++i) {
    if (suites[i] == nullptr) continue;
    ARROW_ASSIGN_OR_RAISE(const std::vector<uint8_t> taken, suites[i]->TakeOut(batches[i], page));
    if (i > 0 || taken.empty()) continue;
    for (size_t child = 1; child < batches.size(); ++child) {
      RETURN_NOT_OK(RemoveChildrenOf(batches[child], taken));
    }
  }
  return Status::OK();
}

Status CheckSuites(const config::PipelineSpec& pipeline) {
  std::string mistakes;
  const auto note = [&mistakes](const std::string& place, std::string_view message) {
    while (!message.empty()) {
      const size_t end = std::min(message.find('\n'), message.size());
      mistakes += fmt::format("{}{}: {}", mistakes.empty() ? "" : "\n", place, message.substr(0, end));
      message.remove_prefix(std::min(end + 1, message.size()));
    }
  };
  for (const config::ResourceSpec& resource : pipeline.resources) {
    const auto schema = config::ArrowSchema(resource.columns);
    for (const config::SuiteFile& file : resource.expectations) {
      const auto suite = expect::ParseSuite(file.text, file.path, expect::AllExpectations());
      const Status status =
          suite.ok() ? Evaluator::Make(*suite, schema, expect::AllExpectations()).status() : suite.status();
      if (status.ok()) continue;
      if (CodeOf(status) != ErrorCode::kInvalidConfig) return status;
      note(file.place, status.message());
    }
  }
  if (mistakes.empty()) return Status::OK();
  return MakeError(
      {.code = ErrorCode::kInvalidConfig,
       .stage = Stage::kConfig,
       .hint = "correct the suite, or the columns of the pipeline; docs/en/expectations.md lists the "
               "expectations"},
      mistakes);
}

Status RemoveRows(Batch& batch, const std::vector<uint8_t>& removed) {
  if (std::none_of(removed.begin(), removed.end(), [](uint8_t flag) { return flag != 0; }))
    return Status::OK();
  ARROW_ASSIGN_OR_RAISE(batch.rows, columnar::KeptRows(batch.rows, removed));
  const auto filter = [&removed](auto& list) {
    if (list.empty()) return;
    size_t kept = 0;
    for (size_t row = 0; row < removed.size(); ++row) {
      if (removed[row] == 0) list[kept++] = list[row];
    }
    list.resize(kept);
  };
  filter(batch.sources);
  filter(batch.parents);
  filter(batch.dropped);
  return Status::OK();
}

Status RemoveChildrenOf(Batch& child, const std::vector<uint8_t>& removed_parents) {
  std::vector<int32_t> numbers(removed_parents.size());
  int32_t next = 0;
  for (size_t i = 0; i < removed_parents.size(); ++i) numbers[i] = removed_parents[i] != 0 ? -1 : next++;
  std::vector<uint8_t> removed(child.parents.size(), 0);
  for (size_t row = 0; row < child.parents.size(); ++row) {
    child.parents[row] = numbers[static_cast<size_t>(child.parents[row])];
    removed[row] = child.parents[row] < 0 ? 1 : 0;
  }
  return RemoveRows(child, removed);
}

}  // namespace ingesta::pipeline
