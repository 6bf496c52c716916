#include "ingesta/pipeline/fingerprints.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ingesta/base/fs.h"

// file  := magic header entry* digest(uint64)
// header:= scheme(uint64) doubts(uint64)
// entry := key(uint64) content(uint64), ascending; content 0 = the key's row is in quarantine
// digest:= XXH3-64 of all before it. All numbers little-endian.

namespace ingesta::pipeline {
namespace {

using transform::RowFingerprint;

constexpr std::string_view kMagic = "INGFPR1\n";
constexpr uint64_t kInQuarantine = 0;
constexpr size_t kBufferEntries = 4096;
static_assert(sizeof(RowFingerprint) == 16);

struct FileHeader {
  uint64_t scheme = 0;
  uint64_t doubts = 0;
};

bool Precedes(const RowFingerprint& a, const RowFingerprint& b) {
  return a.key != b.key ? a.key < b.key : a.content < b.content;
}

class XxState {
 public:
  XxState() : state_(XXH3_createState()) { XXH3_64bits_reset(state_); }
  ~XxState() { XXH3_freeState(state_); }
  XxState(const XxState&) = delete;
  XxState& operator=(const XxState&) = delete;
  void Update(const void* data, size_t size) { XXH3_64bits_update(state_, data, size); }
  uint64_t Digest() const { return XXH3_64bits_digest(state_); }

 private:
  XXH3_state_t* state_;
};

/// Writes a file front to back, with its checksums.
class SummedFile {
 public:
  static Result<SummedFile> Create(const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC));
    return SummedFile(path, std::move(fd));
  }
  Status Write(const void* data, size_t size) {
    digest_->Update(data, size);
    return WriteUndigested(data, size);
  }
  Result<FingerprintFile> Close() {
    const uint64_t digest = digest_->Digest();
    RETURN_NOT_OK(WriteUndigested(&digest, sizeof digest));
    RETURN_NOT_OK(CloseSynced(fd_, path_));
    return FingerprintFile{.bytes = bytes_, .crc32 = crc32_, .digest = fmt::format("{:016x}", digest)};
  }

 private:
  SummedFile(std::string path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)), digest_(std::make_unique<XxState>()) {}
  Status WriteUndigested(const void* data, size_t size) {
    const std::string_view text(static_cast<const char*>(data), size);
    crc32_ = Crc32(text, crc32_);
    bytes_ += static_cast<int64_t>(size);
    return WriteAll(fd_.get(), text, path_);
  }

  std::string path_;
  UniqueFd fd_;
  std::unique_ptr<XxState> digest_;
  int64_t bytes_ = 0;
  uint32_t crc32_ = 0;
};

/// Reads a file entry by entry. Whether it was whole shows at its end.
class FingerprintReader {
 public:
  static Result<std::unique_ptr<FingerprintReader>> Open(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return ErrnoError(errno, "open " + path);
    std::unique_ptr<FingerprintReader> reader(new FingerprintReader(path, file));
    RETURN_NOT_OK(reader->ReadHeader());
    return reader;
  }
  ~FingerprintReader() { std::fclose(file_); }
  FingerprintReader(const FingerprintReader&) = delete;
  FingerprintReader& operator=(const FingerprintReader&) = delete;

  const FileHeader& header() const { return header_; }
  /// The next entry, or nullptr at the end. It lives until the next call.
  Result<const RowFingerprint*> Next() {
    if (next_ == buffer_.size()) RETURN_NOT_OK(Fill());
    return next_ < buffer_.size() ? &buffer_[next_++] : nullptr;
  }

 private:
  FingerprintReader(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  Status Damaged() const { return MakeError(ErrorCode::kCorrupt, path_ + " is no whole fingerprint file"); }

  Status ReadHeader() {
    char magic[kMagic.size()];
    if (std::fread(magic, sizeof magic, 1, file_) != 1 ||
        std::memcmp(magic, kMagic.data(), sizeof magic) != 0)
      return Damaged();
    if (std::fread(&header_, sizeof header_, 1, file_) != 1) return Damaged();
    digest_.Update(magic, sizeof magic);
    digest_.Update(&header_, sizeof header_);
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, FileSize(path_));
    constexpr auto kFrame = static_cast<int64_t>(kMagic.size() + sizeof(FileHeader) + sizeof(uint64_t));
    if (bytes < kFrame || (bytes - kFrame) % static_cast<int64_t>(sizeof(RowFingerprint)) != 0)
      return Damaged();
    left_ = static_cast<uint64_t>(bytes - kFrame) / sizeof(RowFingerprint);
    return Status::OK();
  }

