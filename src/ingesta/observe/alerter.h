// Tells of a run's findings once: reads what was told before, sends what is new, keeps it. Sending is the
// background's; reading asks the store that the run has just used. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/observe/background.h"
#include "ingesta/observe/notifier.h"

namespace ingesta::observe {

class Alerter {
 public:
  /// `root`: the local root, which has the state of runs that could not reach their store. REQUIRES:
  /// `background`, `clock` and `log` outlive this object.
  Alerter(std::vector<std::shared_ptr<AlertChannel>> channels, std::string root, Millis max_age,
          Background& background, Clock& clock, const Logger& log);
  /// `store`: where the run's pipeline publishes, or nullptr where it could not be used.
  void OnRunEnd(const config::PipelineSpec& pipeline, const pipeline::RunOutcome& outcome,
                const std::shared_ptr<ObjectStore>& store);

 private:
  AlertState ReadState(const std::string& pipeline, ObjectStore* store) const;

  const std::vector<std::shared_ptr<AlertChannel>> channels_;
  const std::string root_;
  const Millis max_age_;
  Background& background_;
  Clock& clock_;
  const Logger log_;
};

/// `_ingesta/state/alerts-<pipeline>.json`.
std::string AlertStateKey(const std::string& pipeline);

}  // namespace ingesta::observe
