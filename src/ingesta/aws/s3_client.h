// S3Client over S3Transport (see s3.h); the multipart upload is in s3_multipart.cc.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/aws/s3.h"
#include "ingesta/aws/s3_transport.h"

namespace ingesta::aws {

class S3ClientImpl final : public S3Client {
 public:
  S3ClientImpl(S3Options options, std::shared_ptr<CredentialsProvider> credentials, http::Client& client,
               Clock& clock)
      : transport_(std::move(options), std::move(credentials), client, clock) {}

  Status HeadBucket() override;
  /// HeadBucket; `code` is S3's word for a refusal.
  Status CheckBucket(std::string* code);
  Result<ObjectInfo> HeadObject(const std::string& key) override;
  Result<std::string> GetObject(const std::string& key, ObjectInfo* info) override;
  Result<ObjectInfo> GetFile(const std::string& key, const std::string& path) override;
  Result<std::string> PutObject(const std::string& key, std::string bytes,
                                const PutOptions& options) override;
  Result<std::string> PutFile(const std::string& key, const std::string& path,
                              const PutOptions& options) override;
  Result<std::vector<ListedObject>> ListObjects(const std::string& prefix) override;
  Status DeleteObject(const std::string& key) override;
  Result<int> AbortStaleUploads(const std::string& prefix, SystemTime older_than) override;
  bool conditional_writes() const override { return conditional_writes_; }
  S3Options options() const override;
  std::map<std::string, int64_t> RequestCounts() const override { return transport_.RequestCounts(); }

 private:
  struct FileFacts {
    std::string path;
    int64_t size = 0;
    std::string crc32_header;
    std::string sha256_hex;
  };
  struct PartResult {
    std::string etag;
    std::string crc32_header;
  };
  /// PUT of one request. `conditions` of `options` are kept as far as the server knows them.
  Result<http::Response> Put(S3Operation operation, const PutOptions& options);
  Result<std::string> PutWholeFile(const std::string& key, const FileFacts& file, const PutOptions& options);
  Result<ObjectInfo> FetchRanges(const std::string& key, int fd, const std::string& path);
  Status CheckConditionsByHead(const std::string& key, const PutOptions& options);
  /// What is at `key` is what `options` and `size` describe: the object of a write whose acknowledgement was
  /// lost.
  Result<std::string> SameObject(const std::string& key, int64_t size, const PutOptions& options);

  Result<std::string> Multipart(const std::string& key, const FileFacts& file, const PutOptions& options);
  Result<std::string> CreateUpload(const std::string& key, const PutOptions& options);
  Result<std::vector<PartResult>> UploadParts(const std::string& key, const FileFacts& file,
                                              const std::string& upload_id);
  Result<S3Operation> PartOperation(const std::string& key, const FileFacts& file,
                                    const std::string& upload_id, int64_t number, int64_t part_size,
                                    std::string* crc32_header);
  Result<std::string> CompleteUpload(const std::string& key, const FileFacts& file,
                                     const std::string& upload_id, const std::vector<PartResult>& parts,
                                     const PutOptions& options);
  Status AbortUpload(const std::string& key, const std::string& upload_id);

  S3Transport transport_;
  std::atomic<bool> conditional_writes_{true};
};

/// Content-Type and x-amz-meta-* of a new object.
http::Headers ObjectHeaders(const PutOptions& options);
/// If-None-Match and If-Match.
void AddConditions(const PutOptions& options, http::Headers* headers);

}  // namespace ingesta::aws
