#include "ingesta/aws/cloudwatch.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingesta::aws {
namespace {

constexpr size_t kDataPerCall = 500;

std::string IsoSeconds(SystemTime at) {
  return FormatRfc3339(at).substr(0, 19) + "Z";
}

void AppendDatum(const MetricDatum& datum, size_t number, FormFields& fields) {
  const std::string member = fmt::format("MetricData.member.{}.", number);
  fields.emplace_back(member + "MetricName", datum.name);
  fields.emplace_back(member + "Unit", datum.unit);
  fields.emplace_back(member + "Value", fmt::format("{}", datum.value));
  fields.emplace_back(member + "Timestamp", IsoSeconds(datum.at));
  for (size_t i = 0; i < datum.dimensions.size(); ++i) {
    const std::string dimension = fmt::format("{}Dimensions.member.{}.", member, i + 1);
    fields.emplace_back(dimension + "Name", datum.dimensions[i].first);
    fields.emplace_back(dimension + "Value", datum.dimensions[i].second);
  }
}

}  // namespace

CloudWatchClient::CloudWatchClient(const AwsSettings& settings,
                                   std::shared_ptr<CredentialsProvider> credentials, http::Client& client,
                                   Clock& clock)
    : service_({.service = "monitoring",
                .iam = "cloudwatch",
                .version = "2010-08-01",
                .region = settings.region,
                .endpoint = settings.EndpointFor("cloudwatch")},
               std::move(credentials), client, clock) {}

Status CloudWatchClient::PutMetricData(const std::string& name_space, const std::vector<MetricDatum>& data) {
  for (size_t begin = 0; begin < data.size(); begin += kDataPerCall) {
    FormFields fields = {{"Namespace", name_space}};
    const size_t end = std::min(begin + kDataPerCall, data.size());
    for (size_t i = begin; i < end; ++i) AppendDatum(data[i], i - begin + 1, fields);
    RETURN_NOT_OK(service_.Call("PutMetricData", fields, /*idempotent=*/true, "*").status());
  }
  return Status::OK();
}

}  // namespace ingesta::aws
