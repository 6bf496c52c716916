#include "ingesta/pipeline/run_pipeline.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/container.h"
#include "ingesta/pipeline/load_resource.h"
#include "ingesta/pipeline/publish.h"
#include "ingesta/pipeline/recover.h"
#include "ingesta/pipeline/run_spool.h"
#include "ingesta/pipeline/suite_results.h"
#include "ingesta/pipeline/suites.h"

namespace ingesta::pipeline {
namespace {

std::string MakeRunId(Clock& clock, Random& random) {
  return fmt::format("{}-{:08x}", FormatKeyTimestamp(clock.Now()), random.Next() & 0xffffffff);
}

bool IsWanted(const ResourceTree& tree, const RunOptions& options) {
  for (size_t i = 0; i < tree.size(); ++i) {
    if (options.Wants(tree.dataset(i).name)) return true;
  }
  return false;
}

class Run {
 public:
  Run(const config::PipelineSpec& pipeline, const RunOptions& options, const RunContext& context)
      : pipeline_(pipeline),
        options_(options),
        context_(context),
        log_(context.log.With("pipeline", pipeline.name).With("run_id", options.run_id)),
        spool_(options.root, pipeline.name, options.run_id),
        retries_(context.clock) {}

  RunOutcome Execute();

 private:
  Status Steps();
  Status OpenStore();
  Status TakeLease();
  Status PlanSchemas(ResourceStages& stages);
  Status Extract();
  Status ExtractResource(const ResourceTree& tree, http::Client& client);
  Status CheckWanted(const std::vector<DatasetRecord>& datasets) const;
  Status Recover();
  Result<bool> IsDone();
  Status PublishPrepared();
  void Fail(const Status& status);
  RunRecord& record() { return outcome_.record; }

