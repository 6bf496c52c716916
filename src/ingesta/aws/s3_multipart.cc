// Multipart uploads of S3ClientImpl: parts in parallel, the condition on Complete alone, a lost Complete
// recognised by what is there, and stale uploads of runs that died.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/s3_client.h"
#include "ingesta/aws/xml.h"

namespace ingesta::aws {
namespace {

constexpr int64_t kMaxParts = 10'000;
constexpr int64_t kMiB = 1LL << 20;

int64_t PartSize(const S3Options& options, int64_t size) {
  const int64_t needed = (size + kMaxParts - 1) / kMaxParts;
  return std::max(options.part_size, (needed + kMiB - 1) / kMiB * kMiB);
}

}  // namespace

Result<std::string> S3ClientImpl::Multipart(const std::string& key, const FileFacts& file,
                                            const PutOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const std::string upload_id, CreateUpload(key, options));
  const Result<std::vector<PartResult>> parts = UploadParts(key, file, upload_id);
  Result<std::string> etag = parts.ok() ? CompleteUpload(key, file, upload_id, *parts, options)
                                        : Result<std::string>(parts.status());
  // Best effort: what is left is aborted by a later run that may (AbortStaleUploads).
  if (!etag.ok()) (void)AbortUpload(key, upload_id);
  return etag;
}

Result<std::string> S3ClientImpl::CreateUpload(const std::string& key, const PutOptions& options) {
  S3Operation operation{.action = "s3:CreateMultipartUpload",
                        .method = "POST",
                        .key = key,
                        .query = {{"uploads", ""}},
                        .headers = ObjectHeaders(options)};
  operation.headers.Set("x-amz-checksum-algorithm", "CRC32");
  ARROW_ASSIGN_OR_RAISE(const http::Response response, transport_.CallChecked(std::move(operation)));
  ARROW_ASSIGN_OR_RAISE(const XmlNode root, ParseXml(response.body));
  std::string upload_id = root.ChildText("UploadId");
  if (upload_id.empty()) {
    return MakeError(ErrorCode::kMalformedBody,
                     fmt::format("s3:CreateMultipartUpload s3://{}/{} answered without an UploadId",
                                 transport_.options().bucket, key));
  }
  return upload_id;
}

Result<S3Operation> S3ClientImpl::PartOperation(const std::string& key, const FileFacts& file,
                                                const std::string& upload_id, int64_t number,
                                                int64_t part_size, std::string* crc32_header) {
  const int64_t offset = (number - 1) * part_size;
  const int64_t length = std::min(part_size, file.size - offset);
  ARROW_ASSIGN_OR_RAISE(const RangeDigests digests,
                        DigestFileRange(file.path, offset, length, transport_.signs_payload()));
  *crc32_header = Crc32Header(digests.crc32);
  S3Operation operation{.action = "s3:UploadPart",
                        .method = "PUT",
                        .key = key,
                        .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}}};
  operation.headers.Set("x-amz-checksum-crc32", *crc32_header);
  operation.body = {.bytes = {}, .file = file.path, .offset = offset, .length = length};
  operation.body_sha256 = digests.sha256_hex;
  return operation;
}

Result<std::vector<S3ClientImpl::PartResult>> S3ClientImpl::UploadParts(const std::string& key,
                                                                        const FileFacts& file,
                                                                        const std::string& upload_id) {
  const int64_t part_size = PartSize(transport_.options(), file.size);
  const int64_t count = (file.size + part_size - 1) / part_size;
  const auto window = static_cast<size_t>(std::max(1, transport_.options().upload_concurrency));
  std::vector<PartResult> parts(static_cast<size_t>(count));
  std::deque<std::pair<int64_t, S3Transport::Pending>> in_flight;
  Status failed;
  const auto finish_one = [&] {
    auto [number, pending] = std::move(in_flight.front());
    in_flight.pop_front();
    const S3Operation named{.action = pending.operation.action, .key = key};
    const Result<http::Response> response = transport_.Finish(std::move(pending));
    Status status = response.status();
    if (status.ok()) status = transport_.Check(named, *response);
    if (!status.ok()) {
      if (failed.ok()) failed = WithPrefix(status, fmt::format("part {} of {}", number, count));
    } else if (const std::string* etag = response->headers.Find("ETag")) {
      parts[static_cast<size_t>(number - 1)].etag = *etag;
    }
  };
  for (int64_t number = 1; number <= count && failed.ok(); ++number) {
    if (in_flight.size() == window) finish_one();
    if (!failed.ok()) break;
    Result<S3Operation> operation = PartOperation(key, file, upload_id, number, part_size,
                                                  &parts[static_cast<size_t>(number - 1)].crc32_header);
    if (!operation.ok()) {
      failed = operation.status();
    } else {
      in_flight.emplace_back(number, transport_.Start(*std::move(operation)));
    }
  }
  while (!in_flight.empty()) finish_one();
  ARROW_RETURN_NOT_OK(failed);
  return parts;
}

