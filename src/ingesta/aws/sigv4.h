// AWS Signature Version 4 in the Authorization header, over OpenSSL. Pure: time, keys and request come in.
// Used from http::Request::before_attempt, because a signature carries the time of its attempt.
#pragma once

#include <string>
#include <string_view>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/http/message.h"

namespace ingesta::aws {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct SigningScope {
  std::string region;
  std::string service;  ///< `s3`, `sts`, `glue`, ...
  /// S3 signs the path as it is sent and wants x-amz-content-sha256; all others normalise the path and encode
  /// it again.
  bool IsS3() const { return service == "s3"; }
};

/// Set X-Amz-Date, X-Amz-Security-Token (with a session token), x-amz-content-sha256 (S3) and Authorization.
/// Every header of `request` is signed but those that clients and proxies change on the way. `payload_hash`:
/// hex SHA-256 of the body, or kUnsignedPayload. Signing again replaces the former signature.
Status SignRequest(const Credentials& credentials, const SigningScope& scope, SystemTime time,
                   std::string_view payload_hash, http::Request& request);

/// The intermediate texts, for tests and for messages about a signature that does not match.
struct SigningTexts {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signed_headers;
};
Result<SigningTexts> MakeSigningTexts(const SigningScope& scope, SystemTime time,
                                      std::string_view payload_hash, const http::Request& request);

/// `YYYYMMDDTHHMMSSZ`.
std::string FormatAmzDate(SystemTime time);

/// Percent-encode a path, keeping `/`.
std::string EncodePath(std::string_view path);

}  // namespace ingesta::aws
