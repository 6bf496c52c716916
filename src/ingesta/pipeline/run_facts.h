// How a run went, beside what it brought: its steps with their durations, each retry, the store's requests.
// Plain values, a part of the run record; their JSON form is in run_facts_json.h. RetryLog and StageTimer
// collect them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::pipeline {

/// One step of a run, in the order in which they began: `lease`, `recover`, `extract` (one a resource),
/// `store`, `catalog`.
struct RunStep {
  std::string step;
  std::string dataset;     ///< of `extract`: the resource
  std::string started_at;  ///< RFC 3339 UTC
  double seconds = 0;
};

/// A request that was tried again.
struct RetryNote {
  std::string at;  ///< RFC 3339 UTC
  std::string dataset;
  std::string url;  ///< without secrets
  int attempt = 0;  ///< tries so far
  double wait_seconds = 0;
  std::string code;  ///< of the try that failed
  std::string message;
};

struct RunFacts {
  std::vector<RunStep> steps;
  std::vector<RetryNote> retries;                 ///< the first ones
  int64_t retries_left_out = 0;                   ///< of that list
  std::map<std::string, int64_t> store_requests;  ///< by operation (`PutObject`), tries included; S3 only
};

/// Notes of the retries of a run, bounded: a night with a thousand of them must not make a manifest of
/// megabytes. Thread-safe: retries are reported on the HTTP client's I/O thread.
class RetryLog {
 public:
  static constexpr size_t kMaxNotes = 100;

  explicit RetryLog(Clock& clock) : clock_(clock) {}
  /// What follows is of `dataset`.
  void Begin(const std::string& dataset);
  void Add(const std::string& url, int attempt, Millis wait, const Status& cause);
  /// Answers since Begin by which the service said that it is too much (429, 503).
  int64_t throttles() const;
  /// Put the notes into `facts`. REQUIRES: called once.
  void Finish(RunFacts& facts);

 private:
  Clock& clock_;
  mutable std::mutex mutex_;
  std::string dataset_;
  int64_t throttles_ = 0;
  std::vector<RetryNote> notes_;
  int64_t left_out_ = 0;
};

/// Adds up how long a dataset's pages spend in each stage. A reading of the clock a change: cheap enough for
/// every page. Not thread-safe.
class StageTimer {
 public:
  explicit StageTimer(Clock& clock) : clock_(clock) {}
  /// From now on time counts for `stage`.
  void Enter(Stage stage);
  /// From now on it counts for none.
  void Leave();
  /// Seconds by the stages' names.
  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  Clock& clock_;
  bool running_ = false;
  Stage stage_ = Stage::kSource;
  MonotonicTime since_;
  std::map<std::string, double> seconds_;
};

/// Appends a step to `facts` when it ends.
class StepTimer {
 public:
  StepTimer(RunFacts& facts, Clock& clock, std::string step, std::string dataset = "");
  ~StepTimer() { End(); }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;
  /// Now, rather than at the end of its life.
  void End();

 private:
  RunFacts& facts_;
  Clock& clock_;
  const MonotonicTime since_;
  const size_t index_;
  bool ended_ = false;
};

}  // namespace ingesta::pipeline
