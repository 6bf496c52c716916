#include "ingesta/store/local_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "ingesta/base/fs.h"

namespace ingesta::store {
namespace {

namespace filesystem = std::filesystem;

/// Beside documents that are written conditionally. It is no object: who removed it would let two writers in.
constexpr const char* kLockName = ".lock";

const std::string kFileScheme = "file://";

SystemTime ModifiedAt(const filesystem::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return SystemTime(
      std::chrono::seconds(facts.st_mtim.tv_sec) +
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(facts.st_mtim.tv_nsec)));
}

std::string VersionOf(const std::string& text) {
  return fmt::format("{:08x}-{}", Crc32(text), text.size());
}

class LocalStore final : public ObjectStore {
 public:
  explicit LocalStore(std::string root)
      : root_(std::move(root)), absolute_root_(filesystem::absolute(root_).lexically_normal().string()) {
    while (absolute_root_.size() > 1 && absolute_root_.back() == '/') absolute_root_.pop_back();
  }

  const std::string& kind() const override {
    static const std::string kKind = "local";
    return kKind;
  }

  std::string Uri(const std::string& key) const override { return key.empty() ? root_ : Path(key); }

  Result<std::optional<StoredObject>> Head(const std::string& key) override {
    RETURN_NOT_OK(CheckKey(key));
    auto size = FileSize(Path(key));
    if (size.ok()) return StoredObject{key, *size, ""};
    return CodeOf(size.status()) == ErrorCode::kNotFound ? Result<std::optional<StoredObject>>(std::nullopt)
                                                         : size.status();
  }

  Result<std::optional<Document>> Read(const std::string& key) override {
    RETURN_NOT_OK(CheckKey(key));
    auto text = ReadFile(Path(key));
    if (text.ok()) {
      std::string version = VersionOf(*text);
      return Document{*std::move(text), std::move(version)};
    }
    return CodeOf(text.status()) == ErrorCode::kNotFound ? Result<std::optional<Document>>(std::nullopt)
                                                         : text.status();
  }

  std::string Location(const std::string& key) const override {
    return kFileScheme + absolute_root_ + "/" + key;
  }
  std::optional<std::string> KeyOf(const std::string& location) const override;
  Result<std::string> FetchFile(const std::string& key, const std::string& /*scratch*/) override {
    RETURN_NOT_OK(CheckKey(key));
    RETURN_NOT_OK(FileSize(Path(key)).status());
    return Path(key);
  }
  Status PublishFile(const std::string& path, const std::string& key, const std::string& content_type,
                     uint32_t crc32) override;
  Status ReplaceFile(const std::string& path, const std::string& key, const std::string& content_type,
                     uint32_t crc32) override;
  Result<std::string> Write(const std::string& key, const std::string& text,
                            const std::optional<std::string>& expected_version,
                            Durability durability) override;
  Result<std::vector<StoredObject>> List(const std::string& prefix) override;

  Status Delete(const std::string& key) override {
    RETURN_NOT_OK(CheckKey(key));
    return RemoveFile(Path(key));
  }

 private:
  std::string Path(const std::string& key) const { return root_ + "/" + key; }
  Result<bool> HoldsFile(const std::string& path, const std::string& target, uint32_t crc32) const;
  Status CheckVersion(const std::string& key, const std::string& expected);

  const std::string root_;
  std::string absolute_root_;
};

std::optional<std::string> LocalStore::KeyOf(const std::string& location) const {
  std::string_view path = location;
  // `file:///path`, and Java's `file:/path`.
  if (path.starts_with("file:")) path.remove_prefix(path.starts_with(kFileScheme) ? kFileScheme.size() : 5);
  if (!path.starts_with(absolute_root_) || path.size() <= absolute_root_.size() + 1 ||
      path[absolute_root_.size()] != '/') {
    return std::nullopt;
  }
  std::string key(path.substr(absolute_root_.size() + 1));
  return CheckKey(key).ok() ? std::optional(std::move(key)) : std::nullopt;
}

Result<bool> LocalStore::HoldsFile(const std::string& path, const std::string& target, uint32_t crc32) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t there, FileSize(target));
  ARROW_ASSIGN_OR_RAISE(const int64_t ours, FileSize(path));
  if (there != ours) return false;
  ARROW_ASSIGN_OR_RAISE(const uint32_t sum, FileCrc32(target));
  return sum == crc32;
}

/// A synced copy of `path` in the folder of `target`, under a name that no reader takes for data.
Result<std::string> CopyBeside(const std::string& path, const std::string& target) {
  std::string copy =
      fmt::format("{}/.{}.{}", ParentDir(target), ::getpid(), filesystem::path(target).filename().string());
  std::error_code error;
  filesystem::copy_file(path, copy, filesystem::copy_options::overwrite_existing, error);
  if (error) return ErrnoError(error.value(), fmt::format("copy {} to {}", path, copy));
  ARROW_ASSIGN_OR_RAISE(const UniqueFd fd, OpenFile(copy, O_RDONLY));
  RETURN_NOT_OK(SyncFile(fd.get(), copy));
  return copy;
}

