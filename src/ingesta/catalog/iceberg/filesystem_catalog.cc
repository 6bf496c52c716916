#include "ingesta/catalog/iceberg/filesystem_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr int kWriteAttempts = 4;
constexpr Millis kWritePause{200};
constexpr std::string_view kSuffix = ".metadata.json";

std::optional<int64_t> NumberFrom(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

/// Also where a missing object is hidden behind 403, for who may not list the bucket.
bool IsAbsent(const Result<std::optional<StoredObject>>& head) {
  return head.ok() ? !head->has_value() : CodeOf(head.status()) == ErrorCode::kAccessDenied;
}

Status Lost(const std::string& name, int64_t version) {
  return MakeError(ErrorCode::kConflict,
                   fmt::format("table '{}': another writer made version {}", name, version));
}

}  // namespace

std::string FilesystemCatalog::VersionKey(const std::string& name, int64_t version) const {
  return fmt::format("{}v{}{}", Folder(name), version, kSuffix);
}

Result<std::string> FilesystemCatalog::NewTableLocation(const std::string& name) {
  return store_.Location(prefix_ + name);
}

Result<std::optional<int64_t>> FilesystemCatalog::ReadHint(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const auto document, store_.Read(Folder(name) + "version-hint.text"));
  if (!document) return std::optional<int64_t>();
  std::string text = document->text;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return NumberFrom(text);
}

Result<std::optional<int64_t>> FilesystemCatalog::HighestListed(const std::string& name) {
  const std::string stem = Folder(name) + "v";
  ARROW_ASSIGN_OR_RAISE(const auto objects, store_.List(stem));
  std::optional<int64_t> highest;
  for (const StoredObject& object : objects) {
    std::string_view rest = std::string_view(object.key).substr(stem.size());
    if (!rest.ends_with(kSuffix)) continue;
    rest.remove_suffix(kSuffix.size());
    if (const auto number = NumberFrom(rest)) highest = std::max(highest.value_or(0), *number);
  }
  return highest;
}

Result<std::optional<int64_t>> FilesystemCatalog::CurrentVersion(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const auto hint, ReadHint(name));
  if (!hint) return HighestListed(name);
  int64_t version = *hint;
  ARROW_ASSIGN_OR_RAISE(const auto hinted, store_.Head(VersionKey(name, version)));
  if (!hinted) return HighestListed(name);
  // Writers that died between their version and the hint, or lost its race.
  for (;; ++version) {
    const auto head = store_.Head(VersionKey(name, version + 1));
    if (IsAbsent(head)) return std::optional<int64_t>(version);
    RETURN_NOT_OK(head.status());
  }
}

Result<std::optional<LoadedTable>> FilesystemCatalog::LoadVersion(const std::string& name, int64_t version) {
  const std::string key = VersionKey(name, version);
  ARROW_ASSIGN_OR_RAISE(const auto document, store_.Read(key));
  if (!document) return std::optional<LoadedTable>();
  auto metadata = MetadataFromJson(document->text);
  if (!metadata.ok()) return WithPrefix(metadata.status(), store_.Uri(key));
  return std::optional<LoadedTable>(
      LoadedTable{*std::move(metadata), store_.Location(key), std::to_string(version)});
}

Result<std::optional<LoadedTable>> FilesystemCatalog::Load(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(std::optional<int64_t> version, CurrentVersion(name));
  if (!version) return std::optional<LoadedTable>();
  ARROW_ASSIGN_OR_RAISE(auto table, LoadVersion(name, *version));
  if (table) return table;
  // Old versions may be cleaned up while we look: the list has the newest.
  ARROW_ASSIGN_OR_RAISE(version, HighestListed(name));
  if (!version) return std::optional<LoadedTable>();
  return LoadVersion(name, *version);
}

