// A real S3 server for a test program: scripts/s3-server.sh in a directory of its own, stopped at the end.
#pragma once

#include <memory>
#include <string>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/status.h"

namespace ingesta::integration {

class S3Server {
 public:
  /// S3_KIND of the environment, or SeaweedFS. kNotFound where the server cannot be had on this machine.
  static Result<std::unique_ptr<S3Server>> Start();
  ~S3Server();

  const aws::Environment& environment() const { return environment_; }
  std::string endpoint() const { return environment_.at("AWS_ENDPOINT_URL_S3"); }
  std::string bucket() const { return environment_.at("S3_BUCKET"); }
  bool is_minio() const { return is_minio_; }
  /// Of the user that may do everything.
  aws::Credentials keys() const;

 private:
  S3Server() = default;
  std::string dir_;
  aws::Environment environment_;
  bool is_minio_ = false;
};

}  // namespace ingesta::integration
