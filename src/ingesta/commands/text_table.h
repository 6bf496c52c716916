// Rows of cells as text with aligned columns, for people. Values only.
#pragma once

#include <string>
#include <vector>

namespace ingesta::commands {

class TextTable {
 public:
  /// A heading that begins with `>` is of a column of numbers, aligned to the right.
  explicit TextTable(const std::vector<std::string>& headings);
  /// REQUIRES: as many cells as headings.
  void Add(std::vector<std::string> cells);
  /// Every line begins with `indent`; the headings are dimmed on a terminal.
  std::string ToString(const std::string& indent, bool color) const;
  bool empty() const { return rows_.empty(); }

 private:
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<std::string> headings_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that `text` takes on a terminal: its code points.
size_t DisplayWidth(const std::string& text);

}  // namespace ingesta::commands