Result<PreparedCommit> FilesystemCatalog::Prepare(const std::string& name,
                                                  const std::optional<LoadedTable>& base, Change change) {
  PreparedCommit prepared{.table = name, .base = base, .change = std::move(change)};
  const std::optional<int64_t> base_version = base ? NumberFrom(base->version) : std::optional<int64_t>(0);
  if (!base_version) return MakeError(ErrorCode::kInternal, fmt::format("'{}' is no version", base->version));
  const int64_t now_ms = std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
  ARROW_ASSIGN_OR_RAISE(prepared.next, ApplyChange(prepared.change, base ? &base->metadata : nullptr,
                                                   base ? base->metadata_location : "", now_ms));
  prepared.metadata_location = store_.Location(VersionKey(name, *base_version + 1));
  prepared.next.document = std::make_shared<const Json>(MetadataToDocument(prepared.next));
  prepared.metadata_text = DumpJson(*prepared.next.document);
  return prepared;
}

Status FilesystemCatalog::CreateVersion(const std::string& name, int64_t version, const std::string& text) {
  const std::string key = VersionKey(name, version);
  Status last;
  for (int attempt = 0; attempt < kWriteAttempts; ++attempt) {
    if (attempt > 0) clock_.Sleep(kWritePause * attempt);
    const Status written = store_.Write(key, text, "").status();
    if (written.ok()) return written;
    // The version may be ours even so: the answer to an earlier try was lost.
    const auto there = store_.Read(key);
    if (there.ok() && there->has_value()) return (*there)->text == text ? Status::OK() : Lost(name, version);
    if (!there.ok() && CodeOf(written) == ErrorCode::kAlreadyExists) return there.status();
    last = written;
    if (!IsRetryable(written)) break;
  }
  return last;
}

// A writer that slept so long that the versions after its base were cleaned up would create one that nobody
// reads.
Status FilesystemCatalog::CheckNotStale(const std::string& name, int64_t version, int64_t last_updated_ms) {
  ARROW_ASSIGN_OR_RAISE(const auto hint, ReadHint(name));
  if (!hint || *hint <= version) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto current, Load(name));
  const std::string key = VersionKey(name, version);
  if (!current || IsInHistory(*current, store_.Location(key), last_updated_ms)) return Status::OK();
  RETURN_NOT_OK(store_.Delete(key));
  return Lost(name, *hint);
}

void FilesystemCatalog::WriteHint(const std::string& name, int64_t version) {
  const std::string key = Folder(name) + "version-hint.text";
  // Readers walk on from an old hint, so a failure costs them time only.
  (void)store_.Write(key, std::to_string(version), std::nullopt, Durability::kVolatile);
}

Result<LoadedTable> FilesystemCatalog::Swap(const PreparedCommit& prepared) {
  const int64_t version = (prepared.base ? NumberFrom(prepared.base->version).value_or(0) : 0) + 1;
  RETURN_NOT_OK(CreateVersion(prepared.table, version, prepared.metadata_text));
  RETURN_NOT_OK(CheckNotStale(prepared.table, version, prepared.next.last_updated_ms));
  WriteHint(prepared.table, version);
  return LoadedTable{prepared.next, prepared.metadata_location, std::to_string(version)};
}

// Nothing is written before the swap.
void FilesystemCatalog::Discard(const PreparedCommit& /*prepared*/) {}

void FilesystemCatalog::Reaffirm(const std::string& name, const LoadedTable& table) {
  const auto hint = ReadHint(name);
  const std::optional<int64_t> version = NumberFrom(table.version);
  if (!hint.ok() || !version || *hint == version) return;
  WriteHint(name, *version);
}

Result<LoadedTable> FilesystemCatalog::Register(const std::string& name,
                                                const std::string& metadata_location) {
  const auto key = store_.KeyOf(metadata_location);
  if (!key) {
    return Unsupported(fmt::format("{} lies outside of {}", metadata_location, store_.Uri()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto document, store_.Read(*key));
  if (!document) return MakeError(ErrorCode::kNotFound, fmt::format("there is no {}", metadata_location));
  ARROW_ASSIGN_OR_RAISE(TableMetadata metadata, MetadataFromJson(document->text));
  ARROW_ASSIGN_OR_RAISE(const auto current, CurrentVersion(name));
  const int64_t version = current.value_or(0) + 1;
  RETURN_NOT_OK(CreateVersion(name, version, document->text));
  WriteHint(name, version);
  return LoadedTable{std::move(metadata), store_.Location(VersionKey(name, version)),
                     std::to_string(version)};
}

}  // namespace ingesta::iceberg
