#include "ingesta/aws/s3_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/s3_errors.h"
#include "ingesta/aws/sigv4.h"
#include "ingesta/aws/xml.h"

namespace ingesta::aws {
namespace {

constexpr int kMaxRounds = 4;

bool IsHostLabel(const std::string& bucket) {
  return std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool HoldsErrorDocument(const http::Response& response) {
  const size_t at = response.body.find("<Error");
  return at != std::string::npos && at < 512;
}

http::Verdict ClassifyWithErrorDocument(const http::Response& response) {
  if (response.status / 100 != 2 || !HoldsErrorDocument(response)) return ClassifyAws(response);
  const std::string code = ParseServiceError(response).code;
  if (code == "SlowDown" || code == "ServiceUnavailable") return http::Verdict::kRateLimited;
  return code == "InternalError" ? http::Verdict::kRetry : http::Verdict::kSuccess;
}

/// A conditional write that raced another one is to be tried again, then it finds the other's object.
http::Verdict ClassifyS3(const http::Response& response) {
  if (response.status == 409 && ParseServiceError(response).code == "ConditionalRequestConflict") {
    return http::Verdict::kRetry;
  }
  return ClassifyAws(response);
}

bool IsRegionError(const ServiceError& error) {
  return error.status == 301 || error.status == 307 || error.status == 308 ||
         error.code == "AuthorizationHeaderMalformed" || error.code == "IllegalLocationConstraintException" ||
         error.IsSilentBadRequest();
}

std::string Place(const S3Options& options, const S3Operation& operation) {
  return operation.key.empty()
             ? fmt::format("{} s3://{}", operation.action, options.bucket)
             : fmt::format("{} s3://{}/{}", operation.action, options.bucket, operation.key);
}

}  // namespace

bool UsesPathStyle(const S3Options& options) {
  if (options.path_style || !IsHostLabel(options.bucket)) return true;
  if (options.endpoint.empty()) return false;
  const std::string host = HostOf(options.endpoint);
  return IsIpAddress(host) || host.find('.') == std::string::npos;
}

S3Transport::S3Transport(S3Options options, std::shared_ptr<CredentialsProvider> credentials,
                         http::Client& client, Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      client_(client),
      server_clock_(clock),
      region_(options_.region) {
  const bool plain = options_.endpoint.starts_with("http://");
  signs_payload_ = options_.sign_payload.value_or(plain && !IsLoopback(HostOf(options_.endpoint)));
}

std::string S3Transport::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::map<std::string, int64_t> S3Transport::RequestCounts() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void S3Transport::Count(const S3Operation& operation, int64_t requests) {
  const std::string_view action = operation.action;
  const std::lock_guard lock(mutex_);
  requests_[std::string(action.substr(action.find(':') + 1))] += requests;
}

std::string S3Transport::Url(const S3Operation& operation, const std::string& region) const {
  std::string base = options_.endpoint.empty() ? fmt::format("https://s3.{}.{}", region, DnsSuffix(region))
                                               : options_.endpoint;
  while (base.ends_with('/')) base.pop_back();
  std::string url;
  if (UsesPathStyle(options_)) {
    url = fmt::format("{}/{}", base, http::PercentEncode(options_.bucket));
    if (!operation.key.empty()) url += "/" + EncodePath(operation.key);
  } else {
    const size_t host = base.find("://") + 3;
    url = fmt::format("{}{}.{}/{}", base.substr(0, host), options_.bucket, base.substr(host),
                      EncodePath(operation.key));
  }
  if (!operation.query.empty()) url += "?" + FormEncode(operation.query);
  return url;
}

S3Transport::Pending S3Transport::Start(S3Operation operation) {
  Pending pending;
  pending.operation = std::move(operation);
  Launch(&pending);
  return pending;
}

void S3Transport::Launch(Pending* pending) {
  Result<Credentials> credentials = credentials_->Get();
  if (!credentials.ok()) {
    pending->failed_start = credentials.status();
    return;
  }
  pending->credentials = *std::move(credentials);
  pending->region = region();
  const S3Operation& operation = pending->operation;
  http::Request request;
  request.method = operation.method;
  request.url = Url(operation, pending->region);
  request.headers = operation.headers;
  request.body = operation.body;
  request.follow_redirects = false;
  request.authenticate = false;
  request.reach_hint = options_.endpoint.empty()
                           ? "check this machine's way to S3 (proxy, firewall, VPC endpoint) and AWS_REGION"
                           : "check that the server of AWS_ENDPOINT_URL_S3 (or endpoint_url) runs and can be "
                             "reached from here";
  request.idempotent = true;  // what a repeated Create or Complete can do is dealt with by s3_multipart.cc
  request.classify = operation.error_within_200 ? ClassifyWithErrorDocument : ClassifyS3;
  std::string payload_hash = operation.body_sha256;
  if (operation.body.size() == 0) payload_hash = Sha256Hex("");
  if (payload_hash.empty())
    payload_hash = signs_payload_ ? Sha256Hex(operation.body.bytes) : kUnsignedPayload;
  // By value: an attempt may outlive this call, and its time and clock offset are those of the moment it goes
  // out.
  request.before_attempt = [credentials = pending->credentials, region = pending->region, payload_hash,
                            clock = server_clock_](http::Request& attempt) {
    return SignRequest(credentials, {.region = region, .service = "s3"}, clock.Now(), payload_hash, attempt);
  };
  pending->answer = client_.Send(std::move(request));
}

Result<http::Response> S3Transport::Finish(Pending pending) {
  for (int round = 1;; ++round) {
    if (!pending.failed_start.ok())
      return WithPrefix(pending.failed_start, Place(options_, pending.operation));
    Result<http::Response> answer = pending.answer.get();
    Count(pending.operation, answer.ok() ? answer->attempts : 1);
    if (!answer.ok()) return WithPrefix(answer.status(), Place(options_, pending.operation));
    pending.attempts += answer->attempts;
    answer->attempts = pending.attempts;
    if (IsSuccess(pending.operation, *answer) || round == kMaxRounds ||
        !Heal(ParseServiceError(*answer), *answer, &pending)) {
      return answer;
    }
    Launch(&pending);
  }
}

bool S3Transport::Heal(const ServiceError& error, const http::Response& response, Pending* pending) {
  if (pending->healing.SetClock(error, response, server_clock_)) return true;
  if (IsRegionError(error) && !error.region.empty() && error.region != pending->region && !pending->moved) {
    pending->moved = true;
    const std::lock_guard lock(mutex_);
    region_ = error.region;
    return true;
  }
  return pending->healing.RenewCredentials(error, pending->credentials, *credentials_);
}

bool S3Transport::IsSuccess(const S3Operation& operation, const http::Response& response) {
  return response.status / 100 == 2 && !(operation.error_within_200 && HoldsErrorDocument(response));
}

Status S3Transport::Check(const S3Operation& operation, const http::Response& response) {
  if (IsSuccess(operation, response)) return Status::OK();
  const Result<Credentials> credentials = credentials_->Get();
  return S3Refusal({.action = operation.action,
                    .bucket = options_.bucket,
                    .key = operation.key,
                    .region = region(),
                    .endpoint = options_.endpoint,
                    .access_key_id = credentials.ok() ? credentials->access_key_id : "",
                    .source = credentials.ok() ? credentials->source : "",
                    .if_none_match = operation.headers.Find("If-None-Match") != nullptr,
                    .if_match = operation.headers.Find("If-Match") != nullptr},
                   ParseServiceError(response));
}

Result<http::Response> S3Transport::CallChecked(S3Operation operation) {
  S3Operation named;  // for messages: without the body
  named.action = operation.action;
  named.key = operation.key;
  named.headers = operation.headers;
  named.error_within_200 = operation.error_within_200;
  ARROW_ASSIGN_OR_RAISE(http::Response response, Call(std::move(operation)));
  ARROW_RETURN_NOT_OK(Check(named, response));
  return response;
}

}  // namespace ingesta::aws
