#include "ingesta/pipeline/run_facts.h"

#include <chrono>
#include <utility>

namespace ingesta::pipeline {
namespace {

double SecondsBetween(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

// Answers with a long body are quoted in messages; the note needs the beginning.
constexpr size_t kMaxMessage = 300;

bool IsThrottle(const Status& cause) {
  const ErrorDetail* detail = DetailOf(cause);
  return detail != nullptr && (detail->fields().code == ErrorCode::kRateLimited ||
                               detail->fields().http_status == 429 || detail->fields().http_status == 503);
}

}  // namespace

void RetryLog::Begin(const std::string& dataset) {
  const std::lock_guard lock(mutex_);
  dataset_ = dataset;
  throttles_ = 0;
}

void RetryLog::Add(const std::string& url, int attempt, Millis wait, const Status& cause) {
  const std::lock_guard lock(mutex_);
  if (IsThrottle(cause)) ++throttles_;
  if (notes_.size() == kMaxNotes) {
    ++left_out_;
    return;
  }
  notes_.push_back({.at = FormatRfc3339(clock_.Now()),
                    .dataset = dataset_,
                    .url = url,
                    .attempt = attempt,
                    .wait_seconds = static_cast<double>(wait.count()) / 1000,
                    .code = std::string(ErrorCodeName(CodeOf(cause))),
                    .message = cause.message().substr(0, kMaxMessage)});
}

int64_t RetryLog::throttles() const {
  const std::lock_guard lock(mutex_);
  return throttles_;
}

void RetryLog::Finish(RunFacts& facts) {
  const std::lock_guard lock(mutex_);
  facts.retries = std::move(notes_);
  facts.retries_left_out = left_out_;
}

void StageTimer::Enter(Stage stage) {
  const MonotonicTime now = clock_.Monotonic();
  if (running_) seconds_[std::string(StageName(stage_))] += SecondsBetween(since_, now);
  running_ = true;
  stage_ = stage;
  since_ = now;
}

void StageTimer::Leave() {
  if (running_) seconds_[std::string(StageName(stage_))] += SecondsBetween(since_, clock_.Monotonic());
  running_ = false;
}

StepTimer::StepTimer(RunFacts& facts, Clock& clock, std::string step, std::string dataset)
    : facts_(facts), clock_(clock), since_(clock.Monotonic()), index_(facts.steps.size()) {
  facts.steps.push_back({std::move(step), std::move(dataset), FormatRfc3339(clock.Now()), 0});
}

void StepTimer::End() {
  // Steps may have been replaced meanwhile by those of a record that was read.
  if (!ended_ && index_ < facts_.steps.size()) {
    facts_.steps[index_].seconds = SecondsBetween(since_, clock_.Monotonic());
  }
  ended_ = true;
}

}  // namespace ingesta::pipeline
