// The download of a large object: ranges of one version fetched side by side and written where they belong.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <deque>
#include <utility>

#include "ingesta/aws/s3_client.h"
#include "ingesta/base/fs.h"

namespace ingesta::aws {
namespace {

/// Bytes of one range; as many as `upload_concurrency` ranges are in memory at once.
constexpr int64_t kRangeBytes = 16LL << 20;
constexpr int kRangeNotSatisfiable = 416;
constexpr int kPartialContent = 206;

S3Operation RangeOperation(const std::string& key, int64_t begin, const std::string& etag) {
  S3Operation operation{.action = "s3:GetObject", .key = key};
  operation.headers.Set("Range", fmt::format("bytes={}-{}", begin, begin + kRangeBytes - 1));
  if (!etag.empty()) operation.headers.Set("If-Match", etag);
  return operation;
}

/// The object's size out of `Content-Range: bytes 0-99/1234`; that of the body where the server sent all of
/// it.
Result<int64_t> TotalSize(const http::Response& response) {
  const std::string* range = response.headers.Find("Content-Range");
  const size_t slash = range == nullptr ? std::string::npos : range->find('/');
  if (response.status != kPartialContent) return static_cast<int64_t>(response.body.size());
  if (slash == std::string::npos) {
    return MakeError(ErrorCode::kMalformedBody, "the answer to a range request has no Content-Range");
  }
  return std::atoll(range->c_str() + slash + 1);
}

Status WriteAt(int fd, std::string_view bytes, int64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "write " + path);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return Status::OK();
}

}  // namespace

Result<ObjectInfo> S3ClientImpl::GetFile(const std::string& key, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  Result<ObjectInfo> info = FetchRanges(key, fd.get(), path);
  if (!info.ok()) ARROW_RETURN_NOT_OK(RemoveFile(path));
  return info;
}

Result<ObjectInfo> S3ClientImpl::FetchRanges(const std::string& key, int fd, const std::string& path) {
  S3Operation first_operation = RangeOperation(key, 0, "");
  ARROW_ASSIGN_OR_RAISE(const http::Response first, transport_.Call(first_operation));
  if (first.status == kRangeNotSatisfiable) return HeadObject(key);  // empty
  ARROW_RETURN_NOT_OK(transport_.Check(first_operation, first));
  ObjectInfo info;
  if (const std::string* etag = first.headers.Find("ETag")) info.etag = *etag;
  ARROW_ASSIGN_OR_RAISE(info.size, TotalSize(first));
  ARROW_RETURN_NOT_OK(WriteAt(fd, first.body, 0, path));

  std::deque<std::pair<int64_t, S3Transport::Pending>> pending;
  Status failure;
  int64_t next = static_cast<int64_t>(first.body.size());
  while (true) {
    while (failure.ok() && next < info.size &&
           static_cast<int>(pending.size()) < transport_.options().upload_concurrency) {
      pending.emplace_back(next, transport_.Start(RangeOperation(key, next, info.etag)));
      next += kRangeBytes;
    }
    if (pending.empty()) break;
    auto [offset, call] = std::move(pending.front());
    pending.pop_front();
    const S3Operation operation = call.operation;
    const Result<http::Response> answer =
        transport_.Finish(std::move(call));  // each one, also after a failure
    if (!failure.ok()) continue;
    failure = answer.ok() ? transport_.Check(operation, *answer) : answer.status();
    if (!failure.ok()) continue;
    const int64_t expected = std::min(kRangeBytes, info.size - offset);
    failure = static_cast<int64_t>(answer->body.size()) == expected
                  ? WriteAt(fd, answer->body, offset, path)
                  : MakeError(ErrorCode::kMalformedBody,
                              fmt::format("s3:GetObject {}: {} bytes came for a range of {}", key,
                                          answer->body.size(), expected));
  }
  ARROW_RETURN_NOT_OK(failure);
  return info;
}

}  // namespace ingesta::aws
