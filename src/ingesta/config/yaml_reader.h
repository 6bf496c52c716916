// YAML text -> Node tree. Takes the plain part of YAML: no anchors, aliases, merge keys, own tags, second
// documents or repeated keys; at most 1 MiB and 32 levels. The one file that meets yaml-cpp and its
// exceptions. Pure function.
#pragma once

#include <optional>
#include <string>

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/node.h"

namespace ingesta::config {

constexpr size_t kMaxYamlBytes = 1 << 20;
constexpr int kMaxYamlDepth = 32;

/// The tree of `text`, or nullopt where it can't be read. Mistakes go to `diagnostics`; a tree that comes
/// with mistakes is good for finding more.
std::optional<Node> ReadYaml(const std::string& text, Diagnostics& diagnostics);

}  // namespace ingesta::config
