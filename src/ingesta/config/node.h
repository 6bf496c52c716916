// The tree of a YAML text, each part with its place. Plain values; made by yaml_reader.h, changed by
// overrides.h, environment.h and defaults.h before the check reads it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingesta::config {

struct Position {
  int line = 0;             ///< 1-based; 0 = the file as a whole
  int column = 0;           ///< 1-based, in characters
  int override_index = -1;  ///< >= 0: not from the file but from this entry of ParseOptions::overrides
};

struct NodeEntry;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  Position at;
  std::string text;  ///< of a scalar, after substitution
  std::string raw;   ///< of a scalar in which something was substituted: as it was written, else ""
  std::vector<std::string> secret_parts;  ///< what `${file:...}` gave
  std::vector<std::string> substituted;   ///< what `${NAME}` gave
  bool plain = false;              ///< a scalar without quotes: may be read as a number, a bool or null
  bool broken = false;             ///< its mistake has been noted: no more can be said of it
  bool secret = false;             ///< a scalar that must not be shown; set by the check
  std::vector<Node> items;         ///< of a list
  std::vector<NodeEntry> entries;  ///< of a map, in the file's order, keys unique

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }

  /// The value of `key` in a map, or nullptr; lives until the map changes.
  const Node* Find(std::string_view key) const;
  Node* Find(std::string_view key);
  /// Set the value of `key` in a map, in its old place where it exists.
  void Set(std::string_view key, Position key_at, Node value);

  static Node Scalar(std::string text, Position at, bool plain);
};

struct NodeEntry {
  std::string key;
  Position key_at;
  Node value;
};

/// "a list", "a map", "nothing", "`text`": what a message says came. Shows no value that came out of the
/// environment or a file, but what stands for it.
std::string ShowNode(const Node& node);

/// `text` cut to one short line, quoted by backticks.
std::string ShowText(std::string_view text);

}  // namespace ingesta::config
