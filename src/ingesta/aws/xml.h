// XML answers of S3 and STS as a plain tree: the one file that sees pugixml. External entities and DTDs are
// not read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::aws {

struct XmlNode {
  std::string name;  ///< without a namespace prefix
  std::string text;
  std::vector<XmlNode> children;

  /// The first child called `name`, or nullptr.
  const XmlNode* Child(std::string_view name) const;
  /// The first one called `name` below this node at any depth, or nullptr.
  const XmlNode* Find(std::string_view name) const;
  /// Text of Child(name); "" where absent.
  std::string ChildText(std::string_view name) const;
};

/// The root element. kMalformedBody for what is not one whole document, or deeper than 32 levels.
Result<XmlNode> ParseXml(std::string_view text);

std::string XmlEscape(std::string_view text);

}  // namespace ingesta::aws
