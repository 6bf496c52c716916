// What an AWS service answers when it refuses: one form for S3's and STS's XML, and for the JSON of the
// others. Pure.
#pragma once

#include <string>

#include "ingesta/base/status.h"
#include "ingesta/http/message.h"

namespace ingesta::aws {

struct ServiceError {
  int status = 0;
  std::string code;  ///< `NoSuchBucket`; derived from the status where the answer has no body (HEAD)
  std::string message;
  std::string region;  ///< where the answer names one: x-amz-bucket-region, <Region>
  std::string request_id;
  bool has_body = false;  ///< false: `code` is a guess from the status

  /// `403 AccessDenied: Access Denied (request 4442587FB7D0A2F9)`.
  std::string ToString() const;
  /// The credentials are expired or unknown to the service; new ones may help.
  bool IsExpired() const;
  bool IsClockSkew() const;
  /// What HEAD says of an expired token or a wrong region: 400 and nothing else.
  bool IsSilentBadRequest() const { return status == 400 && !has_body && message.empty(); }
};

ServiceError ParseServiceError(const http::Response& response);

/// Retries what AWS calls temporary (5xx, throttling, RequestTimeout); every other answer is the caller's to
/// read, errors too.
http::Verdict ClassifyAws(const http::Response& response);

}  // namespace ingesta::aws