Result<std::string> S3ClientImpl::CompleteUpload(const std::string& key, const FileFacts& file,
                                                 const std::string& upload_id,
                                                 const std::vector<PartResult>& parts,
                                                 const PutOptions& options) {
  std::string body = R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  for (size_t i = 0; i < parts.size(); ++i) {
    body += fmt::format(
        "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag><ChecksumCRC32>{}</ChecksumCRC32></Part>", i + 1,
        XmlEscape(parts[i].etag), parts[i].crc32_header);
  }
  body += "</CompleteMultipartUpload>";
  S3Operation operation{.action = "s3:CompleteMultipartUpload",
                        .method = "POST",
                        .key = key,
                        .query = {{"uploadId", upload_id}}};
  operation.headers.Set("Content-Type", "application/xml");
  operation.body.bytes = std::move(body);
  operation.error_within_200 = true;
  S3Operation named{.action = operation.action, .key = key};
  named.error_within_200 = true;
  AddConditions(options, &named.headers);
  const Result<http::Response> response = Put(std::move(operation), options);
  const Status status = response.ok() ? transport_.Check(named, *response) : response.status();
  if (status.ok()) {
    ARROW_ASSIGN_OR_RAISE(const XmlNode root, ParseXml(response->body));
    return root.ChildText("ETag");
  }
  // Done by a try whose acknowledgement was lost: the upload is gone (404), or the condition now meets our
  // own object (412), or no answer came at all. What is there decides.
  const ErrorCode code = CodeOf(status);
  const bool unknown = !response.ok() || code == ErrorCode::kNotFound || code == ErrorCode::kAlreadyExists ||
                       code == ErrorCode::kConflict;
  if (unknown && code != ErrorCode::kCancelled) {
    const Result<std::string> etag = SameObject(key, file.size, options);
    if (etag.ok()) return etag;
  }
  return status;
}

Status S3ClientImpl::AbortUpload(const std::string& key, const std::string& upload_id) {
  return transport_
      .CallChecked({.action = "s3:AbortMultipartUpload",
                    .method = "DELETE",
                    .key = key,
                    .query = {{"uploadId", upload_id}}})
      .status();
}

Result<int> S3ClientImpl::AbortStaleUploads(const std::string& prefix, SystemTime older_than) {
  int aborted = 0;
  FormFields markers;
  while (true) {
    S3Operation operation{.action = "s3:ListMultipartUploads",
                          .query = {{"uploads", ""}, {"prefix", prefix}}};
    operation.query.insert(operation.query.end(), markers.begin(), markers.end());
    ARROW_ASSIGN_OR_RAISE(const http::Response response, transport_.CallChecked(std::move(operation)));
    ARROW_ASSIGN_OR_RAISE(const XmlNode root, ParseXml(response.body));
    for (const XmlNode& child : root.children) {
      if (child.name != "Upload") continue;
      const auto initiated = ParseIso8601(child.ChildText("Initiated"));
      // Some servers give every upload, whatever the prefix asked for.
      const std::string key = child.ChildText("Key");
      if (!initiated.has_value() || *initiated >= older_than || !key.starts_with(prefix)) continue;
      const Status status = AbortUpload(key, child.ChildText("UploadId"));
      if (status.ok()) {
        ++aborted;
      } else if (CodeOf(status) != ErrorCode::kNotFound) {
        return status;
      }
    }
    FormFields next = {{"key-marker", root.ChildText("NextKeyMarker")},
                       {"upload-id-marker", root.ChildText("NextUploadIdMarker")}};
    if (root.ChildText("IsTruncated") != "true" || next == markers) return aborted;
    markers = std::move(next);
  }
}

}  // namespace ingesta::aws
