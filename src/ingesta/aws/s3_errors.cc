#include "ingesta/aws/s3_errors.h"

#include <fmt/format.h>

#include <string_view>

namespace ingesta::aws {
namespace {

std::string Place(const S3CallFacts& facts) {
  return facts.key.empty() ? fmt::format("s3://{}", facts.bucket)
                           : fmt::format("s3://{}/{}", facts.bucket, facts.key);
}

/// The permissions that IAM asks for; HeadObject and HeadBucket have none of their own name.
std::string Permission(const S3CallFacts& facts) {
  if (facts.action == "s3:HeadObject") return "s3:GetObject";
  if (facts.action == "s3:HeadBucket" || facts.action == "s3:ListObjectsV2") return "s3:ListBucket";
  if (facts.action == "s3:ListMultipartUploads") return "s3:ListBucketMultipartUploads";
  if (facts.action == "s3:CreateMultipartUpload" || facts.action == "s3:UploadPart" ||
      facts.action == "s3:CompleteMultipartUpload") {
    return "s3:PutObject";
  }
  return facts.action;
}

std::string PermissionHint(const S3CallFacts& facts) {
  const std::string permission = Permission(facts);
  const bool on_bucket = permission == "s3:ListBucket" || permission == "s3:ListBucketMultipartUploads";
  std::string hint = fmt::format(
      "allow {} on arn:aws:s3:::{}{} in the IAM policy of {}; ingesta needs s3:PutObject, "
      "s3:GetObject and s3:ListBucket",
      permission, facts.bucket, on_bucket ? "" : "/*", facts.source);
  if (facts.action == "s3:HeadObject" || facts.action == "s3:GetObject") {
    hint += fmt::format("; without s3:ListBucket on arn:aws:s3:::{} a missing object answers 403 too",
                        facts.bucket);
  }
  return hint + "; check also that the bucket is yours and in the region configured";
}

Status MakeS3Error(ErrorCode code, const ServiceError& error, std::string message, std::string hint) {
  const bool retryable = error.status >= 500 && error.status != 501;
  return MakeError({.code = code,
                    .stage = {},
                    .retryable = retryable,
                    .http_status = error.status,
                    .hint = std::move(hint)},
                   std::move(message));
}

/// Refusals of who asks, rather than of what is asked.
bool IdentityRefusal(const S3CallFacts& facts, const ServiceError& error, const std::string& told,
                     Status* status) {
  const std::string who = fmt::format("access key {} of {}", facts.access_key_id, facts.source);
  if (error.code == "InvalidAccessKeyId") {
    *status = MakeS3Error(
        ErrorCode::kAccessDenied, error, told + ": S3 does not know the access key id",
        fmt::format(
            "the {} does not exist there (deleted, mistyped, or of another endpoint): check with `aws "
            "configure list` and `aws sts get-caller-identity`",
            who));
  } else if (error.code == "SignatureDoesNotMatch") {
    *status = MakeS3Error(
        ErrorCode::kAccessDenied, error, told + ": the signature does not match",
        fmt::format("the secret access key does not belong to the {}: set it anew with `aws configure`",
                    who));
  } else if (error.IsExpired() || error.IsSilentBadRequest()) {
    *status = MakeS3Error(
        ErrorCode::kExpiredCredentials, error, fmt::format("{} (credentials: {})", told, facts.source),
        "the session has ended, or its token is missing or wrong: sign in again (`aws sso login`), or set "
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew");
  } else if (error.IsClockSkew()) {
    *status = MakeS3Error(ErrorCode::kAccessDenied, error, told,
                          "set this machine's clock: it differs from S3's by over 15 minutes");
  } else if (error.status == 403 || error.status == 401) {
    *status = MakeS3Error(
        ErrorCode::kAccessDenied, error,
        fmt::format("access denied: {} (credentials: {}, region {})", told, facts.source, facts.region),
        PermissionHint(facts));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Status S3Refusal(const S3CallFacts& facts, const ServiceError& error) {
  const std::string told = fmt::format("{} {}: {}", facts.action, Place(facts), error.ToString());
  if (error.code == "NoSuchBucket" ||
      (error.status == 404 && facts.key.empty() && error.code != "NoSuchUpload")) {
    return MakeS3Error(
        ErrorCode::kBucketNotFound, error,
        fmt::format("the bucket {} does not exist: {}", facts.bucket, told),
        fmt::format("create it with `aws s3 mb s3://{} --region {}`, or set S3_BUCKET to yours", facts.bucket,
                    facts.region));
  }
  if (error.status == 307 && (error.region.empty() || error.region == facts.region)) {
    return MakeS3Error(ErrorCode::kHttpStatus, error, told,
                       "a new bucket's name takes some minutes to spread: try again later");
  }
  const bool redirect = error.status == 301 || error.status == 307 || error.status == 308;
  if (redirect || error.code == "IllegalLocationConstraintException" ||
      (error.code == "AuthorizationHeaderMalformed" && !error.region.empty())) {
    return MakeS3Error(
        ErrorCode::kWrongRegion, error,
        fmt::format("the bucket {} is not in the region {}: {}", facts.bucket, facts.region, told),
        error.region.empty() ? "set AWS_REGION to the bucket's region (`aws s3api get-bucket-location`)"
                             : fmt::format("set AWS_REGION={}", error.region));
  }
  if (error.status == 412 || error.code == "ConditionalRequestConflict") {
    return facts.if_match
               ? MakeS3Error(ErrorCode::kConflict, error,
                             fmt::format("{} was changed by another writer: {}", Place(facts), told), "")
               : MakeS3Error(ErrorCode::kAlreadyExists, error,
                             fmt::format("{} exists already: {}", Place(facts), told), "");
  }
  if (error.status == 404) {
    return facts.if_match
               ? MakeS3Error(ErrorCode::kConflict, error,
                             fmt::format("{} was deleted by another writer: {}", Place(facts), told), "")
               : MakeS3Error(ErrorCode::kNotFound, error,
                             fmt::format("{} does not exist: {}", Place(facts), told), "");
  }
  Status status;
  if (IdentityRefusal(facts, error, told, &status)) return status;
  if (error.code == "BadDigest" || error.code == "XAmzContentSHA256Mismatch" ||
      error.code == "XAmzContentChecksumMismatch") {
    return MakeS3Error(ErrorCode::kCorrupt, error, told,
                       "the bytes changed on the way or on the local disk: run again");
  }
  return MakeS3Error(
      ErrorCode::kHttpStatus, error, told,
      facts.endpoint.empty() ? "" : fmt::format("check that {} is an S3 endpoint", facts.endpoint));
}

}  // namespace ingesta::aws
