#include "ingesta/pipeline/load_resource.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "ingesta/pipeline/completeness.h"
#include "ingesta/pipeline/dataset_fingerprints.h"
#include "ingesta/pipeline/dataset_spool.h"
#include "ingesta/pipeline/proof_options.h"
#include "ingesta/pipeline/row_log.h"
#include "ingesta/pipeline/suite_results.h"
#include "ingesta/pipeline/suites.h"

namespace ingesta::pipeline {
namespace {

// More keys than this are not asked for one by one: another pass is cheaper for everybody.
constexpr size_t kMaxLookups = 10'000;

bool ScansSeveralTimes(const config::ResourceSpec& resource) {
  return std::any_of(resource.endpoint.params.begin(), resource.endpoint.params.end(),
                     [](const config::ParamSpec& param) { return param.values.size() > 1; });
}

class ResourceLoad {
 public:
  ResourceLoad(ResourceStages& stages, const LoadOptions& options, const LoadContext& context)
      : stages_(stages),
        resource_(*stages.tree.resource),
        options_(options),
        context_(context),
        log_(context.log.With("dataset", resource_.name)),
        proof_options_(ProofOptionsOf(stages)),
        scans_several_times_(ScansSeveralTimes(resource_)),
        timer_(context.clock),
        proof_(proof_options_) {}

  Result<std::vector<DatasetRecord>> Run();

 private:
  Status Prepare();
  Status RunPasses();
  Status ScanPass(int pass);
  Status LoadPage(Page page);
  Result<decode::DecodedPage> Decode(Page& page);
  Status TakeIn(std::vector<Batch> batches, int64_t page, bool lookup);
  Status CheckDuplicates(std::vector<Batch>& batches, bool lookup);
  Status Write(std::vector<Batch>& batches);
  Status LogRows(const Batch& root, const std::vector<Batch>& batches);
  Status LookUpMissedKeys();
  Status LookUp(const std::string& key);
  Status RestartStream(const Status& cause);
  Result<std::vector<DatasetRecord>> Finish();
  Status FinishSuites(size_t index, const std::vector<bool>& keep, DatasetRecord& record);
  Result<std::vector<bool>> KeptChildren(size_t child, const std::vector<bool>& keep);
  bool LimitReached() const {
    return options_.limit > 0 && spools_.front()->rows_written() >= options_.limit;
  }
  void ReportProgress();

