// cloudwatch:PutMetricData by the query API. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/aws/query_service.h"

namespace ingesta::aws {

struct MetricDatum {
  std::string name;
  std::string unit;                                             ///< `Count`, `Seconds`, `Bytes`, `None`, ...
  std::vector<std::pair<std::string, std::string>> dimensions;  ///< 30 at most
  double value = 0;
  SystemTime at;
};

class CloudWatchClient {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  CloudWatchClient(const AwsSettings& settings, std::shared_ptr<CredentialsProvider> credentials,
                   http::Client& client, Clock& clock);
  /// In calls of 500 values (the service takes 1,000 and 1 MB). A call that fails ends the rest. A call whose
  /// answer was lost is sent again: the value may then count twice in sums.
  Status PutMetricData(const std::string& name_space, const std::vector<MetricDatum>& data);

 private:
  QueryService service_;
};

}  // namespace ingesta::aws