  const config::PipelineSpec& pipeline_;
  const RunOptions& options_;
  const RunContext& context_;
  const Logger log_;
  RunSpool spool_;
  RunOutcome outcome_;
  RetryLog retries_;
  std::unique_ptr<LocalLock> lock_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<Lease> lease_;
  std::vector<DatasetRecord> refused_;  ///< for their expectations: in the record, never published
  Status store_status_;  ///< why the store can't be used; the run then ends with its files in the spool
};

RunOutcome Run::Execute() {
  record().run_id = options_.run_id;
  record().pipeline = pipeline_.name;
  record().config_hash = pipeline_.config_hash;
  record().version = options_.version;
  record().started_at = FormatRfc3339(context_.clock.Now());
  record().timestamp = FormatKeyTimestamp(context_.clock.Now());
  outcome_.status = Redacted(Steps(), pipeline_.secrets);
  if (!outcome_.status.ok()) Fail(outcome_.status);
  if (store_ != nullptr && !outcome_.already_done) record().facts.store_requests = store_->RequestCounts();
  lease_.reset();
  catalog_.reset();
  if (store_status_.ok()) outcome_.store = std::move(store_);
  return std::move(outcome_);
}

// The run from end to end; the stages of a page are in load_resource.cc.
Status Run::Steps() {
  RETURN_NOT_OK(CheckRunId(options_.run_id));
  ARROW_ASSIGN_OR_RAISE(lock_, LocalLock::Acquire(options_.root, pipeline_.name));
  if (options_.Publishes()) {
    RETURN_NOT_OK(OpenStore());
    if (store_status_.ok()) {
      RETURN_NOT_OK(Recover());
    } else {
      log_.Warning(fmt::format("{} can't be used: {}. Extracting all the same; the files will be kept in {}",
                               record().store, store_status_.message(), spool_.folder()),
                   {{"hint", HintOf(store_status_)}});
    }
    ARROW_ASSIGN_OR_RAISE(const bool done, IsDone());
    if (done) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto prepared, spool_.LoadPrepared());
    if (prepared.has_value() && !options_.force) {
      record() = *prepared;
      return PublishPrepared();
    }
  }
  const Status extracted = Extract();
  retries_.Finish(record().facts);
  RETURN_NOT_OK(extracted);
  record().finished_at = FormatRfc3339(context_.clock.Now());
  if (!options_.Publishes()) return spool_.Remove();
  // Publish saves it too, with the keys that it chose.
  if (!store_status_.ok()) RETURN_NOT_OK(spool_.SavePrepared(record()));
  return PublishPrepared();
}

// A store that takes the lease and then refuses the objects is no reason to extract nothing tonight.
Status Run::Recover() {
  const StepTimer step(record().facts, context_.clock, "recover");
  const RecoverContext recover{spool_, options_, context_, *store_, *catalog_, log_};
  store_status_ = RecoverEarlierRuns(pipeline_, recover, outcome_.recovered);
  if (store_status_.ok()) return Status::OK();
  log_.Error(WithPrefix(store_status_, "earlier runs could not be published"));
  return context_.stop.Check();
}

Result<bool> Run::IsDone() {
  if (options_.resume && !PathExists(spool_.folder())) {
    outcome_.already_done = true;
    return true;
  }
  if (!store_status_.ok() || options_.force) return false;
  ARROW_ASSIGN_OR_RAISE(const auto manifest, ReadManifest(*store_, pipeline_.name, options_.run_id));
  if (!manifest.has_value() || manifest->status != RunStatus::kSucceeded || !manifest->tables_done)
    return false;
  outcome_.record = *manifest;
  outcome_.already_done = true;
  RETURN_NOT_OK(spool_.Remove());
  return true;
}

// Without the store a run still extracts: what it has is kept, and published later. Only a lease that is held
// ends it.
Status Run::OpenStore() {
  record().store = context_.factory.StoreUri(pipeline_);
  const Status opened = TakeLease();
  if (opened.ok()) return opened;
  const ErrorCode code = CodeOf(opened);
  const bool ends_the_run = code == ErrorCode::kLeaseHeld || code == ErrorCode::kCancelled ||
                            code == ErrorCode::kInvalidConfig || record().store.rfind("s3://", 0) != 0;
  if (ends_the_run) return WithStage(opened, Stage::kStore);
  store_status_ = WithStage(opened, Stage::kStore);
  return Status::OK();
}

Status Run::TakeLease() {
  const StepTimer step(record().facts, context_.clock, "lease");
  if (store_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(store_, context_.factory.MakeStore(pipeline_));
  }
  if (catalog_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(catalog_, context_.factory.MakeCatalog(pipeline_, *store_));
  }
  ARROW_ASSIGN_OR_RAISE(lease_, Lease::Acquire(*store_, pipeline_.name, options_.run_id, *lock_,
                                               options_.lease, context_.clock, context_.stop, log_));
  return Status::OK();
}

Status Run::Extract() {
  RETURN_NOT_OK(CheckSuites(pipeline_));
  RETURN_NOT_OK(options_.resume ? spool_.Clear() : spool_.Remove());
  RETURN_NOT_OK(spool_.Open());
  ARROW_ASSIGN_OR_RAISE(const auto client,
                        context_.factory.MakeClient(pipeline_, [this](const std::string& url, int attempt,
                                                                      Millis wait, const Status& cause) {
                          retries_.Add(url, attempt, wait, cause);
                          log_.Warning(fmt::format("{}: try {} failed, next in {:.1f} s: {}", url, attempt,
                                                   static_cast<double>(wait.count()) / 1000, cause.message()),
                                       {{"stage", "source"}});
                        }));
  const StopCallback cancel(context_.stop, [&client] { client->Cancel(); });
  Status first_failure;
  for (const ResourceTree& tree : ResourceTree::AllOf(pipeline_)) {
    if (!IsWanted(tree, options_)) continue;
    const Status status = Redacted(ExtractResource(tree, *client), pipeline_.secrets);
    RETURN_NOT_OK(context_.stop.Check());
    if (status.ok()) continue;
    record().errors.push_back(ToRunError(status, tree.resource->name));
    if (pipeline_.on_dataset_failure == config::OnDatasetFailure::kFail || !options_.Publishes())
      return status;
    log_.With("dataset", tree.resource->name).Error(status);
    if (first_failure.ok()) first_failure = status;
  }
  if (record().datasets.empty()) return first_failure;
  record().status = first_failure.ok() ? RunStatus::kSucceeded : RunStatus::kPartial;
  return Status::OK();
}

Status Run::ExtractResource(const ResourceTree& tree, http::Client& client) {
  if (options_.resume) {
    if (auto done = spool_.LoadCheckpoint(tree.resource->name, pipeline_.config_hash)) {
      for (DatasetRecord& dataset : *done) record().datasets.push_back(std::move(dataset));
      return Status::OK();
    }
    RETURN_NOT_OK(spool_.Forget(tree.resource->name));
  }
  retries_.Begin(tree.resource->name);
  const StepTimer step(record().facts, context_.clock, "extract", tree.resource->name);
  ARROW_ASSIGN_OR_RAISE(ResourceStages stages, context_.factory.MakeStages(pipeline_, tree, client));
  RETURN_NOT_OK(WithStage(PlanSchemas(stages), Stage::kCatalog));
  const LoadOptions load{.pipeline = pipeline_.name,
                         .run_id = options_.run_id,
                         .folder = spool_.folder(),
                         .limit = options_.limit};
  const LoadContext context{context_.clock, context_.stop, log_, context_.progress};
  ARROW_ASSIGN_OR_RAISE(std::vector<DatasetRecord> datasets, LoadResource(stages, load, context));
  datasets.front().throttles = retries_.throttles();
  if (const Status met = CheckWanted(datasets); !met.ok()) {
    for (DatasetRecord& dataset : datasets) refused_.push_back(std::move(dataset));
    return met;
  }
  if (options_.Publishes())
    RETURN_NOT_OK(spool_.SaveCheckpoint(tree.resource->name, datasets, pipeline_.config_hash));
  for (DatasetRecord& dataset : datasets) {
    if (options_.Wants(dataset.name)) record().datasets.push_back(std::move(dataset));
  }
  return Status::OK();
}

Status Run::CheckWanted(const std::vector<DatasetRecord>& datasets) const {
  std::vector<DatasetRecord> wanted;
  for (const DatasetRecord& dataset : datasets) {
    if (options_.Wants(dataset.name)) wanted.push_back(dataset);
  }
  return CheckExpectations(wanted, options_.run_id);
}

// The data files of an Iceberg table carry its field ids. Where the table can't be asked now, they are
// counted from 1, and the catalog mends them when it takes the files over.
Status Run::PlanSchemas(ResourceStages& stages) {
  if (!options_.Publishes() || catalog_ == nullptr || !store_status_.ok()) return Status::OK();
  for (size_t i = 0; i < stages.tree.size(); ++i) {
    if (!stages.Writes(i, "iceberg")) continue;
    ARROW_ASSIGN_OR_RAISE(stages.schemas[i],
                          catalog_->PlanSchema(stages.tree.dataset(i).name, stages.schemas[i]));
  }
  return Status::OK();
}

Status Run::PublishPrepared() {
  RETURN_NOT_OK(context_.stop.Check());
  if (!store_status_.ok() && lease_ == nullptr) {
    // Perhaps it has come back meanwhile.
    store_status_ = Status::OK();
    RETURN_NOT_OK(OpenStore());
    RETURN_NOT_OK(store_status_);
  }
  RETURN_NOT_OK(
      WithStage(Publish(record(), spool_, {*store_, *catalog_, context_.clock, log_}), Stage::kStore));
  if (record().status == RunStatus::kPartial) {
    return MakeError(ErrorCode::kIncomplete, "not all datasets could be extracted; the others were published",
                     "look at the errors above, then run again");
  }
  return Status::OK();
}

void Run::Fail(const Status& status) {
  const ErrorCode code = CodeOf(status);
  if (record().errors.empty()) record().errors.push_back(ToRunError(status, ""));
  for (DatasetRecord& dataset : refused_) {
    dataset.files.clear();
    if (options_.Wants(dataset.name)) record().datasets.push_back(std::move(dataset));
  }
  if (code == ErrorCode::kLeaseHeld || code == ErrorCode::kUsage || lock_ == nullptr) return;
  record().finished_at = FormatRfc3339(context_.clock.Now());
  if (record().status == RunStatus::kPartial && code == ErrorCode::kIncomplete) return;
  record().status = RunStatus::kFailed;
  auto prepared = spool_.LoadPrepared();
  // One that can't be read may be whole.
  const bool keep = code == ErrorCode::kCancelled || !prepared.ok() || prepared->has_value();
  if (keep) {
    log_.Info(
        fmt::format("what was extracted is kept in {}: `ingesta resume` or the next run goes on with it",
                    spool_.folder()));
    if (EndsWithContainer(options_.root)) {
      log_.Warning(fmt::format("{} is no mount: what was kept ends with this container", options_.root),
                   {{"hint", "run the container with -v some-volume:" + options_.root}});
    }
    return;
  }
  if (store_ != nullptr && store_status_.ok()) {
    std::vector<std::string> datasets;
    for (const config::ResourceSpec& resource : pipeline_.resources) datasets.push_back(resource.name);
    PublishFailure(record(), datasets, spool_, *store_, log_);
  }
  const Status removed = spool_.Remove();
  if (!removed.ok()) log_.Warning(removed.message());
}

}  // namespace

