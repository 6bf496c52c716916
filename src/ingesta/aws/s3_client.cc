#include "ingesta/aws/s3_client.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/xml.h"

namespace ingesta::aws {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";

ObjectInfo InfoOf(const http::Response& response) {
  ObjectInfo info;
  if (const std::string* length = response.headers.Find("Content-Length"))
    info.size = std::atoll(length->c_str());
  if (const std::string* etag = response.headers.Find("ETag")) info.etag = *etag;
  for (const auto& [name, value] : response.headers.fields()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (lower.starts_with(kMetadataPrefix)) info.metadata[lower.substr(kMetadataPrefix.size())] = value;
  }
  return info;
}

std::string EtagOf(const http::Response& response) {
  const std::string* etag = response.headers.Find("ETag");
  return etag == nullptr ? std::string() : *etag;
}

/// Keys of a listing with encoding-type=url; `+` is a blank.
std::string DecodeKey(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return http::PercentDecode(text);
}

/// The server knows no conditional writes, rather than refusing this one.
bool IsUnknownCondition(const ServiceError& error) {
  if (error.status == 501 || error.code == "NotImplemented") return true;
  const bool names_it = error.message.find("If-None-Match") != std::string::npos ||
                        error.message.find("If-Match") != std::string::npos ||
                        error.message.find("onditional") != std::string::npos;
  return error.status == 400 && names_it;
}

}  // namespace

http::Headers ObjectHeaders(const PutOptions& options) {
  http::Headers headers;
  headers.Set("Content-Type", options.content_type);
  for (const auto& [name, value] : options.metadata) headers.Set(std::string(kMetadataPrefix) + name, value);
  return headers;
}

void AddConditions(const PutOptions& options, http::Headers* headers) {
  if (options.if_none_match) headers->Set("If-None-Match", "*");
  if (!options.if_match.empty()) headers->Set("If-Match", options.if_match);
}

Result<std::unique_ptr<S3Client>> S3Client::Make(S3Options options,
                                                 std::shared_ptr<CredentialsProvider> credentials,
                                                 http::Client& client, Clock& clock) {
  if (options.bucket.empty()) {
    return MakeError(ErrorCode::kInvalidConfig, "the S3 bucket's name is empty", "set S3_BUCKET");
  }
  if (!options.endpoint.empty() && !options.endpoint.starts_with("http://") &&
      !options.endpoint.starts_with("https://")) {
    return MakeError(ErrorCode::kInvalidConfig, fmt::format("the S3 endpoint {} is no URL", options.endpoint),
                     "write it as https://host[:port] in AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL");
  }
  ARROW_RETURN_NOT_OK(credentials->Get());
  auto made = std::make_unique<S3ClientImpl>(std::move(options), std::move(credentials), client, clock);
  std::string code;
  const Status found = made->CheckBucket(&code);
  // Keys that may write and not list are good keys; the answer has named the region all the same. Keys that
  // S3 does not know are told before the run starts its work.
  const bool merely_forbidden = code == "AccessDenied" || code == "Forbidden";
  if (!found.ok() && !(CodeOf(found) == ErrorCode::kAccessDenied && merely_forbidden)) return found;
  return made;
}

S3Options S3ClientImpl::options() const {
  S3Options options = transport_.options();
  options.region = transport_.region();
  return options;
}

Status S3ClientImpl::CheckBucket(std::string* code) {
  S3Operation operation{.action = "s3:HeadBucket", .method = "HEAD"};
  ARROW_ASSIGN_OR_RAISE(http::Response response, transport_.Call(operation));
  if (response.status == 403) {
    // HEAD does not say why. Listing asks for the same permission and does.
    S3Operation listing{.action = "s3:ListObjectsV2", .query = {{"list-type", "2"}, {"max-keys", "1"}}};
    Result<http::Response> listed = transport_.Call(listing);
    if (listed.ok() && listed->status == 403) response = *std::move(listed);
  }
  *code = ParseServiceError(response).code;
  return transport_.Check(operation, response);
}

