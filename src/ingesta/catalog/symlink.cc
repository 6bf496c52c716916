#include "ingesta/catalog/symlink.h"

#include <fmt/format.h>

namespace ingesta::catalog {

std::string SymlinkKey(const std::string& dataset) {
  return fmt::format("symlink/{}/symlink.txt", dataset);
}

Status SwitchSymlink(const DatasetVersion& dataset, ObjectStore& store) {
  std::string lines;
  for (const PublishedFile& file : dataset.files) {
    if (file.format == "csv") lines += store.Location(file.key) + "\n";
  }
  if (lines.empty()) return Status::OK();
  return store.Write(SymlinkKey(dataset.name), lines, std::nullopt).status();
}

}  // namespace ingesta::catalog
