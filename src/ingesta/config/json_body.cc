#include "ingesta/config/json_body.h"

#include <fmt/format.h>

#include <cctype>
#include <string_view>

namespace ingesta::config {
namespace {

size_t SkipDigits(std::string_view text, size_t i) {
  while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
  return i;
}

bool IsJsonNumber(std::string_view text) {
  size_t i = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = i;
  i = SkipDigits(text, i);
  if (i == whole || (text[whole] == '0' && i > whole + 1)) return false;
  if (i < text.size() && text[i] == '.') {
    const size_t fraction = ++i;
    i = SkipDigits(text, i);
    if (i == fraction) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const size_t exponent = i;
    i = SkipDigits(text, i);
    if (i == exponent) return false;
  }
  return i == text.size();
}

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void Append(const Node& node, std::string& out) {
  const char* separator = "";
  switch (node.kind) {
    case Node::Kind::kNull:
      out += "null";
      break;
    case Node::Kind::kScalar:
      if (IsJsonLiteral(node)) {
        out += node.text;
      } else {
        AppendString(node.text, out);
      }
      break;
    case Node::Kind::kList:
      out += '[';
      for (const Node& item : node.items) {
        out += separator;
        Append(item, out);
        separator = ",";
      }
      out += ']';
      break;
    case Node::Kind::kMap:
      out += '{';
      for (const NodeEntry& entry : node.entries) {
        out += separator;
        AppendString(entry.key, out);
        out += ':';
        Append(entry.value, out);
        separator = ",";
      }
      out += '}';
      break;
  }
}

}  // namespace

bool IsJsonLiteral(const Node& node) {
  return node.is_scalar() && node.plain &&
         (node.text == "true" || node.text == "false" || IsJsonNumber(node.text));
}

std::string ToJson(const Node& node) {
  std::string out;
  Append(node, out);
  return out;
}

}  // namespace ingesta::config
