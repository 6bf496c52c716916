// Local files with the guarantees that a spool and a store need: whole or not at all, durable on return.
// Thread-safe: no shared state. Errors name the path; a full disk is kDiskFull, a missing file kNotFound, a
// taken name kAlreadyExists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ingesta/base/status.h"

namespace ingesta {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

/// CRC-32 as gzip and S3's ChecksumCRC32 have it, continued from `crc` (0 = start).
uint32_t Crc32(std::string_view data, uint32_t crc = 0);

/// Open `path` with open(2)'s `flags` (O_CLOEXEC is added), new files by `mode` and the umask.
Result<UniqueFd> OpenFile(const std::string& path, int flags, unsigned mode = 0666);
/// Write all of `data`; `path` is for the message. A prefix may have been written on failure.
Status WriteAll(int fd, std::string_view data, const std::string& path);
/// Read up to `size` bytes; 0 = end of file. `path` is for the message.
Result<size_t> ReadSome(int fd, char* buffer, size_t size, const std::string& path);
/// fsync(2). `path` is for the message.
Status SyncFile(int fd, const std::string& path);
/// Close `fd`; network file systems report a full disk here.
Status CloseFile(UniqueFd& fd, const std::string& path);
/// Make the written file and its place in its folder durable, and close `fd`.
Status CloseSynced(UniqueFd& fd, const std::string& path);

/// Replace or create `path` with `text`: temporary file beside it, fsync, rename, fsync of the folder. A
/// crash or an error leaves the old content, and no temporary file after an error. Without `sync` that holds
/// for the death of the process, but not for the loss of power.
Status AtomicWriteFile(const std::string& path, std::string_view text, bool sync = true);
/// The whole content. REQUIRES: a small file; `max_bytes` guards (kBodyTooLarge).
Result<std::string> ReadFile(const std::string& path, int64_t max_bytes = 64LL << 20);

/// Create `path` and its missing parents, durably. OK where it exists as a folder.
Status MakeDirs(const std::string& path);
/// fsync the folder `path`, so that names made or removed in it survive a crash.
Status SyncDir(const std::string& path);
/// Remove `path` and all below it, links not followed. OK where there is nothing.
Status RemoveTree(const std::string& path);
/// Remove one file. OK where there is nothing. Not synced.
Status RemoveFile(const std::string& path);

/// False also where it can't be known.
bool PathExists(const std::string& path);
Result<int64_t> FileSize(const std::string& path);
/// CRC-32 of the whole file, read in pieces.
Result<uint32_t> FileCrc32(const std::string& path);

/// Move `from` to `to` on the same file system, never over an existing file (kAlreadyExists), durably: the
/// folder of `to` is synced. Where the file system has no such rename it links, then unlinks: a crash between
/// them leaves both names.
Status RenameNoReplace(const std::string& from, const std::string& to);

namespace internal {
/// What RenameNoReplace does where the file system has no such rename. Not synced.
Status LinkNoReplace(const std::string& from, const std::string& to);
}  // namespace internal

/// The folder part of `path`; "." where it has none.
std::string ParentDir(const std::string& path);

}  // namespace ingesta
