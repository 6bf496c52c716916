#include "ingesta/catalog/hive_lake.h"

#include <map>
#include <string_view>

#include "ingesta/catalog/symlink.h"
#include "ingesta/http/client.h"

namespace ingesta::catalog {
namespace {

std::string CompressionOf(const std::string& extension) {
  if (extension.ends_with(".gz")) return "gzip";
  return extension.ends_with(".zst") ? "zstd" : "none";
}

std::string FolderOf(const std::string& key) {
  return key.substr(0, key.rfind('/') + 1);
}

}  // namespace

std::string PartitionValue(const std::string& partition) {
  return http::PercentDecode(std::string_view(partition).substr(partition.find('=') + 1));
}

Result<std::vector<aws::GluePartition>> RegisteredPartitions(aws::GlueClient& glue,
                                                             const std::string& database,
                                                             const std::string& table) {
  auto partitions = glue.GetPartitions(database, table);
  if (partitions.ok() || CodeOf(partitions.status()) != ErrorCode::kNotFound) return partitions;
  return std::vector<aws::GluePartition>();
}

HiveDataset HiveDatasetOf(const DatasetVersion& dataset, const ObjectStore& store) {
  HiveDataset hive;
  hive.name = dataset.name;
  hive.schema = dataset.schema;
  std::map<std::string, HiveFormat> formats;
  std::map<std::string, std::string> partitions;  // location by value
  for (const PublishedFile& file : dataset.files) {
    if (file.format == "iceberg") continue;
    std::string folder = FolderOf(file.key);
    if (file.format == "parquet") {
      partitions[PartitionValue(file.partition)] = store.Location(folder);
      folder = "parquet/" + dataset.name + "/";
    }
    formats[file.format] = {file.format, store.Location(folder), CompressionOf(file.extension)};
  }
  for (const auto& [name, format] : formats) hive.formats.push_back(format);
  if (formats.count("csv") != 0) hive.symlink_location = store.Location(FolderOf(SymlinkKey(dataset.name)));
  if (formats.count("parquet") != 0) hive.partition_key = dataset.partition_by.name;
  for (const auto& [value, location] : partitions) hive.partitions.push_back({value, location});
  return hive;
}

}  // namespace ingesta::catalog
