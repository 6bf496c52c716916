#include "ingesta/commands/text_table.h"

#include <algorithm>
#include <utility>

namespace ingesta::commands {

size_t DisplayWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

TextTable::TextTable(const std::vector<std::string>& headings) {
  for (const std::string& heading : headings) {
    right_.push_back(heading.starts_with('>'));
    headings_.push_back(right_.back() ? heading.substr(1) : heading);
  }
}

void TextTable::Add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string TextTable::Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - DisplayWidth(cells[i]), ' ');
    if (i > 0) line += "  ";
    line += right_[i] ? padding + cells[i] : cells[i] + padding;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string TextTable::ToString(const std::string& indent, bool color) const {
  std::vector<size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(DisplayWidth(heading));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text =
      indent + (color ? "\x1b[2m" : "") + Line(headings_, widths) + (color ? "\x1b[0m" : "") + "\n";
  for (const auto& row : rows_) text += indent + Line(row, widths) + "\n";
  return text;
}

}  // namespace ingesta::commands
