#include "ingesta/aws/sns.h"

#include <fmt/format.h>

namespace ingesta::aws {
namespace {

constexpr size_t kMaxSubject = 100;

std::string AsciiSubject(const std::string& text) {
  std::string subject;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // One mark a character: continuation bytes are left out.
    if ((byte & 0xC0) == 0x80) continue;
    subject += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  if (subject.size() > kMaxSubject) subject.resize(kMaxSubject);
  return subject;
}

/// `arn:aws:sns:eu-west-1:123456789012:alerts`: the topic's own region, not the run's.
std::string RegionOf(const std::string& arn, const std::string& fallback) {
  size_t begin = 0;
  for (int i = 0; i < 3; ++i) {
    begin = arn.find(':', begin);
    if (begin == std::string::npos) return fallback;
    ++begin;
  }
  const std::string region = arn.substr(begin, arn.find(':', begin) - begin);
  return region.empty() ? fallback : region;
}

}  // namespace

SnsClient::SnsClient(const AwsSettings& settings, std::shared_ptr<CredentialsProvider> credentials,
                     http::Client& client, Clock& clock)
    : settings_(settings), credentials_(std::move(credentials)), client_(client), clock_(clock) {}

Status SnsClient::Publish(const std::string& topic_arn, const std::string& subject,
                          const std::string& message) {
  QueryService service({.service = "sns",
                        .iam = "sns",
                        .version = "2010-03-31",
                        .region = RegionOf(topic_arn, settings_.region),
                        .endpoint = settings_.EndpointFor("sns")},
                       credentials_, client_, clock_);
  const FormFields fields = {
      {"TopicArn", topic_arn}, {"Subject", AsciiSubject(subject)}, {"Message", message}};
  return service.Call("Publish", fields, /*idempotent=*/false, topic_arn).status();
}

}  // namespace ingesta::aws
