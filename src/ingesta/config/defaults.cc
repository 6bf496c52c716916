#include "ingesta/config/defaults.h"

#include <fmt/format.h>

#include <map>

namespace ingesta::config {
namespace {

/// Bounds what a small file can grow to.
constexpr size_t kMaxMergedNodes = 1'000'000;

size_t CountNodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += CountNodes(item);
  for (const NodeEntry& entry : node.entries) count += CountNodes(entry.value);
  return count;
}

std::string TypeOf(const Node& component) {
  if (component.is_scalar()) return component.text;
  const Node* type = component.Find("type");
  return type != nullptr && type->is_scalar() ? type->text : "";
}

void Merge(Node& target, const Node& defaults, const Schema* schema);

void MergeComponent(Node& target, const Node& defaults) {
  const std::string type = TypeOf(target);
  if (!type.empty() && type != TypeOf(defaults)) return;
  if (target.is_scalar()) {
    if (defaults.is_map()) target = defaults;
    return;
  }
  if (!target.is_map()) return;
  if (defaults.is_scalar()) {
    if (type.empty()) target.Set("type", defaults.at, defaults);
  } else if (defaults.is_map()) {
    Merge(target, defaults, nullptr);
  }
}

/// `schema` tells what may be merged further; without one nothing is.
void Merge(Node& target, const Node& defaults, const Schema* schema) {
  std::map<std::string, size_t, std::less<>> places;
  for (size_t i = 0; i < target.entries.size(); ++i) places.emplace(target.entries[i].key, i);
  const bool resource = schema != nullptr && schema->Child("explode") != nullptr;
  const bool exploded = resource && places.count("explode") != 0;
  const bool asked = resource && places.count("endpoint") != 0;
  for (const NodeEntry& entry : defaults.entries) {
    if ((exploded && entry.key == "endpoint") || (asked && entry.key == "explode")) continue;
    const auto place = places.find(entry.key);
    if (place == places.end()) {
      target.entries.push_back(entry);
      continue;
    }
    Node& mine = target.entries[place->second].value;
    const Schema* child = schema == nullptr ? nullptr : schema->Child(entry.key);
    if (child == nullptr) continue;
    if (child->type == SchemaType::kComponent) {
      MergeComponent(mine, entry.value);
    } else if (mine.is_map() && entry.value.is_map() && child->type != SchemaType::kJson) {
      Merge(mine, entry.value, child);
    }
  }
}

}  // namespace

void MergeResourceDefaults(Node& root, const Schema& schema, Diagnostics& diagnostics) {
  const Node* defaults = root.Find("resource_defaults");
  Node* resources = root.Find("resources");
  if (defaults == nullptr || resources == nullptr || !defaults->is_map() || !resources->is_list()) return;
  if (CountNodes(*defaults) * resources->items.size() > kMaxMergedNodes) {
    diagnostics.Add(defaults->at,
                    fmt::format("resource_defaults is too large for {} resources", resources->items.size()));
    return;
  }
  const Schema* resource = &schema.Child("resources")->children.front();
  for (Node& item : resources->items) {
    if (item.is_map()) Merge(item, *defaults, resource);
  }
}

}  // namespace ingesta::config
