#include "ingesta/aws/cloudwatch_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ingesta::aws {
namespace {

using LogsJson = nlohmann::ordered_json;

/// The events of a call may span 24 hours.
constexpr std::chrono::hours kMaxLogSpan{24};

// At a character's beginning: half a character is no UTF-8.
void CutMessage(std::string& message) {
  constexpr size_t kMost = kMaxLogEventBytes - kLogEventOverhead;
  if (message.size() <= kMost) return;
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  message.resize(end);
}

std::string BatchBody(const std::string& group, const std::string& stream,
                      const std::vector<LogEvent>& events, size_t begin, size_t end) {
  LogsJson list = LogsJson::array();
  for (size_t i = begin; i < end; ++i) {
    const auto millis = std::chrono::duration_cast<Millis>(events[i].at.time_since_epoch()).count();
    list.push_back(LogsJson{{"timestamp", millis}, {"message", events[i].message}});
  }
  const LogsJson body{{"logGroupName", group}, {"logStreamName", stream}, {"logEvents", std::move(list)}};
  return body.dump(-1, ' ', false, LogsJson::error_handler_t::replace);
}

/// How many of a batch of `count` events an answer says were dropped.
int64_t DroppedOf(const std::string& answer, int64_t count) {
  const auto json = nlohmann::json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("rejectedLogEventsInfo")) return 0;
  const auto& info = json["rejectedLogEventsInfo"];
  const int64_t old = std::max(info.value("tooOldLogEventEndIndex", int64_t{0}),
                               info.value("expiredLogEventEndIndex", int64_t{0}));
  return old + (count - info.value("tooNewLogEventStartIndex", count));
}

}  // namespace

std::vector<size_t> LogBatchEnds(const std::vector<LogEvent>& events) {
  std::vector<size_t> ends;
  size_t begin = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    const size_t size = events[i].message.size() + kLogEventOverhead;
    const bool full = i - begin == kMaxLogEvents || bytes + size > kMaxLogBatchBytes ||
                      events[i].at - events[begin].at >= kMaxLogSpan;
    if (full) {
      ends.push_back(i);
      begin = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (begin < events.size()) ends.push_back(events.size());
  return ends;
}

CloudWatchLogsClient::CloudWatchLogsClient(const AwsSettings& settings,
                                           std::shared_ptr<CredentialsProvider> credentials,
                                           http::Client& client, Clock& clock)
    : service_({.service = "logs",
                .target_prefix = "Logs_20140328",
                .region = settings.region,
                .endpoint = settings.EndpointFor("cloudwatch_logs")},
               std::move(credentials), client, clock) {}

Result<int64_t> CloudWatchLogsClient::PutLogEvents(const std::string& group, const std::string& stream,
                                                   std::vector<LogEvent> events) {
  std::erase_if(events, [](const LogEvent& event) { return event.message.empty(); });
  for (LogEvent& event : events) CutMessage(event.message);
  std::stable_sort(events.begin(), events.end(),
                   [](const LogEvent& a, const LogEvent& b) { return a.at < b.at; });
  int64_t dropped = 0;
  size_t begin = 0;
  for (const size_t end : LogBatchEnds(events)) {
    const std::string body = BatchBody(group, stream, events, begin, end);
    ARROW_ASSIGN_OR_RAISE(const std::string answer, PutBatch(group, stream, body));
    dropped += DroppedOf(answer, static_cast<int64_t>(end - begin));
    begin = end;
  }
  return dropped;
}

Result<std::string> CloudWatchLogsClient::PutBatch(const std::string& group, const std::string& stream,
                                                   const std::string& body) {
  const std::string what = fmt::format("{} {}", group, stream);
  ARROW_ASSIGN_OR_RAISE(auto answer, service_.Call("PutLogEvents", what, body, nullptr));
  if (!answer.ok && answer.refusal.error.code == "ResourceNotFoundException") {
    RETURN_NOT_OK(CreateStream(group, stream));
    ARROW_ASSIGN_OR_RAISE(answer, service_.Call("PutLogEvents", what, body, nullptr));
  }
  if (answer.ok) return std::move(answer.body);
  return CommonRefusal(answer.refusal, what, fmt::format("the log group {}", group));
}

// The stream is new with each process; the group is mostly there, made by whoever set its retention.
Status CloudWatchLogsClient::CreateStream(const std::string& group, const std::string& stream) {
  const std::string body = LogsJson{{"logGroupName", group}, {"logStreamName", stream}}.dump();
  for (int tries = 1;; ++tries) {
    ARROW_ASSIGN_OR_RAISE(const auto answer, service_.Call("CreateLogStream", group, body, nullptr));
    if (answer.ok || answer.refusal.error.code == "ResourceAlreadyExistsException") return Status::OK();
    if (answer.refusal.error.code != "ResourceNotFoundException" || tries > 1) {
      return CommonRefusal(answer.refusal, group, fmt::format("the log group {}", group));
    }
    ARROW_ASSIGN_OR_RAISE(const auto made, service_.Call("CreateLogGroup", group,
                                                         LogsJson{{"logGroupName", group}}.dump(), nullptr));
    if (!made.ok && made.refusal.error.code != "ResourceAlreadyExistsException") {
      return CommonRefusal(made.refusal, group,
                           fmt::format("the log group {}, or make it beforehand", group));
    }
  }
}

}  // namespace ingesta::aws
