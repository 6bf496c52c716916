#include "ingesta/config/overrides.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "ingesta/config/nearest.h"
#include "ingesta/config/text.h"
#include "ingesta/config/yaml_reader.h"

namespace ingesta::config {
namespace {

void MoveTo(Node& node, const Position& at) {
  node.at = at;
  for (Node& item : node.items) MoveTo(item, at);
  for (NodeEntry& entry : node.entries) {
    entry.key_at = at;
    MoveTo(entry.value, at);
  }
}

/// Quotes and brackets are YAML; anything else is a plain scalar as it stands, ` #` and `: ` included.
std::optional<Node> ReadValue(const std::string& text, const Position& at, Diagnostics& diagnostics) {
  if (FindBadByte(text) != std::string::npos) {
    diagnostics.Add(at, "the value is no text", "it must be UTF-8 without control characters");
    return std::nullopt;
  }
  if (text.empty()) return Node::Scalar("", at, false);
  if (text == "null" || text == "~") {
    Node node;
    node.at = at;
    return node;
  }
  if (std::string_view("\"'[{").find(text.front()) == std::string_view::npos)
    return Node::Scalar(text, at, true);
  Diagnostics own("", {});
  auto node = ReadYaml(text, own);
  if (!own.empty()) {
    const Diagnostic first = own.Sorted().front();
    diagnostics.Add(at, first.message, first.hint);
    return std::nullopt;
  }
  if (node) MoveTo(*node, at);
  return node;
}

class Walker {
 public:
  Walker(Position at, const std::vector<std::string>& path, Diagnostics& diagnostics)
      : at_(at), path_(path), diagnostics_(diagnostics) {}

  /// The value is left alone where its place can't be found.
  void Set(Node& node, const Schema* schema, size_t step, Node value) {
    if (schema != nullptr && (schema->type == SchemaType::kTextMap || schema->type == SchemaType::kParams)) {
      if (!BecomeMap(node, schema, step)) return;
      node.Set(Rest(step), at_, std::move(value));
      return;
    }
    if (node.is_list()) {
      if (Node* element = Element(node, path_[step]))
        Descend(*element, ElementSchema(schema), step, std::move(value));
      return;
    }
    if (!BecomeMap(node, schema, step)) return;
    const std::string& key = path_[step];
    if (step + 1 == path_.size()) {
      node.Set(key, at_, std::move(value));
      return;
    }
    if (node.Find(key) == nullptr) {
      Node map;
      map.kind = Node::Kind::kMap;
      map.at = at_;
      node.Set(key, at_, std::move(map));
    }
    Set(*node.Find(key), schema == nullptr ? nullptr : schema->Child(key), step + 1, std::move(value));
  }

 private:
  void Descend(Node& element, const Schema* schema, size_t step, Node value) {
    if (step + 1 == path_.size()) {
      element = std::move(value);
    } else {
      Set(element, schema, step + 1, std::move(value));
    }
  }

  static const Schema* ElementSchema(const Schema* schema) {
    return schema != nullptr && schema->type == SchemaType::kList ? &schema->children.front() : nullptr;
  }

  bool BecomeMap(Node& node, const Schema* schema, size_t step) {
    if (node.is_map()) return true;
    const bool component = schema != nullptr && schema->type == SchemaType::kComponent;
    if (node.is_null() || (node.is_scalar() && component)) {
      Node map;
      map.kind = Node::Kind::kMap;
      map.at = node.at;
      if (node.is_scalar()) map.Set("type", node.at, node);
      node = std::move(map);
      return true;
    }
    diagnostics_.Add(at_, fmt::format("`{}` is {} and has no keys", Until(step), ShowNode(node)));
    return false;
  }

  static std::string NameOf(const Node& element) {
    if (element.is_scalar()) return element.text;
    for (const char* key : {"name", "type"}) {
      const Node* name = element.Find(key);
      if (name != nullptr && name->is_scalar()) return name->text;
    }
    return "";
  }

  Node* Element(Node& list, const std::string& name) {
    std::vector<std::string> names;
    for (Node& item : list.items) {
      names.push_back(NameOf(item));
      if (names.back() == name) return &item;
    }
    size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error == std::errc() && end == name.data() + name.size() && index < list.items.size())
      return &list.items[index];
    diagnostics_.Add(at_, fmt::format("there is no {} here", ShowText(name)),
                     SuggestFrom(name, "known", names));
    return nullptr;
  }

  std::string Rest(size_t step) const { return fmt::format("{}", Join(step, path_.size())); }
  std::string Until(size_t step) const { return Join(0, step); }
  std::string Join(size_t from, size_t to) const {
    std::string text;
    for (size_t i = from; i < to; ++i) text += (i > from ? "." : "") + path_[i];
    return text;
  }

  const Position at_;
  const std::vector<std::string>& path_;
  Diagnostics& diagnostics_;
};

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

void ApplyOverrides(Node& root, const Schema& schema,
                    const std::vector<std::pair<std::string, std::string>>& overrides,
                    Diagnostics& diagnostics) {
  for (size_t i = 0; i < overrides.size(); ++i) {
    Position at;
    at.override_index = static_cast<int>(i);
    const std::vector<std::string> path = Split(overrides[i].first);
    bool whole = static_cast<int>(path.size()) <= kMaxYamlDepth;
    for (const std::string& part : path) whole = whole && !part.empty();
    if (!whole) {
      diagnostics.Add(at, "this is no path of a key", "write it as `resources.productos.max_rejected=0.05`");
      continue;
    }
    auto value = ReadValue(overrides[i].second, at, diagnostics);
    if (value) Walker(at, path, diagnostics).Set(root, &schema, 0, std::move(*value));
  }
}

}  // namespace ingesta::config
