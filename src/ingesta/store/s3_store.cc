#include "ingesta/store/s3_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

namespace ingesta::store {
namespace {

constexpr const char* kCrcMetadata = "crc32";

class S3Store final : public ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<aws::S3Client> client)
      : client_(std::move(client)), bucket_(client_->options().bucket) {}

  const std::string& kind() const override { return kind_; }
  std::map<std::string, int64_t> RequestCounts() const override { return client_->RequestCounts(); }

  std::string Uri(const std::string& key) const override {
    return key.empty() ? "s3://" + bucket_ : fmt::format("s3://{}/{}", bucket_, key);
  }

  Result<std::optional<StoredObject>> Head(const std::string& key) override {
    const Result<aws::ObjectInfo> info = client_->HeadObject(key);
    if (info.ok()) return std::optional(StoredObject{.key = key, .size = info->size, .version = info->etag});
    if (CodeOf(info.status()) == ErrorCode::kNotFound) return std::optional<StoredObject>();
    return info.status();
  }

  Result<std::optional<Document>> Read(const std::string& key) override {
    aws::ObjectInfo info;
    Result<std::string> text = client_->GetObject(key, &info);
    if (text.ok()) return std::optional(Document{.text = *std::move(text), .version = info.etag});
    if (CodeOf(text.status()) == ErrorCode::kNotFound) return std::optional<Document>();
    return text.status();
  }

  std::string Location(const std::string& key) const override { return Uri(key); }
  std::optional<std::string> KeyOf(const std::string& location) const override;
  Result<std::string> FetchFile(const std::string& key, const std::string& scratch) override {
    RETURN_NOT_OK(client_->GetFile(key, scratch).status());
    return scratch;
  }

  Status PublishFile(const std::string& path, const std::string& key, const std::string& content_type,
                     uint32_t crc32) override;

  Status ReplaceFile(const std::string& path, const std::string& key, const std::string& content_type,
                     uint32_t crc32) override {
    return client_
        ->PutFile(key, path,
                  {.content_type = content_type, .metadata = {{kCrcMetadata, fmt::format("{:08x}", crc32)}}})
        .status();
  }

  Result<std::string> Write(const std::string& key, const std::string& text,
                            const std::optional<std::string>& expected_version,
                            Durability durability) override {
    (void)durability;  // S3 acknowledges what is durable
    aws::PutOptions options{.content_type = "application/json", .metadata = {}};
    options.if_none_match = expected_version.has_value() && expected_version->empty();
    options.if_match = expected_version.value_or("");
    return client_->PutObject(key, text, options);
  }

  Result<std::vector<StoredObject>> List(const std::string& prefix) override {
    ARROW_ASSIGN_OR_RAISE(std::vector<aws::ListedObject> listed, client_->ListObjects(prefix));
    std::vector<StoredObject> objects;
    objects.reserve(listed.size());
    for (aws::ListedObject& object : listed) {
      objects.push_back({.key = std::move(object.key),
                         .size = object.size,
                         .version = std::move(object.etag),
                         .modified = object.last_modified});
    }
    return objects;
  }

  Status Delete(const std::string& key) override { return client_->DeleteObject(key); }

 private:
  const std::shared_ptr<aws::S3Client> client_;
  const std::string bucket_;
  const std::string kind_ = "s3";
};

std::optional<std::string> S3Store::KeyOf(const std::string& location) const {
  for (const char* scheme : {"s3", "s3a", "s3n"}) {
    const std::string prefix = fmt::format("{}://{}/", scheme, bucket_);
    if (location.starts_with(prefix)) return location.substr(prefix.size());
  }
  return std::nullopt;
}

/// OK where `there` is the file of `size` bytes and `crc`; kAlreadyExists where it is another one.
Status Compare(const aws::ObjectInfo& there, int64_t size, const std::string& crc, const std::string& uri) {
  const auto found = there.metadata.find(kCrcMetadata);
  if (there.size == size && found != there.metadata.end() && found->second == crc) return Status::OK();
  return MakeError(
      ErrorCode::kAlreadyExists,
      fmt::format(
          "{} holds another object: {} bytes with CRC-32 {}, where {} bytes with {} were to be published",
          uri, there.size, found == there.metadata.end() ? "unknown" : found->second, size, crc));
}

Status S3Store::PublishFile(const std::string& path, const std::string& key, const std::string& content_type,
                            uint32_t crc32) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return ErrnoError(errno, fmt::format("cannot read {}", path));
  const std::string crc = fmt::format("{:08x}", crc32);
  // A repeated run must not send a large file again only to be refused at the end.
  const Result<aws::ObjectInfo> there = client_->HeadObject(key);
  if (there.ok()) return Compare(*there, facts.st_size, crc, Uri(key));
  // Without s3:ListBucket a missing object looks like a forbidden one: the conditional PUT tells.
  const ErrorCode code = CodeOf(there.status());
  if (code != ErrorCode::kNotFound && code != ErrorCode::kAccessDenied) return there.status();

  aws::PutOptions options{.content_type = content_type, .metadata = {{kCrcMetadata, crc}}};
  options.if_none_match = true;
  const Status put = client_->PutFile(key, path, options).status();
  if (put.ok() || CodeOf(put) != ErrorCode::kAlreadyExists) return put;
  const Result<aws::ObjectInfo> now = client_->HeadObject(key);
  return now.ok() ? Compare(*now, facts.st_size, crc, Uri(key)) : put;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeS3Store(std::shared_ptr<aws::S3Client> client) {
  if (client == nullptr) return MakeError(ErrorCode::kInternal, "MakeS3Store without a client");
  return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(std::move(client)));
}

}  // namespace ingesta::store
