#include "ingesta/catalog/glue/glue_table_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "ingesta/catalog/glue/hive_merge.h"
#include "ingesta/catalog/glue/hive_types.h"
#include "ingesta/catalog/glue/iceberg_glue_table.h"
#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/uuid.h"

namespace ingesta::catalog {
namespace {

/// Edits of the table that leave its metadata alone (a description, a tag of Lake Formation) are swapped
/// over.
constexpr int kMaxSwaps = 5;

/// `00017` of `.../metadata/00017-<uuid>.metadata.json`; also Hadoop's `v17.metadata.json`. 0 where it is
/// neither: the number only sorts.
int64_t NumberOf(const std::string& location) {
  size_t at = location.rfind('/') + 1;
  if (at < location.size() && location[at] == 'v') ++at;
  int64_t number = 0;
  std::from_chars(location.data() + at, location.data() + location.size(), number);
  return std::max<int64_t>(number, 0);
}

/// Whether the table's current metadata, or a former one, is the file at `location`. Its name holds a UUID:
/// no other writer has it, and other writers' log may have other times.
bool Names(const iceberg::LoadedTable& table, const std::string& location) {
  const auto& log = table.metadata.metadata_log;
  return table.metadata_location == location || std::any_of(log.begin(), log.end(), [&](const auto& entry) {
           return entry.metadata_file == location;
         });
}

/// The table has the commit in it: its file is named, or its snapshot is there.
bool Holds(const iceberg::LoadedTable& table, const iceberg::PreparedCommit& prepared) {
  if (table.metadata.table_uuid != prepared.next.table_uuid) return false;
  if (Names(table, prepared.metadata_location)) return true;
  const auto made = prepared.next.current_snapshot_id;
  const bool is_new =
      made.has_value() && (!prepared.base || prepared.base->metadata.FindSnapshot(*made) == nullptr);
  return is_new && table.metadata.FindSnapshot(*made) != nullptr;
}

}  // namespace

Result<std::string> GlueTableCatalog::NewTableLocation(const std::string& name) {
  return store_.Location(prefix_ + name);
}

Result<std::optional<iceberg::LoadedTable>> GlueTableCatalog::Read(const aws::GlueTable& table) {
  const std::string location = MetadataLocationOf(table);
  if (!IsIceberg(table) || location.empty()) {
    return iceberg::Unsupported(
        fmt::format("{}.{} in Glue is no Iceberg table", database_, table.name),
        "rename the dataset, or give the tables a database of their own (GLUE_DATABASE)");
  }
  const auto key = store_.KeyOf(location);
  if (!key) {
    return iceberg::Unsupported(
        fmt::format("the metadata of {}.{}, {}, lies outside of {}", database_, table.name, location,
                    store_.Uri()),
        "another bucket was in use when the table was made: set S3_BUCKET to it, or use another database");
  }
  ARROW_ASSIGN_OR_RAISE(const auto document, store_.Read(*key));
  if (!document) return std::nullopt;
  auto metadata = iceberg::MetadataFromJson(document->text);
  if (!metadata.ok()) return WithPrefix(metadata.status(), store_.Uri(*key));
  return iceberg::LoadedTable{*std::move(metadata), location, location};
}

Result<std::optional<iceberg::LoadedTable>> GlueTableCatalog::Load(const std::string& name) {
  std::string missing;
  // Between Glue's answer and our reading, another writer may commit and clean up the file.
  for (int tries = 0; tries < 3; ++tries) {
    ARROW_ASSIGN_OR_RAISE(const auto table, glue_.GetTable(database_, HiveName(name)));
    if (!table.has_value()) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(auto loaded, Read(*table));
    if (loaded.has_value()) return loaded;
    const std::string location = MetadataLocationOf(*table);
    if (location == missing) break;
    missing = location;
  }
  return iceberg::Corrupt(
      fmt::format("{}.{} in Glue names {}, which does not exist", database_, name, missing));
}

Result<iceberg::PreparedCommit> GlueTableCatalog::Prepare(const std::string& name,
                                                          const std::optional<iceberg::LoadedTable>& base,
                                                          iceberg::Change change) {
  iceberg::PreparedCommit prepared;
  prepared.table = name;
  prepared.base = base;
  prepared.change = std::move(change);
  const int64_t now_ms = std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
  ARROW_ASSIGN_OR_RAISE(prepared.next, iceberg::ApplyChange(prepared.change, base ? &base->metadata : nullptr,
                                                            base ? base->metadata_location : "", now_ms));
  prepared.metadata_location =
      fmt::format("{}/metadata/{:05d}-{}.metadata.json", prepared.next.location,
                  base ? NumberOf(base->metadata_location) + 1 : 0, iceberg::MakeUuid(random_));
  const auto key = store_.KeyOf(prepared.metadata_location);
  if (!key) {
    return iceberg::Unsupported(
        fmt::format("table '{}' at {} lies outside of {}", name, prepared.next.location, store_.Uri()));
  }
  prepared.metadata_text = iceberg::MetadataToJson(prepared.next);
  ARROW_RETURN_NOT_OK(store_.Write(*key, prepared.metadata_text, "").status());
  return prepared;
}

Result<iceberg::LoadedTable> GlueTableCatalog::Done(const iceberg::PreparedCommit& prepared) const {
  // Read back from the text, so that it holds the document for the next change.
  ARROW_ASSIGN_OR_RAISE(auto metadata, iceberg::MetadataFromJson(prepared.metadata_text));
  return iceberg::LoadedTable{std::move(metadata), prepared.metadata_location, prepared.metadata_location};
}

Result<iceberg::LoadedTable> GlueTableCatalog::Create(const iceberg::PreparedCommit& prepared) {
  const aws::GlueTable table =
      PointAt({}, HiveName(prepared.table), prepared.next, prepared.metadata_location, "");
  aws::CallFacts facts;
  const Status created = glue_.CreateTable(database_, table, &facts);
  if (created.ok()) return Done(prepared);
  if (CodeOf(created) == ErrorCode::kAlreadyExists && !facts.maybe_applied)
    return iceberg::Overtaken(prepared.table);
  return LookUp(prepared, created, facts.maybe_applied);
}

Result<iceberg::LoadedTable> GlueTableCatalog::Swap(const iceberg::PreparedCommit& prepared) {
  if (!prepared.base) return Create(prepared);
  bool maybe_applied = false;  // by any of the rounds
  for (int tries = 0; tries < kMaxSwaps; ++tries) {
    const auto read = glue_.GetTable(database_, HiveName(prepared.table));
    if (!read.ok()) return LookUp(prepared, read.status(), maybe_applied);
    const bool as_base = read->has_value() && IsIceberg(**read) &&
                         MetadataLocationOf(**read) == prepared.base->metadata_location;
    if (!as_base)
      return maybe_applied ? LookUp(prepared, iceberg::Overtaken(prepared.table), true)
                           : iceberg::Overtaken(prepared.table);
    const aws::GlueTable table = PointAt(**read, HiveName(prepared.table), prepared.next,
                                         prepared.metadata_location, prepared.base->metadata_location);
    aws::CallFacts facts;
    const Status updated = glue_.UpdateTable(
        database_, table, {.version_id = (*read)->version_id, .skip_archive = true}, &facts);
    if (updated.ok()) return Done(prepared);
    maybe_applied = maybe_applied || facts.maybe_applied;
    // A conflict may be our own earlier attempt, another writer, or an edit beside the metadata: look again.
    if (CodeOf(updated) != ErrorCode::kConflict) return LookUp(prepared, updated, maybe_applied);
  }
  return maybe_applied ? LookUp(prepared, iceberg::Overtaken(prepared.table), true)
                       : iceberg::Overtaken(prepared.table);
}

Result<iceberg::LoadedTable> GlueTableCatalog::LookUp(const iceberg::PreparedCommit& prepared,
                                                      const Status& failure, bool maybe_applied) {
  // Refused, with no attempt whose answer is missing: nothing happened, and the reason is what matters.
  if (!maybe_applied) return failure;
  const auto unknown = [&](const std::string& why) {
    return iceberg::OutcomeUnknown(failure, fmt::format("whether table '{}' has {} is not known{}",
                                                        prepared.table, prepared.metadata_location, why));
  };
  const auto current = Load(prepared.table);
  if (!current.ok()) return unknown(": " + current.status().message());
  if (!current->has_value()) {
    return unknown(prepared.base ? ": the table is gone" : ": there is no such table yet");
  }
  const iceberg::LoadedTable& table = **current;
  if (Holds(table, prepared)) return table;
  // An attempt that is still under way somewhere is held against the version that we read: once the table has
  // moved on it cannot succeed any more. Without a base it is refused as soon as any table has the name.
  const bool moved = !prepared.base || table.metadata_location != prepared.base->metadata_location;
  return moved ? iceberg::Overtaken(prepared.table) : unknown(", and the table is still as before");
}

void GlueTableCatalog::Discard(const iceberg::PreparedCommit& prepared) {
  const auto key = store_.KeyOf(prepared.metadata_location);
  if (!key) return;
  const auto table = glue_.GetTable(database_, HiveName(prepared.table));
  if (!table.ok()) return;
  if (table->has_value()) {
    if (MetadataLocationOf(**table) == prepared.metadata_location) return;
    const auto current =
        IsIceberg(**table) ? Read(**table) : Result<std::optional<iceberg::LoadedTable>>(std::nullopt);
    if (!current.ok() || (current->has_value() && Names(**current, prepared.metadata_location))) {
      return;
    }
  }
  // A file that stays is an orphan, and `maintain` finds those.
  (void)store_.Delete(*key);
}

}  // namespace ingesta::catalog
