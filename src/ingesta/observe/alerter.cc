#include "ingesta/observe/alerter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/observe/health.h"
#include "ingesta/pipeline/lake_runs.h"

namespace ingesta::observe {
namespace {

/// Nothing happened, or someone ended it on purpose.
bool IsNoEnd(const pipeline::RunOutcome& outcome) {
  if (outcome.status.ok()) return outcome.already_done;
  const ErrorCode code = CodeOf(outcome.status);
  return code == ErrorCode::kLeaseHeld || code == ErrorCode::kCancelled || code == ErrorCode::kUsage;
}

std::string LocalPath(const std::string& root, const std::string& pipeline) {
  return root + "/" + AlertStateKey(pipeline);
}

// The store's document is the one that the next run finds, wherever it runs; the local one only what a run
// without its store had to say.
Status SaveState(const AlertState& state, const std::string& root, const std::string& pipeline,
                 ObjectStore* store) {
  const std::string local = LocalPath(root, pipeline);
  if (store == nullptr) {
    RETURN_NOT_OK(MakeDirs(ParentDir(local)));
    return AtomicWriteFile(local, ToJson(state));
  }
  RETURN_NOT_OK(store->Write(AlertStateKey(pipeline), ToJson(state), std::nullopt).status());
  if (store->kind() != "local") ::unlink(local.c_str());
  return Status::OK();
}

}  // namespace

std::string AlertStateKey(const std::string& pipeline) {
  return fmt::format("_ingesta/state/alerts-{}.json", pipeline);
}

Alerter::Alerter(std::vector<std::shared_ptr<AlertChannel>> channels, std::string root, Millis max_age,
                 Background& background, Clock& clock, const Logger& log)
    : channels_(std::move(channels)),
      root_(std::move(root)),
      max_age_(max_age),
      background_(background),
      clock_(clock),
      log_(log) {}

AlertState Alerter::ReadState(const std::string& pipeline, ObjectStore* store) const {
  AlertState state;
  const auto local = ReadFile(LocalPath(root_, pipeline));
  if (local.ok()) state = AlertStateFromJson(*local);
  if (store == nullptr || store->kind() == "local") return state;
  const auto document = store->Read(AlertStateKey(pipeline));
  if (!document.ok()) {
    log_.Warning(fmt::format("what was alerted before can't be read: {}", document.status().message()));
  } else if (document->has_value()) {
    state.merge(AlertStateFromJson((*document)->text));
  }
  return state;
}

void Alerter::OnRunEnd(const config::PipelineSpec& pipeline, const pipeline::RunOutcome& outcome,
                       const std::shared_ptr<ObjectStore>& store) {
  if (IsNoEnd(outcome)) return;
  std::vector<pipeline::RunRecord> earlier;
  if (store != nullptr) {
    // One more than the trend: this run is among them.
    auto runs = pipeline::ReadRuns(*store, pipeline.name, 2 * kTrendRuns);
    if (runs.ok()) {
      earlier = std::move(runs->records);
    } else {
      log_.Warning(fmt::format("earlier runs can't be compared with: {}", runs.status().message()));
    }
    std::erase_if(earlier,
                  [&](const pipeline::RunRecord& run) { return run.run_id == outcome.record.run_id; });
  }
  const AlertOptions options{.now = clock_.Now(), .max_age = max_age_};
  const AlertState before = ReadState(pipeline.name, store.get());
  AlertPlan plan =
      PlanAlerts(before, FindProblems(pipeline, outcome, earlier, options), outcome, options.now);
  if (plan.notices.empty()) return;
  background_.Start(
      "alerts",
      [channels = channels_, root = root_, name = pipeline.name, store, plan = std::move(plan)]() -> Status {
        Status failed;
        bool told = false;
        for (const auto& channel : channels) {
          Status sent;
          for (const Notice& notice : plan.notices) {
            if (sent.ok()) sent = channel->Send(notice);
          }
          told = told || sent.ok();
          if (!sent.ok() && failed.ok()) failed = WithPrefix(sent, channel->name());
        }
        // Told nobody: the next run says it again.
        if (told) RETURN_NOT_OK(SaveState(plan.state, root, name, store.get()));
        return failed;
      });
}

}  // namespace ingesta::observe