  ResourceStages& stages_;
  const config::ResourceSpec& resource_;
  const LoadOptions& options_;
  const LoadContext& context_;
  const Logger log_;
  const ProofOptions proof_options_;
  const bool scans_several_times_;
  StageTimer timer_;
  CompletenessProof proof_;
  std::vector<std::unique_ptr<DatasetSuites>> suites_;  ///< by dataset; nullptr where it has none
  std::vector<std::unique_ptr<DatasetSpool>> spools_;
  std::vector<std::unique_ptr<DatasetFingerprints>> fingerprints_;  ///< by dataset; nullptr without a key
  std::vector<int> key_columns_;
  std::unique_ptr<RowLog> keys_;      ///< of the root's rows, where keys can be asked for
  std::unique_ptr<RowLog> children_;  ///< child rows of each root row, one uint32 a child dataset
  int pass_ = 1;
  int restarts_ = 0;
  bool took_slices_ = false;
  int64_t pages_ = 0;
};

Status ResourceLoad::Prepare() {
  const SuiteOptions suite_options{
      .folder = options_.folder,
      .memory_limit = SuiteOptions{}.memory_limit / static_cast<int64_t>(stages_.tree.size())};
  for (size_t i = 0; i < stages_.tree.size(); ++i) {
    const config::ResourceSpec& dataset = stages_.tree.dataset(i);
    ARROW_ASSIGN_OR_RAISE(
        auto suites, DatasetSuites::Make(dataset, stages_.rows->schema(static_cast<int>(i)), suite_options));
    suites_.push_back(std::move(suites));
    spools_.push_back(std::make_unique<DatasetSpool>(dataset.name, options_.folder, stages_.schemas[i],
                                                     stages_.formats[i], suites_[i].get()));
    ARROW_ASSIGN_OR_RAISE(
        fingerprints_.emplace_back(),
        DatasetFingerprints::Make(dataset, *stages_.rows->schema(static_cast<int>(i)), options_.folder));
  }
  for (const std::string& key : resource_.primary_key) {
    key_columns_.push_back(stages_.rows->schema(0)->GetFieldIndex(key));
  }
  const std::string base = options_.folder + "/" + resource_.name;
  if (proof_options_.has_key && proof_options_.has_total && stages_.source->CanFetchRecord()) {
    ARROW_ASSIGN_OR_RAISE(keys_, RowLog::Create(base + ".keys"));
  }
  if (stages_.tree.size() > 1) {
    ARROW_ASSIGN_OR_RAISE(children_, RowLog::Create(base + ".children"));
  }
  return Status::OK();
}

Result<std::vector<DatasetRecord>> ResourceLoad::Run() {
  RETURN_NOT_OK(Prepare());
  Status status = RunPasses();
  while (!status.ok() && took_slices_ && IsRetryable(status) && restarts_ < options_.max_restarts) {
    RETURN_NOT_OK(RestartStream(status));
    status = RunPasses();
  }
  RETURN_NOT_OK(status);
  return Finish();
}

Status ResourceLoad::RunPasses() {
  for (pass_ = 1;; ++pass_) {
    RETURN_NOT_OK(ScanPass(pass_));
    if (options_.limit > 0 || !proof_.CanProve()) return Status::OK();
    std::optional<int64_t> total;
    if (!proof_options_.unpaged) {
      if (pass_ > 1) RETURN_NOT_OK(LookUpMissedKeys());
      ARROW_ASSIGN_OR_RAISE(total, stages_.source->AskTotal());
    }
    if (proof_.EndPass(total) || !proof_.MayScanAgain()) return Status::OK();
    log_.Info(fmt::format("pass {} does not prove the dataset complete: {}; scanning again", pass_,
                          proof_.Verify().explanation));
  }
}

Status ResourceLoad::ScanPass(int pass) {
  timer_.Enter(Stage::kSource);
  RETURN_NOT_OK(stages_.source->Start({.pass = pass}));
  proof_.BeginPass(pass);
  if (scans_several_times_ && proof_options_.has_total) {
    ARROW_ASSIGN_OR_RAISE(const auto total, stages_.source->AskTotal());
    proof_.ObserveTotal(total);
  }
  for (const auto& spool : spools_) RETURN_NOT_OK(spool->BeginPart());
  pages_ = 0;
  while (!LimitReached()) {
    RETURN_NOT_OK(context_.stop.Check());
    timer_.Enter(Stage::kSource);
    ARROW_ASSIGN_OR_RAISE(std::optional<Page> page, stages_.source->Next());
    if (!page.has_value()) break;
    RETURN_NOT_OK(LoadPage(*std::move(page)));
    ++pages_;
    ReportProgress();
  }
  timer_.Enter(Stage::kFormat);
  for (const auto& spool : spools_) RETURN_NOT_OK(spool->EndPart());
  timer_.Enter(Stage::kSource);
  return Status::OK();
}

// One page through the stages, in the order of the picture.
Status ResourceLoad::LoadPage(Page page) {
  took_slices_ = took_slices_ || page.is_slice;
  timer_.Enter(Stage::kDecode);
  ARROW_ASSIGN_OR_RAISE(decode::DecodedPage decoded, Decode(page));
  timer_.Enter(Stage::kTransform);
  ARROW_ASSIGN_OR_RAISE(std::vector<Batch> batches, stages_.rows->Finish(std::move(decoded.buffer)));
  return TakeIn(std::move(batches), page.index, /*lookup=*/false);
}

// What expectations take out of the root counts for the proof as rows that were rejected; lines of orders are
// judged when it is known which orders are new.
Status ResourceLoad::TakeIn(std::vector<Batch> batches, int64_t page, bool lookup) {
  timer_.Enter(Stage::kExpect);
  RETURN_NOT_OK(WithStage(TakeOutRows(suites_, batches, 0, 1, page), Stage::kExpect));
  RETURN_NOT_OK(WithStage(CheckDuplicates(batches, lookup), Stage::kExpect));
  RETURN_NOT_OK(WithStage(TakeOutRows(suites_, batches, 1, batches.size(), page), Stage::kExpect));
  timer_.Enter(Stage::kFormat);
  return WithStage(Write(batches), Stage::kFormat);
}

Result<decode::DecodedPage> ResourceLoad::Decode(Page& page) {
  for (;;) {
    stages_.rows->BeginPage(page.index);
    auto decoded = stages_.decoder->Decode(page, stages_.rows->fields(), *stages_.rows);
    if (decoded.ok()) {
      if (!scans_several_times_) proof_.ObserveTotal(decoded->facts.total);
      return decoded;
    }
    stages_.rows->Discard();
    if (!IsRetryable(decoded.status()) || page.is_slice) return WithStage(decoded.status(), Stage::kDecode);
    ARROW_ASSIGN_OR_RAISE(page, stages_.source->Refetch(page, decoded.status()));
  }
}

Status ResourceLoad::CheckDuplicates(std::vector<Batch>& batches, bool lookup) {
  Batch& root = batches.front();
  std::vector<transform::RowIdentity> identities;
  if (proof_options_.has_key) {
    ARROW_ASSIGN_OR_RAISE(identities, transform::IdentifyRows(root, key_columns_));
  }
  const int64_t next_row = spools_.front()->rows_written();
  RETURN_NOT_OK(lookup ? proof_.ObserveLookup(root, identities, next_row)
                       : proof_.Observe(root, identities, next_row));
  if (root.dropped.empty()) return Status::OK();
  // A row that is left out takes its children along.
  for (size_t i = 1; i < batches.size(); ++i) {
    Batch& child = batches[i];
    child.dropped.resize(child.parents.size());
    for (size_t row = 0; row < child.parents.size(); ++row) {
      child.dropped[row] = root.dropped[static_cast<size_t>(child.parents[row])];
    }
  }
  return Status::OK();
}

Status ResourceLoad::Write(std::vector<Batch>& batches) {
  RETURN_NOT_OK(LogRows(batches.front(), batches));
  // The children of a rejected record came, and nobody knows which.
  const bool rejects_parents = !batches.front().rejected.empty();
  for (size_t i = 0; i < batches.size(); ++i) {
    if (fingerprints_[i] != nullptr) {
      RETURN_NOT_OK(fingerprints_[i]->Add(batches[i]));
      if (i > 0 && rejects_parents) fingerprints_[i]->DoubtMissing();
    }
    if (suites_[i] != nullptr) RETURN_NOT_OK(WithStage(suites_[i]->KeepTaken(batches[i]), Stage::kExpect));
    for (const RejectedRow& rejected : batches[i].rejected) {
      RETURN_NOT_OK(spools_[i]->Quarantine(rejected, options_.run_id));
    }
    RETURN_NOT_OK(spools_[i]->Write(std::move(batches[i])));
  }
  return Status::OK();
}

Status ResourceLoad::LogRows(const Batch& root, const std::vector<Batch>& batches) {
  if (keys_ != nullptr) {
    RETURN_NOT_OK(transform::ForEachKeyText(root, key_columns_,
                                            [this](std::string_view key) { return keys_->Append(key); }));
  }
  if (children_ == nullptr) return Status::OK();
  const int64_t rows = root.rows->num_rows();
  std::vector<uint32_t> counts(static_cast<size_t>(rows) * stages_.tree.children.size(), 0);
  for (size_t child = 0; child < stages_.tree.children.size(); ++child) {
    for (const int32_t parent : batches[child + 1].parents) {
      ++counts[static_cast<size_t>(parent) * stages_.tree.children.size() + child];
    }
  }
  const size_t stride = stages_.tree.children.size() * sizeof(uint32_t);
  for (int64_t row = 0; row < rows; ++row) {
    if (root.IsDropped(row)) continue;
    const char* entry = reinterpret_cast<const char*>(counts.data()) + static_cast<size_t>(row) * stride;
    RETURN_NOT_OK(children_->Append({entry, stride}));
  }
  return Status::OK();
}

Status ResourceLoad::LookUpMissedKeys() {
  if (keys_ == nullptr) return Status::OK();
  const std::vector<uint32_t> rows = proof_.RowsToLookUp();
  if (rows.empty() || rows.size() > kMaxLookups) return Status::OK();
  std::vector<std::string> missed;
  size_t next = 0;
  RETURN_NOT_OK(keys_->ForEach([&](int64_t row, std::string_view key) {
    if (row == static_cast<int64_t>(rows[next])) {
      missed.emplace_back(key);
      ++next;
    }
    return next < rows.size();
  }));
  log_.Info(fmt::format("asking for {} keys that not every pass has seen", missed.size()));
  for (const auto& spool : spools_) RETURN_NOT_OK(spool->BeginPart());
  for (const std::string& key : missed) {
    RETURN_NOT_OK(context_.stop.Check());
    RETURN_NOT_OK(LookUp(key));
  }
  for (const auto& spool : spools_) RETURN_NOT_OK(spool->EndPart());
  return Status::OK();
}

Status ResourceLoad::LookUp(const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(std::optional<Page> page, stages_.source->FetchRecord(key));
  if (!page.has_value()) {
    proof_.ObserveDeleted(transform::HashKeyText(key, proof_options_.single_integer_key));
    return Status::OK();
  }
  stages_.rows->BeginPage(page->index);
  auto decoded = stages_.decoder->DecodeRecord(*page, stages_.rows->fields(), *stages_.rows);
  if (!decoded.ok()) {
    stages_.rows->Discard();
    return WithStage(WithPrefix(decoded.status(), "record " + key), Stage::kDecode);
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<Batch> batches, stages_.rows->Finish(std::move(decoded->buffer)));
  return TakeIn(std::move(batches), page->index, /*lookup=*/true);
}

Status ResourceLoad::RestartStream(const Status& cause) {
  ++restarts_;
  log_.Warning(fmt::format("the body broke after {} slices: {}; starting it again", pages_, cause.message()));
  stages_.rows->Discard();
  stages_.rows->ResetNotes();
  proof_.Reset();
  for (const auto& spool : spools_) RETURN_NOT_OK(spool->Reset());
  for (const auto& fingerprints : fingerprints_) {
    if (fingerprints != nullptr) RETURN_NOT_OK(fingerprints->Clear());
  }
  for (const auto& suites : suites_) {
    if (suites != nullptr) RETURN_NOT_OK(suites->StartOver(/*taken_too=*/true));
  }
  if (keys_ != nullptr) RETURN_NOT_OK(keys_->Clear());
  if (children_ != nullptr) RETURN_NOT_OK(children_->Clear());
  took_slices_ = false;
  return context_.stop.Check();
}

Result<std::vector<bool>> ResourceLoad::KeptChildren(size_t child, const std::vector<bool>& keep) {
  std::vector<bool> kept;
  if (keep.empty()) return kept;
  RETURN_NOT_OK(children_->ForEach([&](int64_t row, std::string_view entry) {
    uint32_t count = 0;
    std::memcpy(&count, entry.data() + child * sizeof count, sizeof count);
    kept.insert(kept.end(), count, keep[static_cast<size_t>(row)]);
    return true;
  }));
  return kept;
}

// Where later passes superseded rows, the results are those of the rows that are left.
Status ResourceLoad::FinishSuites(size_t index, const std::vector<bool>& keep, DatasetRecord& record) {
  if (suites_[index] == nullptr) return Status::OK();
  DatasetSuites& suites = *suites_[index];
  if (!keep.empty()) {
    RETURN_NOT_OK(suites.StartOver(/*taken_too=*/false));
    RETURN_NOT_OK(spools_[index]->ForEachKept(
        keep, [&suites](const arrow::RecordBatch& rows) { return suites.Observe(rows); }));
  }
  ARROW_ASSIGN_OR_RAISE(const auto outcomes, suites.Finish());
  return RecordSuites(outcomes,
                      {.pipeline = options_.pipeline,
                       .run_id = options_.run_id,
                       .folder = options_.folder,
                       .now = context_.clock.Now(),
                       .whole = options_.limit == 0},
                      record);
}

Result<std::vector<DatasetRecord>> ResourceLoad::Finish() {
  timer_.Enter(Stage::kFormat);
  const std::vector<bool> keep = proof_.KeptRows(spools_.front()->rows_written());
  Completeness completeness = proof_.Verify();
  if (options_.limit > 0) {
    completeness.verdict = Verdict::kUnverifiable;
    completeness.explanation = fmt::format("stopped after {} rows by --limit", options_.limit);
  }
  const source::ScanStats stats = stages_.source->stats();
  std::vector<DatasetRecord> records;
  for (size_t i = 0; i < stages_.tree.size(); ++i) {
    DatasetRecord record;
    record.name = stages_.tree.dataset(i).name;
    std::vector<bool> kept = keep;
    if (i > 0) {
      ARROW_ASSIGN_OR_RAISE(kept, KeptChildren(i - 1, keep));
    } else {
      record.pages = stats.pages;
      record.requests = stats.requests;
      record.retries = stats.retries + restarts_;
      record.wire_bytes = stats.wire_bytes;
    }
    const transform::TransformNotes& notes = stages_.rows->notes(static_cast<int>(i));
    record.unknown_fields = notes.unknown_fields;
    record.rounded_columns = notes.rounded_columns;
    record.completeness = completeness;
    const config::ResourceSpec& dataset = stages_.tree.dataset(i);
    record.shape = {dataset.columns, dataset.primary_key, dataset.write_disposition, dataset.partition_by};
    RETURN_NOT_OK(WithStage(FinishSuites(i, kept, record), Stage::kExpect));
    RETURN_NOT_OK(WithStage(spools_[i]->Finish(kept, record), Stage::kFormat));
    if (fingerprints_[i] != nullptr) RETURN_NOT_OK(fingerprints_[i]->Finish(kept, record));
    for (DatasetFile& file : record.files) file.merge_input = dataset.merges() && file.format == "iceberg";
    RETURN_NOT_OK(CheckRejected(record, dataset.max_rejected));
    records.push_back(std::move(record));
  }
  timer_.Leave();
  records.front().stage_seconds = timer_.seconds();
  if (completeness.verdict == Verdict::kInexact && !resource_.completeness.allow_inexact) {
    return MakeError(
        {.code = ErrorCode::kIncomplete,
         .stage = Stage::kExpect,
         .hint = "the source changes faster than it can be read: run at a quieter time, use larger pages, "
                 "or set completeness.allow_inexact: true in the pipeline"},
        fmt::format("the rows can't be proved to be the source's: {}", completeness.explanation));
  }
  return records;
}

void ResourceLoad::ReportProgress() {
  const source::ScanStats stats = stages_.source->stats();
  context_.progress.OnProgress({.dataset = resource_.name,
                                .pass = pass_,
                                .pages = pages_,
                                .expected_pages = stages_.source->ExpectedPages(),
                                .rows = spools_.front()->rows_written(),
                                .retries = stats.retries});
}

}  // namespace

Result<std::vector<DatasetRecord>> LoadResource(ResourceStages& stages, const LoadOptions& options,
                                                const LoadContext& context) {
  const MonotonicTime start = context.clock.Monotonic();
  auto records = ResourceLoad(stages, options, context).Run();
  context.progress.OnDatasetEnd(stages.tree.resource->name);
  if (!records.ok()) return WithStage(records.status(), Stage::kSource);
  const std::chrono::duration<double> elapsed = context.clock.Monotonic() - start;
  for (DatasetRecord& record : *records) record.seconds = elapsed.count();
  return records;
}

}  // namespace ingesta::pipeline
