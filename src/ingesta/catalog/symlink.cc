#include "ingesta/catalog/symlink.h"

#include <fmt/format.h>

namespace ingesta::catalog {

std::string SymlinkKey(const std::string& dataset) {
  return fmt::format("symlink/{}/symlink.txt", dataset);
}

Result<bool> SwitchSymlink(const DatasetVersion& dataset, ObjectStore& store) {
  std::string lines;
  for (const PublishedFile& file : dataset.files) {
    if (file.format == "csv") lines += store.Location(file.key) + "\n";
  }
  if (lines.empty()) return false;
  const std::string key = SymlinkKey(dataset.name);
  ARROW_ASSIGN_OR_RAISE(const auto there, store.Read(key));
  if (there.has_value() && there->text == lines) return false;
  ARROW_RETURN_NOT_OK(store.Write(key, lines, std::nullopt).status());
  return true;
}

}  // namespace ingesta::catalog