Status S3ClientImpl::HeadBucket() {
  std::string code;
  return CheckBucket(&code);
}

Result<ObjectInfo> S3ClientImpl::HeadObject(const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const http::Response response,
                        transport_.CallChecked({.action = "s3:HeadObject", .method = "HEAD", .key = key}));
  return InfoOf(response);
}

Result<std::string> S3ClientImpl::GetObject(const std::string& key, ObjectInfo* info) {
  ARROW_ASSIGN_OR_RAISE(http::Response response,
                        transport_.CallChecked({.action = "s3:GetObject", .key = key}));
  if (info != nullptr) {
    *info = InfoOf(response);
    info->size = static_cast<int64_t>(response.body.size());
  }
  return std::move(response.body);
}

Status S3ClientImpl::CheckConditionsByHead(const std::string& key, const PutOptions& options) {
  const Result<ObjectInfo> there = HeadObject(key);
  const bool missing = !there.ok() && CodeOf(there.status()) == ErrorCode::kNotFound;
  if (!there.ok() && !missing) return there.status();
  const std::string place = fmt::format("s3://{}/{}", transport_.options().bucket, key);
  if (options.if_none_match && !missing)
    return MakeError(ErrorCode::kAlreadyExists, place + " exists already");
  if (!options.if_match.empty() && (missing || there->etag != options.if_match)) {
    return MakeError(ErrorCode::kConflict, place + " was changed by another writer");
  }
  return Status::OK();
}

Result<http::Response> S3ClientImpl::Put(S3Operation operation, const PutOptions& options) {
  const bool conditional = options.if_none_match || !options.if_match.empty();
  if (conditional && conditional_writes_) {
    S3Operation with_conditions = operation;
    AddConditions(options, &with_conditions.headers);
    ARROW_ASSIGN_OR_RAISE(http::Response response, transport_.Call(std::move(with_conditions)));
    if (S3Transport::IsSuccess(operation, response) || !IsUnknownCondition(ParseServiceError(response)))
      return response;
    conditional_writes_ = false;
  }
  if (conditional) ARROW_RETURN_NOT_OK(CheckConditionsByHead(operation.key, options));
  return transport_.Call(std::move(operation));
}

Result<std::string> S3ClientImpl::PutObject(const std::string& key, std::string bytes,
                                            const PutOptions& options) {
  S3Operation operation{
      .action = "s3:PutObject", .method = "PUT", .key = key, .headers = ObjectHeaders(options)};
  operation.headers.Set("x-amz-checksum-crc32", Crc32Header(Crc32(bytes)));
  operation.body.bytes = bytes;
  S3Operation named{.action = "s3:PutObject", .key = key};
  AddConditions(options, &named.headers);
  ARROW_ASSIGN_OR_RAISE(const http::Response response, Put(std::move(operation), options));
  const Status refused = transport_.Check(named, response);
  if (refused.ok()) return EtagOf(response);
  const bool by_condition =
      CodeOf(refused) == ErrorCode::kAlreadyExists || CodeOf(refused) == ErrorCode::kConflict;
  if (by_condition) {
    // An earlier send may have written, and only its acknowledgement been lost. How often it was sent nobody
    // knows: libcurl repeats by itself what a dying kept-alive connection swallowed.
    ObjectInfo info;
    const Result<std::string> there = GetObject(key, &info);
    if (there.ok() && *there == bytes) return info.etag;
  }
  return refused;
}

Result<std::string> S3ClientImpl::SameObject(const std::string& key, int64_t size,
                                             const PutOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const ObjectInfo there, HeadObject(key));
  bool same = there.size == size;
  for (const auto& [name, value] : options.metadata) {
    const auto found = there.metadata.find(name);
    same = same && found != there.metadata.end() && found->second == value;
  }
  if (same) return there.etag;
  return MakeError(ErrorCode::kAlreadyExists,
                   fmt::format("s3://{}/{} holds another object ({} bytes where {} were to be written)",
                               transport_.options().bucket, key, there.size, size));
}

