// Sends notices: SNS, a webhook, Slack's format. Chosen by text: `sns:TOPIC_ARN`, `webhook:URL`, `slack:URL`,
// with commas between. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingesta/observe/alerts.h"
#include "ingesta/observe/metric_sinks.h"

namespace ingesta::observe {

class AlertChannel {
 public:
  virtual ~AlertChannel() = default;
  /// For the log, without what is secret in a webhook's URL: `slack`.
  virtual const std::string& name() const = 0;
  virtual Status Send(const Notice& notice) = 0;
};

/// kUsage for what is no channel, with those that there are. `text` may be empty.
Result<std::vector<std::shared_ptr<AlertChannel>>> MakeAlertChannels(const std::string& text,
                                                                     const SinkContext& context);

}  // namespace ingesta::observe
