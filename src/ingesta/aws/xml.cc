#include "ingesta/aws/xml.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

constexpr int kMaxDepth = 32;

bool Copy(const pugi::xml_node& from, int depth, XmlNode* to) {
  if (depth > kMaxDepth) return false;
  const std::string_view name = from.name();
  const size_t colon = name.find(':');
  to->name = std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
  to->text = from.text().get();
  for (const pugi::xml_node& child : from.children()) {
    if (child.type() != pugi::node_element) continue;
    if (!Copy(child, depth + 1, &to->children.emplace_back())) return false;
  }
  return true;
}

}  // namespace

const XmlNode* XmlNode::Child(std::string_view wanted) const {
  for (const XmlNode& child : children) {
    if (child.name == wanted) return &child;
  }
  return nullptr;
}

const XmlNode* XmlNode::Find(std::string_view wanted) const {
  for (const XmlNode& child : children) {
    if (child.name == wanted) return &child;
    if (const XmlNode* found = child.Find(wanted); found != nullptr) return found;
  }
  return nullptr;
}

std::string XmlNode::ChildText(std::string_view wanted) const {
  const XmlNode* child = Child(wanted);
  return child == nullptr ? std::string() : child->text;
}

Result<XmlNode> ParseXml(std::string_view text) {
  // S3 sends white space ahead of the document to keep a long CompleteMultipartUpload alive.
  const size_t begin = text.find_first_not_of(" \t\r\n");
  text = begin == std::string_view::npos ? std::string_view() : text.substr(begin);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return MakeError(
        ErrorCode::kMalformedBody,
        fmt::format("not XML ({} at byte {}): {}", parsed.description(), parsed.offset, Excerpt(text)));
  }
  XmlNode root;
  if (!Copy(document.document_element(), 1, &root)) {
    return MakeError(ErrorCode::kMalformedBody, fmt::format("XML deeper than {} levels", kMaxDepth));
  }
  if (root.name.empty()) return MakeError(ErrorCode::kMalformedBody, "XML without an element");
  return root;
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace ingesta::aws
