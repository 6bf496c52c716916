// One S3 call from operation to final answer: address, signature, and what a refusal can be healed by: new
// credentials, the server's clock, the bucket's region. Retries of single attempts are the HTTP client's.
// Thread-safe.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ingesta/aws/healing.h"
#include "ingesta/aws/s3.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {

struct S3Operation {
  const char* action = "";  ///< IAM's name, for messages: `s3:PutObject`
  std::string method = "GET";
  std::string key;  ///< empty: the bucket itself
  FormFields query;
  http::Headers headers;
  http::UploadBody body;
  std::string body_sha256;  ///< hex; needed for a file body where payloads are signed
  /// S3 may answer 200 and an <Error> document (CompleteMultipartUpload): retried or an error like any other.
  bool error_within_200 = false;
};

class S3Transport {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  S3Transport(S3Options options, std::shared_ptr<CredentialsProvider> credentials, http::Client& client,
              Clock& clock);

  /// A call under way. REQUIRES: Finish takes every one of them before the transport is destroyed.
  struct Pending {
    S3Operation operation;
    Credentials credentials;
    std::string region;
    std::future<Result<http::Response>> answer;
    Status failed_start;
    int attempts = 0;
    Healing healing;
    bool moved = false;
  };
  Pending Start(S3Operation operation);
  /// The final answer, be it a success or S3's refusal (see Check); an error where none came.
  /// Response::attempts counts all requests made for it.
  Result<http::Response> Finish(Pending pending);
  Result<http::Response> Call(S3Operation operation) { return Finish(Start(std::move(operation))); }

  /// OK for a success, else the refusal as a Status with the next step.
  Status Check(const S3Operation& operation, const http::Response& response);
  /// Call and Check.
  Result<http::Response> CallChecked(S3Operation operation);

  static bool IsSuccess(const S3Operation& operation, const http::Response& response);
  const S3Options& options() const { return options_; }
  std::string region() const;
  /// Requests so far by operation, tries included.
  std::map<std::string, int64_t> RequestCounts() const;
  /// Payloads are hashed into the signature: over http, but not to this machine itself.
  bool signs_payload() const { return signs_payload_; }
  std::string Url(const S3Operation& operation, const std::string& region) const;

 private:
  void Launch(Pending* pending);
  void Count(const S3Operation& operation, int64_t requests);
  bool Heal(const ServiceError& error, const http::Response& response, Pending* pending);

  const S3Options options_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  http::Client& client_;
  ServerClock server_clock_;
  bool signs_payload_ = false;
  mutable std::mutex mutex_;
  std::string region_;
  std::map<std::string, int64_t> requests_;
};

/// Path style for an IP address, a host without a dot (localhost, a Compose service), a bucket name that is
/// no host name (or has dots, which no TLS certificate covers), or where `options` says so.
bool UsesPathStyle(const S3Options& options);

}  // namespace ingesta::aws