RunOutcome RunPipeline(const config::PipelineSpec& pipeline, const RunOptions& options,
                       const RunContext& context) {
  RunOptions named = options;
  if (named.run_id.empty()) named.run_id = MakeRunId(context.clock, context.random);
  return Run(pipeline, named, context).Execute();
}

int ExitCodeOf(const RunOutcome& outcome, int quarantine_exit) {
  if (!outcome.status.ok()) {
    switch (CodeOf(outcome.status)) {
      case ErrorCode::kLeaseHeld:
        return kExitLeaseHeld;
      case ErrorCode::kUsage:
      case ErrorCode::kInvalidConfig:
        return kExitUsage;
      default:
        return kExitFailed;
    }
  }
  int64_t rejected = outcome.already_done ? 0 : outcome.record.TotalRejected();
  for (const RunRecord& recovered : outcome.recovered) rejected += recovered.TotalRejected();
  return rejected > 0 ? quarantine_exit : kExitDone;
}

int WorseExitCode(int a, int b) {
  constexpr std::array<int, 5> kRank = {0, 4, 3, 1, 2};  // by code: 1, 2, 4, 3, 0 from the worst
  const auto rank = [&kRank](int code) {
    return code >= 0 && code < 5 ? kRank[static_cast<size_t>(code)] : 4;
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace ingesta::pipeline
