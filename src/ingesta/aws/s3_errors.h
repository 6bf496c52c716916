// S3's refusals as Status: what was tried on which bucket and key with which credentials, and the next step.
// Pure.
#pragma once

#include <string>

#include "ingesta/aws/service_error.h"
#include "ingesta/base/status.h"

namespace ingesta::aws {

struct S3CallFacts {
  std::string action;  ///< `s3:PutObject`
  std::string bucket;
  std::string key;  ///< empty: the bucket itself
  std::string region;
  std::string endpoint;
  std::string access_key_id;
  std::string source;  ///< of the credentials: `profile default`
  bool if_none_match = false;
  bool if_match = false;
};

Status S3Refusal(const S3CallFacts& facts, const ServiceError& error);

}  // namespace ingesta::aws
