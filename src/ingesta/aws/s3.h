// The S3 calls that ingesta makes, on the HTTP client, one method a call of the S3 API. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {

struct S3Options {
  std::string bucket;
  std::string region = "us-east-1";
  std::string endpoint;  ///< `https://host[:port]`; empty = AWS's own for the region
  bool path_style =
      false;  ///< always on for an endpoint that is an IP address, or a bucket name with dots over TLS
  int64_t part_size = 16LL << 20;  ///< bytes of a multipart part
  int64_t multipart_threshold = 32LL << 20;
  int upload_concurrency = 4;
  /// Hash bodies into the signature. Where unset: over http except to loopback; over TLS the CRC-32 guards
  /// the bytes at a fraction of the cost.
  std::optional<bool> sign_payload;
};

struct ObjectInfo {
  int64_t size = 0;
  std::string etag;                             ///< as the server gives it, quotes included
  std::map<std::string, std::string> metadata;  ///< x-amz-meta-*, names lower case without the prefix
};

struct PutOptions {
  std::string content_type = "application/octet-stream";
  std::map<std::string, std::string> metadata;
  bool if_none_match = false;  ///< only where no object is there: kAlreadyExists otherwise
  std::string if_match;        ///< only over this ETag: kConflict otherwise
};

struct ListedObject {
  std::string key;
  int64_t size = 0;
  std::string etag;  ///< as the server gives it, quotes included
  SystemTime last_modified{};
};

class S3Client {
 public:
  /// Looks up the bucket's region by HeadBucket where allowed; otherwise goes on with `options.region`. An
  /// error where there is no such bucket, no answer, or the keys are unknown, wrong or expired.
  static Result<std::unique_ptr<S3Client>> Make(S3Options options,
                                                std::shared_ptr<CredentialsProvider> credentials,
                                                http::Client& client, Clock& clock);
  virtual ~S3Client() = default;

  /// kBucketNotFound, kAccessDenied, kWrongRegion, kCredentialsNotFound, ... each with the seed's next step.
  virtual Status HeadBucket() = 0;
  /// kNotFound where there is none. Without s3:ListBucket S3 answers 403 for a missing key: kAccessDenied.
  virtual Result<ObjectInfo> HeadObject(const std::string& key) = 0;
  virtual Result<std::string> GetObject(const std::string& key, ObjectInfo* info = nullptr) = 0;
  /// Write the object to the new local file `path`, in pieces fetched side by side, all of one version:
  /// kConflict where it is replaced meanwhile. The file is removed on failure.
  virtual Result<ObjectInfo> GetFile(const std::string& key, const std::string& path) = 0;
  /// Returns the new ETag. Where a condition is refused because exactly these bytes are there already, this
  /// write counts as done (its acknowledgement may have been lost): a document that claims something, as a
  /// lease does, must name its writer.
  virtual Result<std::string> PutObject(const std::string& key, std::string bytes,
                                        const PutOptions& options) = 0;
  /// Put a local file, by multipart above the threshold, with CRC checksums. A lost acknowledgement under
  /// `if_none_match` is resolved by comparing what is there (size and metadata) before it is called an error.
  virtual Result<std::string> PutFile(const std::string& key, const std::string& path,
                                      const PutOptions& options) = 0;
  virtual Result<std::vector<ListedObject>> ListObjects(const std::string& prefix) = 0;
  virtual Status DeleteObject(const std::string& key) = 0;
  /// Abort multipart uploads below `prefix` begun before `older_than`. Returns how many; kAccessDenied where
  /// not permitted.
  virtual Result<int> AbortStaleUploads(const std::string& prefix, SystemTime older_than) = 0;
  /// False once the server refused conditional writes as unknown: from then on a HEAD goes before the write,
  /// and two writers at the same moment are not told apart.
  virtual bool conditional_writes() const = 0;
  /// Requests so far by operation (`PutObject`), tries included.
  virtual std::map<std::string, int64_t> RequestCounts() const { return {}; }
  /// As given to Make, with the bucket's region as learnt since.
  virtual S3Options options() const = 0;
};

}  // namespace ingesta::aws
