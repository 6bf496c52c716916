#include "ingesta/catalog/ddl_text.h"

#include <fmt/format.h>

namespace ingesta::catalog {

std::string HiveText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      if (c == '\'' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string SqlText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

std::string SqlName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

std::string HiveColumnList(const std::vector<aws::GlueColumn>& columns) {
  std::string list;
  for (size_t i = 0; i < columns.size(); ++i) {
    list += fmt::format("  `{}` {}", columns[i].name, columns[i].type);
    if (!columns[i].comment.empty()) list += " COMMENT " + HiveText(columns[i].comment);
    list += i + 1 < columns.size() ? ",\n" : "\n";
  }
  return list;
}

}  // namespace ingesta::catalog
