#include "ingesta/catalog/hive_lake.h"

#include <cstdlib>
#include <map>
#include <utility>

namespace ingesta::catalog {
namespace {

std::string CompressionOf(const std::string& extension) {
  if (extension.ends_with(".gz")) return "gzip";
  return extension.ends_with(".zst") ? "zstd" : "none";
}

std::string PrefixOf(const std::string& format, const std::string& dataset) {
  return format == "csv" ? dataset + "/" : format + "/" + dataset + "/";
}

std::string FolderOf(const std::string& key) {
  return key.substr(0, key.rfind('/') + 1);
}

}  // namespace

std::string PartitionValue(const std::string& partition) {
  const std::string escaped = partition.substr(partition.find('=') + 1);
  std::string value;
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '%' && i + 2 < escaped.size()) {
      value += static_cast<char>(std::strtol(escaped.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      value += escaped[i];
    }
  }
  return value;
}

HiveDataset HiveDatasetOf(const DatasetVersion& dataset, const ObjectStore& store) {
  HiveDataset hive;
  hive.name = dataset.name;
  hive.schema = dataset.schema;
  std::map<std::string, std::string> compressions;  // by format
  std::map<std::string, std::string> partitions;    // location by value
  for (const PublishedFile& file : dataset.files) {
    if (file.format == "iceberg") continue;
    compressions[file.format] = CompressionOf(file.extension);
    if (file.format == "parquet")
      partitions[PartitionValue(file.partition)] = store.Location(FolderOf(file.key));
  }
  for (const auto& [format, compression] : compressions) {
    hive.formats.push_back({format, store.Location(PrefixOf(format, dataset.name)), compression});
  }
  if (compressions.count("csv") != 0) hive.symlink_location = store.Location("symlink/" + dataset.name + "/");
  if (compressions.count("parquet") != 0) hive.partition_key = dataset.partition_by.name;
  for (const auto& [value, location] : partitions) hive.partitions.push_back({value, location});
  return hive;
}

}  // namespace ingesta::catalog