  Status Fill() {
    next_ = 0;
    buffer_.resize(std::min<uint64_t>(left_, kBufferEntries));
    if (buffer_.empty()) return CheckEnd();
    if (std::fread(buffer_.data(), sizeof(RowFingerprint), buffer_.size(), file_) != buffer_.size())
      return Damaged();
    left_ -= buffer_.size();
    digest_.Update(buffer_.data(), buffer_.size() * sizeof(RowFingerprint));
    return Status::OK();
  }

  Status CheckEnd() {
    if (ended_) return Status::OK();
    ended_ = true;
    uint64_t digest = 0;
    const bool whole = std::fread(&digest, sizeof digest, 1, file_) == 1 && digest == digest_.Digest() &&
                       std::fgetc(file_) == EOF;
    return whole ? Status::OK() : Damaged();
  }

  const std::string path_;
  std::FILE* file_;
  FileHeader header_;
  XxState digest_;
  uint64_t left_ = 0;
  std::vector<RowFingerprint> buffer_;
  size_t next_ = 0;
  bool ended_ = false;
};

/// What the keys of both files, walked side by side, come to.
class Comparison {
 public:
  explicit Comparison(bool same_scheme) : same_scheme_(same_scheme) {}
  void OnlyBefore(const RowFingerprint& before) {
    if (before.content != kInQuarantine) ++deleted_;
  }
  void OnlyNow(const RowFingerprint& now) {
    if (now.content != kInQuarantine) ++changes_.added;
  }
  void Both(const RowFingerprint& before, const RowFingerprint& now) {
    if (now.content == kInQuarantine) return;
    if (before.content == kInQuarantine) {
      ++changes_.added;
    } else if (same_scheme_ && before.content != now.content) {
      ++changed_;
    } else {
      ++changes_.unchanged;
    }
  }
  Changes Result(bool knows_deleted) {
    if (same_scheme_) changes_.changed = changed_;
    if (knows_deleted) changes_.deleted = deleted_;
    return changes_;
  }

 private:
  const bool same_scheme_;
  Changes changes_;
  int64_t changed_ = 0;
  int64_t deleted_ = 0;
};

}  // namespace

Result<std::unique_ptr<FingerprintLog>> FingerprintLog::Create(const std::string& path,
                                                               int64_t sorted_at_once) {
  std::FILE* file = std::fopen(path.c_str(), "w+e");
  if (file == nullptr) return ErrnoError(errno, "create " + path);
  return std::unique_ptr<FingerprintLog>(new FingerprintLog(path, file, sorted_at_once));
}

FingerprintLog::~FingerprintLog() {
  std::fclose(file_);
  ::unlink(path_.c_str());
}

Status FingerprintLog::Append(const std::vector<RowFingerprint>& rows, const std::vector<uint8_t>& dropped) {
  std::vector<RowFingerprint> staying;
  const std::vector<RowFingerprint>* written = &rows;
  if (!dropped.empty()) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (dropped[i] == 0) staying.push_back(rows[i]);
    }
    written = &staying;
  }
  if (std::fwrite(written->data(), sizeof(RowFingerprint), written->size(), file_) != written->size())
    return ErrnoError(errno, "write " + path_);
  rows_ += static_cast<int64_t>(written->size());
  return Status::OK();
}

Status FingerprintLog::Clear() {
  rows_ = 0;
  doubts_ = 0;
  quarantined_.clear();
  std::rewind(file_);
  return ftruncate(fileno(file_), 0) == 0 ? Status::OK() : ErrnoError(errno, "truncate " + path_);
}

