#include "ingesta/config/config_hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

#include "ingesta/config/json_body.h"

namespace ingesta::config {
namespace {

/// Every part with its length, so that no two trees have the same text.
void AppendToHash(const Node& node, std::string& out) {
  switch (node.kind) {
    case Node::Kind::kNull:
      out += "n;";
      break;
    case Node::Kind::kScalar:
      out += node.secret
                 ? "x;"
                 : fmt::format("{}{}:{};", IsJsonLiteral(node) ? 'l' : 's', node.text.size(), node.text);
      break;
    case Node::Kind::kList:
      out += fmt::format("[{}:", node.items.size());
      for (const Node& item : node.items) AppendToHash(item, out);
      break;
    case Node::Kind::kMap: {
      out += fmt::format("{{{}:", node.entries.size());
      std::vector<const NodeEntry*> sorted;
      for (const NodeEntry& entry : node.entries) sorted.push_back(&entry);
      std::sort(sorted.begin(), sorted.end(),
                [](const NodeEntry* a, const NodeEntry* b) { return a->key < b->key; });
      for (const NodeEntry* entry : sorted) {
        out += fmt::format("{}:{}=", entry->key.size(), entry->key);
        AppendToHash(entry->value, out);
      }
      break;
    }
  }
}

}  // namespace

std::string ConfigHash(const Node& root, const std::vector<std::string>& files) {
  std::string canonical;
  AppendToHash(root, canonical);
  for (const std::string& text : files) canonical += fmt::format("f{}:{};", text.size(), text);
  const XXH128_hash_t hash = XXH3_128bits(canonical.data(), canonical.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace ingesta::config
