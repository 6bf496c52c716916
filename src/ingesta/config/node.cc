#include "ingesta/config/node.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingesta::config {

const Node* Node::Find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const NodeEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

Node* Node::Find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).Find(key));
}

void Node::Set(std::string_view key, Position key_at, Node value) {
  if (Node* old = Find(key)) {
    *old = std::move(value);
  } else {
    entries.push_back({std::string(key), key_at, std::move(value)});
  }
}

Node Node::Scalar(std::string text, Position at, bool plain) {
  Node node;
  node.kind = Kind::kScalar;
  node.at = at;
  node.text = std::move(text);
  node.plain = plain;
  return node;
}

std::string ShowText(std::string_view text) {
  constexpr size_t kMaxShown = 60;
  std::string shown;
  for (const char c : text.substr(0, kMaxShown)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  if (text.size() > kMaxShown) {
    // Cut before a character that is not whole.
    size_t end = shown.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    shown.resize(end);
    shown += "...";
  }
  return fmt::format("`{}`", shown);
}

std::string ShowNode(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  if (!node.raw.empty()) return fmt::format("the value of {}", ShowText(node.raw));
  return ShowText(node.text);
}

}  // namespace ingesta::config