/// The kept entries whose key begins with the `bits` bits `bucket`, sorted.
Result<std::vector<RowFingerprint>> FingerprintLog::Bucket(const std::vector<bool>& keep, int bits,
                                                           uint64_t bucket) {
  const auto is_in = [&](uint64_t key) { return bits == 0 || key >> (64 - bits) == bucket; };
  std::vector<RowFingerprint> entries;
  std::vector<RowFingerprint> piece(kBufferEntries);
  std::rewind(file_);
  size_t row = 0;
  for (size_t read = 0;
       (read = std::fread(piece.data(), sizeof(RowFingerprint), piece.size(), file_)) != 0;) {
    for (size_t i = 0; i < read; ++i, ++row) {
      if (is_in(piece[i].key) && (keep.empty() || keep[row])) entries.push_back(piece[i]);
    }
  }
  if (std::ferror(file_) != 0 || static_cast<int64_t>(row) != rows_) return ErrnoError(EIO, "read " + path_);
  std::sort(entries.begin(), entries.end(), Precedes);
  // A key that has a row as well is simply there.
  const size_t with_rows = entries.size();
  for (const uint64_t key : quarantined_) {
    if (!is_in(key)) continue;
    const RowFingerprint held{.key = key, .content = kInQuarantine};
    const auto rows_end = entries.begin() + static_cast<std::ptrdiff_t>(with_rows);
    const auto found = std::lower_bound(entries.begin(), rows_end, held, Precedes);
    if (found == rows_end || found->key != key) entries.push_back(held);
  }
  std::sort(entries.begin() + static_cast<std::ptrdiff_t>(with_rows), entries.end(), Precedes);
  entries.erase(std::unique(entries.begin() + static_cast<std::ptrdiff_t>(with_rows), entries.end()),
                entries.end());
  std::inplace_merge(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(with_rows), entries.end(),
                     Precedes);
  return entries;
}

Result<FingerprintFile> FingerprintLog::Finish(const std::vector<bool>& keep, uint64_t scheme,
                                               const std::string& path) {
  if (std::fflush(file_) != 0) return ErrnoError(errno, "write " + path_);
  if (!keep.empty() && static_cast<int64_t>(keep.size()) != rows_) {
    return MakeError(ErrorCode::kInternal, fmt::format("{} fingerprints of {} rows", rows_, keep.size()));
  }
  int bits = 0;
  while ((rows_ >> bits) > sorted_at_once_) ++bits;
  const FileHeader header{.scheme = scheme, .doubts = doubts_};
  ARROW_ASSIGN_OR_RAISE(SummedFile out, SummedFile::Create(path));
  RETURN_NOT_OK(out.Write(kMagic.data(), kMagic.size()));
  RETURN_NOT_OK(out.Write(&header, sizeof header));
  for (uint64_t bucket = 0; bucket < 1ULL << bits; ++bucket) {
    ARROW_ASSIGN_OR_RAISE(const auto entries, Bucket(keep, bits, bucket));
    RETURN_NOT_OK(out.Write(entries.data(), entries.size() * sizeof(RowFingerprint)));
  }
  return out.Close();
}

Result<Changes> CompareFingerprints(const std::string& before, const std::string& now) {
  ARROW_ASSIGN_OR_RAISE(const auto old_file, FingerprintReader::Open(before));
  ARROW_ASSIGN_OR_RAISE(const auto new_file, FingerprintReader::Open(now));
  Comparison comparison(old_file->header().scheme == new_file->header().scheme);
  ARROW_ASSIGN_OR_RAISE(const RowFingerprint* a, old_file->Next());
  ARROW_ASSIGN_OR_RAISE(const RowFingerprint* b, new_file->Next());
  while (a != nullptr || b != nullptr) {
    const bool takes_a = b == nullptr || (a != nullptr && a->key <= b->key);
    const bool takes_b = a == nullptr || (b != nullptr && b->key <= a->key);
    if (takes_a && takes_b) {
      comparison.Both(*a, *b);
    } else if (takes_a) {
      comparison.OnlyBefore(*a);
    } else {
      comparison.OnlyNow(*b);
    }
    if (takes_a) {
      ARROW_ASSIGN_OR_RAISE(a, old_file->Next());
    }
    if (takes_b) {
      ARROW_ASSIGN_OR_RAISE(b, new_file->Next());
    }
  }
  return comparison.Result(/*knows_deleted=*/new_file->header().doubts == 0);
}

}  // namespace ingesta::pipeline
