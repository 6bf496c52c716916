#include "ingesta/catalog/object_index.h"

namespace ingesta::catalog {

Status ObjectIndex::AddPrefix(const std::string& prefix) {
  ARROW_ASSIGN_OR_RAISE(const auto objects, store_.List(prefix));
  for (const StoredObject& object : objects) sizes_[object.key] = object.size;
  return Status::OK();
}

Result<std::optional<int64_t>> ObjectIndex::Size(const std::string& key, int64_t expected) {
  const auto found = sizes_.find(key);
  if (found != sizes_.end() && (expected < 0 || found->second == expected)) return found->second;
  ARROW_ASSIGN_OR_RAISE(const auto object, store_.Head(key));
  if (!object) return std::nullopt;
  sizes_[key] = object->size;
  return object->size;
}

bool ObjectIndex::HasPrefix(const std::string& prefix) const {
  const auto found = sizes_.lower_bound(prefix);
  return found != sizes_.end() && found->first.starts_with(prefix);
}

}  // namespace ingesta::catalog
