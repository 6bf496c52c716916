#include "ingesta/catalog/rest/rest_table_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::catalog {

using iceberg::Json;
using iceberg::LoadedTable;
using iceberg::PreparedCommit;

namespace {

/// Of a LoadTableResult or a CommitTableResponse.
Result<LoadedTable> ToLoadedTable(const Json& json) {
  ARROW_ASSIGN_OR_RAISE(const auto location, iceberg::FindString(json, "metadata-location"));
  const Json* metadata = iceberg::Member(json, "metadata");
  if (metadata == nullptr || !location) {
    return iceberg::Corrupt("the catalog's answer lacks `metadata` or `metadata-location`");
  }
  ARROW_ASSIGN_OR_RAISE(auto parsed, iceberg::MetadataFromJson(iceberg::DumpJson(*metadata)));
  return LoadedTable{std::move(parsed), *location, *location};
}

/// The table has the commit in it: the snapshot that it made, or, for a new table, its UUID.
bool Holds(const LoadedTable& table, const PreparedCommit& prepared) {
  if (table.metadata.table_uuid != prepared.next.table_uuid) return false;
  if (!prepared.base) return true;
  const auto made = prepared.next.current_snapshot_id;
  const bool is_new = made.has_value() && prepared.base->metadata.FindSnapshot(*made) == nullptr;
  return is_new && table.metadata.FindSnapshot(*made) != nullptr;
}

}  // namespace

Result<std::string> RestTableCatalog::NewTableLocation(const std::string& name) {
  return store_.Location(prefix_ + name);
}

Result<std::optional<LoadedTable>> RestTableCatalog::Load(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const auto json, client_->LoadTable(name));
  if (!json) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(LoadedTable table, ToLoadedTable(*json));
  if (!store_.KeyOf(table.metadata.location)) {
    return iceberg::Unsupported(
        fmt::format("table {}.{} is at {}, outside of {}", client_->options().namespace_name, name,
                    table.metadata.location, store_.Uri()),
        "set S3_BUCKET to the bucket that it was made in, or use another namespace");
  }
  return std::optional<LoadedTable>(std::move(table));
}

Result<PreparedCommit> RestTableCatalog::Prepare(const std::string& name,
                                                 const std::optional<LoadedTable>& base,
                                                 iceberg::Change change) {
  PreparedCommit prepared;
  prepared.table = name;
  prepared.base = base;
  prepared.change = std::move(change);
  const int64_t now_ms = std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
  ARROW_ASSIGN_OR_RAISE(prepared.next, iceberg::ApplyChange(prepared.change, base ? &base->metadata : nullptr,
                                                            base ? base->metadata_location : "", now_ms));
  return prepared;
}

Result<LoadedTable> RestTableCatalog::Swap(const PreparedCommit& prepared) {
  const std::string change = iceberg::ChangeToRestJson(prepared.change);
  RestFacts facts;
  Result<Json> committed = client_->CommitTable(prepared.table, change, &facts);
  if (!prepared.base && CodeOf(committed.status()) == ErrorCode::kNotFound) {
    // The namespace is missing: the first table of a lake makes it.
    ARROW_RETURN_NOT_OK(client_->CreateNamespace());
    committed = client_->CommitTable(prepared.table, change, &facts);
  }
  if (committed.ok()) {
    Result<LoadedTable> table = ToLoadedTable(*committed);
    if (table.ok()) return table;
    return LookUp(prepared, table.status(), /*maybe_applied=*/true);
  }
  if (CodeOf(committed.status()) == ErrorCode::kConflict && !facts.maybe_applied)
    return iceberg::Overtaken(prepared.table);
  return LookUp(prepared, committed.status(), facts.maybe_applied);
}

std::vector<Result<LoadedTable>> RestTableCatalog::SwapAll(const std::vector<PreparedCommit>& prepared) {
  // A transaction is of tables that exist: servers answer 404 to one that creates.
  const bool creates =
      std::any_of(prepared.begin(), prepared.end(), [](const auto& one) { return !one.base; });
  if (prepared.size() < 2 || creates) return TableCatalog::SwapAll(prepared);
  const Result<bool> at_once = client_->HasTransactions();
  if (!at_once.ok() || !*at_once) return TableCatalog::SwapAll(prepared);
  std::vector<std::pair<std::string, std::string>> changes;
  for (const PreparedCommit& commit : prepared) {
    changes.emplace_back(commit.table, iceberg::ChangeToRestJson(commit.change));
  }
  RestFacts facts;
  const Status committed = client_->CommitTransaction(changes, &facts);
  // A server that names transactions and does not know them, or one table that another writer changed: what
  // can be committed is, table by table.
  const ErrorDetail* detail = DetailOf(committed);
  const int status = detail == nullptr ? 0 : detail->fields().http_status;
  const bool unknown_call = status == 404 || status == 405 || status == 406 || status == 501;
  if (!committed.ok() && !facts.maybe_applied &&
      (unknown_call || CodeOf(committed) == ErrorCode::kConflict)) {
    return TableCatalog::SwapAll(prepared);
  }
  std::vector<Result<LoadedTable>> results;
  for (const PreparedCommit& commit : prepared) {
    const Status why = committed.ok() ? iceberg::Overtaken(commit.table) : committed;
    results.push_back(LookUp(commit, why, committed.ok() || facts.maybe_applied));
  }
  return results;
}

Result<LoadedTable> RestTableCatalog::LookUp(const PreparedCommit& prepared, const Status& failure,
                                             bool maybe_applied) {
  if (!maybe_applied) return failure;
  const auto unknown = [&](const std::string& why) {
    return iceberg::OutcomeUnknown(
        failure, fmt::format("whether table '{}' has the commit is not known{}", prepared.table, why));
  };
  auto current = Load(prepared.table);
  if (!current.ok()) return unknown(": " + current.status().message());
  if (!current->has_value()) {
    return unknown(prepared.base ? ": the table is gone" : ": there is no such table yet");
  }
  LoadedTable& table = **current;
  if (Holds(table, prepared)) return std::move(table);
  // Every change names the state that it stands on, so an attempt that is still under way is refused once the
  // table has moved on.
  const bool moved = !prepared.base || table.metadata_location != prepared.base->metadata_location;
  return moved ? iceberg::Overtaken(prepared.table) : unknown(", and the table is still as before");
}

}  // namespace ingesta::catalog