// A hard link leaves the spooled file in place, so that a run can be published again under another timestamp.
Status LocalStore::PublishFile(const std::string& path, const std::string& key,
                               const std::string& content_type, uint32_t crc32) {
  (void)content_type;
  RETURN_NOT_OK(CheckKey(key));
  const std::string target = Path(key);
  RETURN_NOT_OK(MakeDirs(ParentDir(target)));
  if (::link(path.c_str(), target.c_str()) == 0) return SyncDir(ParentDir(target));
  if (errno != EEXIST && !PathExists(target)) {
    // No hard links here, or another file system: copy beside the target, then rename.
    ARROW_ASSIGN_OR_RAISE(const std::string copy, CopyBeside(path, target));
    const Status renamed = RenameNoReplace(copy, target);
    if (renamed.ok()) return renamed;
    RETURN_NOT_OK(RemoveFile(copy));
    if (CodeOf(renamed) != ErrorCode::kAlreadyExists) return renamed;
  }
  ARROW_ASSIGN_OR_RAISE(const bool ours, HoldsFile(path, target, crc32));
  if (ours) return Status::OK();
  return MakeError(ErrorCode::kAlreadyExists, fmt::format("{} exists and holds something else", target));
}

Status LocalStore::ReplaceFile(const std::string& path, const std::string& key,
                               const std::string& /*content_type*/, uint32_t /*crc32*/) {
  RETURN_NOT_OK(CheckKey(key));
  const std::string target = Path(key);
  RETURN_NOT_OK(MakeDirs(ParentDir(target)));
  std::string copy =
      fmt::format("{}/.{}.{}", ParentDir(target), ::getpid(), filesystem::path(target).filename().string());
  RETURN_NOT_OK(RemoveFile(copy));
  if (::link(path.c_str(), copy.c_str()) != 0) {
    ARROW_ASSIGN_OR_RAISE(copy, CopyBeside(path, target));
  }
  // Of two links to one file rename() removes neither: then there is nothing to replace.
  if (::rename(copy.c_str(), target.c_str()) != 0)
    return ErrnoError(errno, fmt::format("rename {} to {}", copy, target));
  RETURN_NOT_OK(RemoveFile(copy));
  return SyncDir(ParentDir(target));
}

Status LocalStore::CheckVersion(const std::string& key, const std::string& expected) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<Document> there, Read(key));
  if (expected.empty() && there.has_value()) {
    return MakeError(ErrorCode::kAlreadyExists, Path(key) + " exists");
  }
  if (!expected.empty() && (!there.has_value() || there->version != expected)) {
    return MakeError(ErrorCode::kConflict, Path(key) + " was changed by another process");
  }
  return Status::OK();
}

Result<std::string> LocalStore::Write(const std::string& key, const std::string& text,
                                      const std::optional<std::string>& expected_version,
                                      Durability durability) {
  RETURN_NOT_OK(CheckKey(key));
  const std::string path = Path(key);
  RETURN_NOT_OK(MakeDirs(ParentDir(path)));
  UniqueFd lock;
  if (expected_version.has_value()) {
    const std::string lock_path = ParentDir(path) + "/.lock";
    ARROW_ASSIGN_OR_RAISE(lock, OpenFile(lock_path, O_RDWR | O_CREAT));
    if (::flock(lock.get(), LOCK_EX) != 0) return ErrnoError(errno, "lock " + lock_path);
    RETURN_NOT_OK(CheckVersion(key, *expected_version));
  }
  RETURN_NOT_OK(AtomicWriteFile(path, text, durability == Durability::kSynced));
  return VersionOf(text);
}

Result<std::vector<StoredObject>> LocalStore::List(const std::string& prefix) {
  std::vector<StoredObject> objects;
  std::error_code error;
  // A prefix need not end at a folder: list its folder and compare.
  const std::string folder = ParentDir(Path(prefix + "x"));
  for (filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored) || at->path().filename() == kLockName) continue;
    std::string key = filesystem::path(at->path()).lexically_relative(root_).string();
    if (key.rfind(prefix, 0) == 0)
      objects.push_back({.key = std::move(key),
                         .size = static_cast<int64_t>(at->file_size(ignored)),
                         .version = "",
                         .modified = ModifiedAt(at->path())});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return ErrnoError(error.value(), "list " + folder);
  std::sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return objects;
}

}  // namespace

Status CheckKey(const std::string& key) {
  bool safe = !key.empty() && key.front() != '/' && key.back() != '/';
  for (size_t begin = 0; safe && begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string part = key.substr(begin, end - begin);
    safe = !part.empty() && part != "." && part != ".." && std::none_of(part.begin(), part.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20;
    });
    begin = end + 1;
  }
  return safe ? Status::OK() : MakeError(ErrorCode::kInternal, fmt::format("'{}' is no object key", key));
}

std::unique_ptr<ObjectStore> MakeLocalStore(std::string root) {
  return std::make_unique<LocalStore>(std::move(root));
}

}  // namespace ingesta::store
