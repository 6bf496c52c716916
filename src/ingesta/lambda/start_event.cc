#include "ingesta/lambda/start_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/text.h"

namespace ingesta::lambda {
namespace {

using Json = nlohmann::json;

Status WrongEvent(const std::string& what) {
  return MakeError(
      ErrorCode::kUsage, fmt::format("the event: {}", what),
      R"(the schedule's input is {"schedule": "<aws.scheduler.schedule-arn>", "scheduled_time": )"
      R"("<aws.scheduler.scheduled-time>"}; by hand, any name and a time: {"schedule": )"
      R"("by-hand-1", "scheduled_time": "2026-11-24T02:00:00Z"})");
}

std::string TextMember(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// With a separator that neither an ARN nor a time has.
std::string EventDigest(const StartEvent& event, const std::string& more) {
  return aws::Sha256Hex(fmt::format("{}\n{}\n{}", event.schedule, event.scheduled_time, more));
}

}  // namespace

Result<StartEvent> ParseStartEvent(const std::string& json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return WrongEvent("no JSON object: " + aws::Excerpt(json));
  StartEvent event{.schedule = TextMember(document, "schedule"),
                   .scheduled_time = TextMember(document, "scheduled_time"),
                   .pipelines = {}};
  if (event.schedule.empty()) return WrongEvent("`schedule` is missing");
  if (event.schedule.starts_with("<aws.")) return WrongEvent("`schedule` was not filled in by Scheduler");
  if (!aws::ParseIso8601(event.scheduled_time).has_value()) {
    return WrongEvent(fmt::format("`scheduled_time` is no time: '{}'", event.scheduled_time));
  }
  const auto pipelines = document.find("pipelines");
  if (pipelines == document.end()) return event;
  if (!pipelines->is_array()) return WrongEvent("`pipelines` is no list");
  for (const Json& name : *pipelines) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) {
      return WrongEvent("`pipelines` holds something else than names");
    }
    event.pipelines.push_back(name.get<std::string>());
  }
  return event;
}

std::string RunIdOf(const StartEvent& event) {
  const auto at = aws::ParseIso8601(event.scheduled_time);
  std::string stamp = FormatKeyTimestamp(at.value_or(SystemTime()));
  std::replace(stamp.begin(), stamp.end(), '_', 'T');
  return fmt::format("{}Z-{}", stamp, EventDigest(event, "").substr(0, 12));
}

std::string ClientTokenOf(const StartEvent& event, const std::string& pipeline) {
  return EventDigest(event, pipeline);
}

}  // namespace ingesta::lambda