Result<std::string> S3ClientImpl::PutFile(const std::string& key, const std::string& path,
                                          const PutOptions& given) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return ErrnoError(errno, fmt::format("cannot read {}", path));
  FileFacts file{.path = path, .size = facts.st_size, .crc32_header = {}, .sha256_hex = {}};
  const bool whole = file.size <= transport_.options().multipart_threshold;
  ARROW_ASSIGN_OR_RAISE(const RangeDigests digests,
                        DigestFileRange(path, 0, file.size, whole && transport_.signs_payload()));
  file.crc32_header = Crc32Header(digests.crc32);
  file.sha256_hex = digests.sha256_hex;
  PutOptions options = given;
  // What a lost acknowledgement is recognised by.
  const auto [entry, is_new] = options.metadata.emplace("crc32", fmt::format("{:08x}", digests.crc32));
  if (!is_new && entry->second != fmt::format("{:08x}", digests.crc32)) {
    return MakeError(
        ErrorCode::kCorrupt,
        fmt::format("{} has the CRC-32 {:08x} where {} was written", path, digests.crc32, entry->second),
        "the local disk changed the file: run again");
  }
  return whole ? PutWholeFile(key, file, options) : Multipart(key, file, options);
}

Result<std::string> S3ClientImpl::PutWholeFile(const std::string& key, const FileFacts& file,
                                               const PutOptions& options) {
  S3Operation operation{
      .action = "s3:PutObject", .method = "PUT", .key = key, .headers = ObjectHeaders(options)};
  operation.headers.Set("x-amz-checksum-crc32", file.crc32_header);
  operation.body_sha256 = file.sha256_hex;
  if (file.size > 0) operation.body = {.bytes = {}, .file = file.path, .offset = 0, .length = file.size};
  S3Operation named{.action = "s3:PutObject", .key = key};
  AddConditions(options, &named.headers);
  const Result<http::Response> response = Put(std::move(operation), options);
  const Status status = response.ok() ? transport_.Check(named, *response) : response.status();
  if (status.ok()) return EtagOf(*response);
  if (CodeOf(status) == ErrorCode::kAlreadyExists) {
    const Result<std::string> etag = SameObject(key, file.size, options);
    if (etag.ok()) return etag;
  }
  return status;
}

Result<std::vector<ListedObject>> S3ClientImpl::ListObjects(const std::string& prefix) {
  std::vector<ListedObject> objects;
  std::string token;
  while (true) {
    S3Operation operation{.action = "s3:ListObjectsV2",
                          .query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}}};
    if (!token.empty()) operation.query.emplace_back("continuation-token", token);
    ARROW_ASSIGN_OR_RAISE(const http::Response response, transport_.CallChecked(std::move(operation)));
    ARROW_ASSIGN_OR_RAISE(const XmlNode root, ParseXml(response.body));
    const bool encoded = root.ChildText("EncodingType") == "url";
    for (const XmlNode& child : root.children) {
      if (child.name != "Contents") continue;
      const std::string key = child.ChildText("Key");
      objects.push_back(
          {.key = encoded ? DecodeKey(key) : key,
           .size = std::atoll(child.ChildText("Size").c_str()),
           .etag = child.ChildText("ETag"),
           .last_modified = ParseIso8601(child.ChildText("LastModified")).value_or(SystemTime())});
    }
    const std::string next = root.ChildText("NextContinuationToken");
    if (root.ChildText("IsTruncated") != "true") return objects;
    if (next.empty() || next == token) {
      return MakeError(
          ErrorCode::kMalformedBody,
          fmt::format("s3:ListObjectsV2 s3://{}/{}: a truncated listing without a new continuation token",
                      transport_.options().bucket, prefix));
    }
    token = next;
  }
}

Status S3ClientImpl::DeleteObject(const std::string& key) {
  const Status deleted =
      transport_.CallChecked({.action = "s3:DeleteObject", .method = "DELETE", .key = key}).status();
  return !deleted.ok() && CodeOf(deleted) == ErrorCode::kNotFound ? Status::OK() : deleted;
}

}  // namespace ingesta::aws
