// CloudWatch Logs: events into a stream of a group, which are made where they are missing. Thread-safe but
// for one stream's order, which is the caller's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingesta/aws/json_service.h"

namespace ingesta::aws {

struct LogEvent {
  SystemTime at;
  std::string message;  ///< UTF-8
};

/// The service's limits of one call.
constexpr size_t kMaxLogEvents = 10'000;
constexpr size_t kMaxLogBatchBytes = 1'048'576;
constexpr size_t kLogEventOverhead = 26;
constexpr size_t kMaxLogEventBytes = 256 << 10;  ///< overhead included

class CloudWatchLogsClient {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  CloudWatchLogsClient(const AwsSettings& settings, std::shared_ptr<CredentialsProvider> credentials,
                       http::Client& client, Clock& clock);
  /// Put `events`, in any order, in as many calls as the limits ask for; messages that are too long are cut.
  /// Returns how many the service took but dropped (too old, too new). An error leaves open which calls
  /// before it were done: sent again, events come twice rather than never.
  Result<int64_t> PutLogEvents(const std::string& group, const std::string& stream,
                               std::vector<LogEvent> events);

 private:
  /// The answer of one call, after the stream was made where it was missing.
  Result<std::string> PutBatch(const std::string& group, const std::string& stream, const std::string& body);
  Status CreateStream(const std::string& group, const std::string& stream);

  JsonService service_;
};

/// Where the batches of PutLogEvents end: indices into `events`, which are sorted; the last is their number.
std::vector<size_t> LogBatchEnds(const std::vector<LogEvent>& events);

}  // namespace ingesta::aws
