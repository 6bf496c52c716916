#include "ingesta/catalog/replaced_partitions.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "ingesta/catalog/glue/hive_tables.h"
#include "ingesta/catalog/hive_lake.h"

namespace ingesta::catalog {
namespace {

struct Folder {
  std::vector<StoredObject> files;
  SystemTime oldest{};
  SystemTime newest{};
};
using Folders = std::map<std::string, Folder>;  ///< by key, with the slash at its end

std::string FolderOfObject(const std::string& key) {
  return key.substr(0, key.rfind('/') + 1);
}

/// `fecha=2026-11-24` of `parquet/productos/20261124_020000/fecha=2026-11-24/`.
std::string_view PartitionOf(std::string_view folder) {
  folder.remove_suffix(1);
  return folder.substr(folder.rfind('/') + 1);
}

/// By partition; objects whose age nobody knows leave theirs out.
std::map<std::string, Folders, std::less<>> FoldersOf(const std::vector<StoredObject>& objects) {
  std::map<std::string, Folders, std::less<>> partitions;
  for (const StoredObject& object : objects) {
    if (!object.key.ends_with(".parquet")) continue;
    const std::string name = FolderOfObject(object.key);
    Folder& folder = partitions[std::string(PartitionOf(name))][name];
    folder.oldest = folder.files.empty() ? object.modified : std::min(folder.oldest, object.modified);
    folder.newest = std::max(folder.newest, object.modified);
    folder.files.push_back(object);
  }
  return partitions;
}

/// When something took the place of what was written at `written`.
SystemTime SupersededAt(SystemTime written, const Folders& folders) {
  SystemTime first = SystemTime::max();
  for (const auto& [name, folder] : folders) {
    if (folder.oldest > written) first = std::min(first, folder.oldest);
  }
  return first;
}

}  // namespace

Result<std::vector<StoredObject>> ReplacedPartitionFiles(const std::string& dataset, ObjectStore& store,
                                                         aws::GlueClient& glue, const std::string& database,
                                                         SystemTime superseded_before) {
  // The list first: what a run puts and points at after it is not in the list, and then nothing is judged.
  ARROW_ASSIGN_OR_RAISE(const auto objects, store.List("parquet/" + dataset + "/"));
  const auto partitions = FoldersOf(objects);
  ARROW_ASSIGN_OR_RAISE(const auto registered,
                        RegisteredPartitions(glue, database, HiveTableName(dataset, "parquet")));
  std::vector<StoredObject> replaced;
  for (const aws::GluePartition& partition : registered) {
    std::string location = partition.storage.location;
    while (location.ends_with('/')) location.pop_back();
    auto current = store.KeyOf(location);
    if (!current || current->empty()) continue;
    *current += '/';
    const auto folders = partitions.find(PartitionOf(*current));
    if (folders == partitions.end() || folders->second.count(*current) == 0) continue;
    const SystemTime in_place = folders->second.at(*current).oldest;
    for (const auto& [name, folder] : folders->second) {
      const bool known = folder.oldest != SystemTime();
      if (name == *current || !known || folder.newest >= in_place) continue;
      if (SupersededAt(folder.newest, folders->second) >= superseded_before) continue;
      replaced.insert(replaced.end(), folder.files.begin(), folder.files.end());
    }
  }
  return replaced;
}

}  // namespace ingesta::catalog
