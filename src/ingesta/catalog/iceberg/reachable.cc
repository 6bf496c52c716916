#include "ingesta/catalog/iceberg/reachable.h"

#include "ingesta/catalog/iceberg/scan.h"

namespace ingesta::iceberg {
namespace {

Status UnlessGone(Status status) {
  return !status.ok() && CodeOf(status) == ErrorCode::kNotFound ? Status::OK() : status;
}

}  // namespace

void Reachable::AddLocation(const std::string& location) {
  if (const auto key = store_.KeyOf(location)) keys_.insert(*key);
}

void Reachable::AddNeeded(const std::string& location) {
  if (outside_.empty() && !store_.KeyOf(location)) outside_ = location;
  AddLocation(location);
}

Status Reachable::AddManifest(const ManifestFile& manifest) {
  AddNeeded(manifest.path);
  if (manifests_.count(manifest.path) > 0) return Status::OK();
  if (manifest.may_have_live_files()) {
    ARROW_ASSIGN_OR_RAISE(const ScannedManifest scanned, ScanManifest(store_, metadata_, manifest));
    for (const ManifestEntry& entry : scanned.entries) {
      if (entry.live()) AddNeeded(entry.file.path);
    }
  }
  manifests_.insert(manifest.path);
  return Status::OK();
}

Status Reachable::Add(const Snapshot& snapshot) {
  AddNeeded(snapshot.manifest_list);
  ARROW_ASSIGN_OR_RAISE(const auto manifests, ListManifests(store_, &snapshot));
  for (const ManifestFile& manifest : manifests) RETURN_NOT_OK(AddManifest(manifest));
  return Status::OK();
}

Status Reachable::AddWhatIsThere(const Snapshot& snapshot) {
  AddNeeded(snapshot.manifest_list);
  const auto manifests = ListManifests(store_, &snapshot);
  if (!manifests.ok()) return UnlessGone(manifests.status());
  for (const ManifestFile& manifest : *manifests) RETURN_NOT_OK(UnlessGone(AddManifest(manifest)));
  return Status::OK();
}

}  // namespace ingesta::iceberg
