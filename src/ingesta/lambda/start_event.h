// What a schedule asks for: the event that EventBridge Scheduler sends, and what follows from it alone. Pure.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::lambda {

/// A schedule's input, with its context attributes filled in by Scheduler:
///   {"schedule": "<aws.scheduler.schedule-arn>", "scheduled_time": "<aws.scheduler.scheduled-time>",
///    "pipelines": ["productos", ...]}     without pipelines: all
struct StartEvent {
  std::string schedule;
  std::string scheduled_time;  ///< `2026-11-24T02:00:00Z`
  std::vector<std::string> pipelines;
};

/// kUsage with what is wrong and what the event should look like.
Result<StartEvent> ParseStartEvent(const std::string& json);

/// The same for every try of a scheduled time, and another one for each other schedule or time:
/// `20261124T020000Z-0f1e2d3c4b5a`.
std::string RunIdOf(const StartEvent& event);

/// ECS's client token for one pipeline of the event: 64 characters, the same for every try.
std::string ClientTokenOf(const StartEvent& event, const std::string& pipeline);

}  // namespace ingesta::lambda
