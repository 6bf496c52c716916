#include "ingesta/base/fs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <isa-l/crc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace ingesta {
namespace {

constexpr size_t kReadBytes = 1 << 20;

/// ErrnoError with the codes that callers tell apart.
Status FileError(int error_number, std::string what) {
  const auto text = [&] {
    return fmt::format("{}: {}", what, std::generic_category().message(error_number));
  };
  switch (error_number) {
    case ENOENT:
      return MakeError(ErrorCode::kNotFound, text());
    case EEXIST:
      return MakeError(ErrorCode::kAlreadyExists, text());
    case EFBIG:
      return MakeError(
          ErrorCode::kDiskFull, text(),
          "raise the limit on file sizes (ulimit -f), or use a file system that takes larger files");
    default:
      return ErrnoError(error_number, std::move(what));
  }
}

/// Repeats a system call that a signal interrupted.
template <typename Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

Status WriteTemporary(const std::string& path, std::string_view text, bool sync) {
  ARROW_ASSIGN_OR_RAISE(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  ARROW_RETURN_NOT_OK(WriteAll(fd.get(), text, path));
  if (sync) ARROW_RETURN_NOT_OK(SyncFile(fd.get(), path));
  return CloseFile(fd, path);
}

}  // namespace

void UniqueFd::Reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

uint32_t Crc32(std::string_view data, uint32_t crc) {
  return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(data.data()), data.size());
}

Result<UniqueFd> OpenFile(const std::string& path, int flags, unsigned mode) {
  const int fd = Retrying([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return FileError(errno, fmt::format("{} {}", (flags & O_CREAT) != 0 ? "create" : "open", path));
  return UniqueFd(fd);
}

Status WriteAll(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = Retrying([&] { return ::write(fd, data.data(), data.size()); });
    if (written < 0) return FileError(errno, fmt::format("write {}", path));
    data.remove_prefix(static_cast<size_t>(written));
  }
  return Status::OK();
}

Result<size_t> ReadSome(int fd, char* buffer, size_t size, const std::string& path) {
  const ssize_t count = Retrying([&] { return ::read(fd, buffer, size); });
  if (count < 0) return FileError(errno, fmt::format("read {}", path));
  return static_cast<size_t>(count);
}

Status SyncFile(int fd, const std::string& path) {
  if (Retrying([&] { return ::fsync(fd); }) != 0) return FileError(errno, fmt::format("sync {}", path));
  return Status::OK();
}

Status CloseFile(UniqueFd& fd, const std::string& path) {
  if (::close(fd.Release()) != 0) return FileError(errno, fmt::format("close {}", path));
  return Status::OK();
}

Status CloseSynced(UniqueFd& fd, const std::string& path) {
  ARROW_RETURN_NOT_OK(SyncFile(fd.get(), path));
  ARROW_RETURN_NOT_OK(CloseFile(fd, path));
  return SyncDir(ParentDir(path));
}

Status AtomicWriteFile(const std::string& path, std::string_view text, bool sync) {
  static std::atomic<uint64_t> counter{0};
  const std::string temporary = fmt::format("{}.{}.{}.tmp", path, ::getpid(), counter.fetch_add(1));
  Status status = WriteTemporary(temporary, text, sync);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = FileError(errno, fmt::format("rename {} to {}", temporary, path));
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return sync ? SyncDir(ParentDir(path)) : Status::OK();
}

Result<std::string> ReadFile(const std::string& path, int64_t max_bytes) {
  ARROW_ASSIGN_OR_RAISE(UniqueFd fd, OpenFile(path, O_RDONLY));
  std::string text;
  std::array<char, 16384> piece;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, ReadSome(fd.get(), piece.data(), piece.size(), path));
    if (count == 0) return text;
    text.append(piece.data(), count);
    if (static_cast<int64_t>(text.size()) > max_bytes) {
      return MakeError(ErrorCode::kBodyTooLarge,
                       fmt::format("read {}: larger than {} bytes", path, max_bytes));
    }
  }
}

Status MakeDirs(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return SyncDir(ParentDir(path));
  const int error_number = errno;
  if (error_number == ENOENT) {
    ARROW_RETURN_NOT_OK(MakeDirs(ParentDir(path)));
    if (::mkdir(path.c_str(), 0777) == 0) return SyncDir(ParentDir(path));
    if (errno != EEXIST) return FileError(errno, fmt::format("create folder {}", path));
    return Status::OK();
  }
  struct stat info = {};
  // Also where mkdir was refused for another reason (a read-only file system) an existing folder is all that
  // is asked.
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Status::OK();
  return FileError(error_number == EEXIST ? ENOTDIR : error_number, fmt::format("create folder {}", path));
}

Status SyncDir(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const UniqueFd fd, OpenFile(path, O_RDONLY | O_DIRECTORY));
  const int result = Retrying([&] { return ::fsync(fd.get()); });
  // Some network and FUSE file systems cannot sync a folder; there the rename is as durable as they make it.
  if (result != 0 && errno != EINVAL && errno != ENOTSUP)
    return FileError(errno, fmt::format("sync folder {}", path));
  return Status::OK();
}

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    return FileError(error.value(), fmt::format("remove {}", path));
  }
  return Status::OK();
}

Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FileError(errno, fmt::format("remove {}", path));
  return Status::OK();
}

bool PathExists(const std::string& path) {
  struct stat info = {};
  return ::lstat(path.c_str(), &info) == 0;
}

Result<int64_t> FileSize(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return FileError(errno, fmt::format("look at {}", path));
  return static_cast<int64_t>(info.st_size);
}

Result<uint32_t> FileCrc32(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const UniqueFd fd, OpenFile(path, O_RDONLY));
  const auto buffer = std::make_unique<char[]>(kReadBytes);
  uint32_t crc = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, ReadSome(fd.get(), buffer.get(), kReadBytes, path));
    if (count == 0) return crc;
    crc = Crc32({buffer.get(), count}, crc);
  }
}

namespace internal {

Status LinkNoReplace(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) != 0) {
    return FileError(errno, fmt::format("move {} to {} (link)", from, to));
  }
  if (::unlink(from.c_str()) != 0) return FileError(errno, fmt::format("remove {} after linking it", from));
  return Status::OK();
}

}  // namespace internal

Status RenameNoReplace(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const bool unsupported = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
    if (!unsupported) return FileError(errno, fmt::format("move {} to {}", from, to));
    ARROW_RETURN_NOT_OK(internal::LinkNoReplace(from, to));
  }
  return SyncDir(ParentDir(to));
}

std::string ParentDir(const std::string& path) {
  const size_t last = path.find_last_not_of('/');
  const size_t slash = last == std::string::npos ? last : path.find_last_of('/', last);
  if (slash == std::string::npos) return path.empty() || path.front() != '/' ? "." : "/";
  const size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

}  // namespace ingesta
