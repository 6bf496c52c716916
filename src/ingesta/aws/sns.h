// sns:Publish by the query API. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "ingesta/aws/query_service.h"

namespace ingesta::aws {

class SnsClient {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  SnsClient(const AwsSettings& settings, std::shared_ptr<CredentialsProvider> credentials,
            http::Client& client, Clock& clock);
  /// `subject`: ASCII, one line; longer than 100 characters is cut, what SNS does not take is replaced. A
  /// call whose answer was lost is not sent again: twice is worse than a line in the log.
  Status Publish(const std::string& topic_arn, const std::string& subject, const std::string& message);

 private:
  const AwsSettings settings_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  http::Client& client_;
  Clock& clock_;
};

}  // namespace ingesta::aws
