// How CSV writes cells and lines: RFC 4180, quotes only where the value needs them, null as nothing and "" as
// `""`, each line break inside a value as one space, so that a line is a row. Values only; used through
// RowEncoder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "ingesta/format/text_scan.h"
#include "ingesta/format/value_text.h"

namespace ingesta::format {

class CsvDialect {
 public:
  /// Space for what a line has beside its cells.
  static constexpr size_t kLineBytes = 2;
  /// Worst growth of a string: each quote becomes two.
  static constexpr size_t kExpansion = 2;

  /// What a string that comes in pieces needs to remember.
  struct StringState {
    bool begun = false;
    bool quoted = false;
    bool guarded = false;
    bool after_cr = false;
  };

  explicit CsvDialect(bool formula_guard) : formula_guard_(formula_guard) {}

  size_t PrefixBytes(size_t /*column*/) const { return 1; }
  char* BeginLine(char* out) const { return out; }
  char* BeginCell(char* out, size_t /*column*/) const { return out; }
  char* Null(char* out) const { return out; }
  char* EndCell(char* out) const {
    *out++ = ',';
    return out;
  }
  /// Turns the last cell's comma into the line's end.
  char* EndLine(char* out) const {
    out[-1] = '\n';
    return out;
  }

  char* Double(char* out, double value) const { return AppendDouble(out, value); }
  char* Date(char* out, int64_t day) const { return AppendDate(out, day); }
  char* Timestamp(char* out, int64_t micros, TimestampText* text) const {
    return text->Append<' '>(out, micros);
  }

  char* String(char* out, std::string_view value, const char* readable_end) const {
    if (value.empty()) return AppendText(out, "\"\"");
    const bool guarded = formula_guard_ && StartsFormula(value.front());
    if (!guarded && CopyClean<CsvSpecials>(value.data(), value.size(), readable_end, out)) {
      return out + value.size();
    }
    StringState state = BeginString(value);
    return StringPiece(out, value, true, &state);
  }

  StringState BeginString(std::string_view value) const {
    StringState state;
    state.quoted = value.empty() || value.find(',') != value.npos || value.find('"') != value.npos;
    state.guarded = formula_guard_ && !value.empty() && StartsFormula(value.front());
    return state;
  }

  char* StringPiece(char* out, std::string_view piece, bool last, StringState* state) const {
    if (!state->begun) {
      if (state->quoted) *out++ = '"';
      if (state->guarded) *out++ = '\'';
      state->begun = true;
    }
    out = Encode(out, piece, state->after_cr);
    if (!piece.empty()) state->after_cr = piece.back() == '\r';
    if (last && state->quoted) *out++ = '"';
    return out;
  }

 private:
  /// What a spreadsheet takes for a formula; a tab or a line break before one does not stop it.
  static bool StartsFormula(char c) {
    return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r' || c == '\n';
  }

  static char* Encode(char* out, std::string_view piece, bool after_cr) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (true) {
      const char* const special = FindSpecial<CsvSpecials>(at, end);
      out = std::copy(at, special, out);
      if (special == end) return out;
      const bool second_of_pair =
          *special == '\n' && (special == piece.data() ? after_cr : special[-1] == '\r');
      if (*special == '"') {
        out = AppendText(out, "\"\"");
      } else if (!second_of_pair) {
        *out++ = *special == ',' ? ',' : ' ';
      }
      at = special + 1;
    }
  }

  bool formula_guard_;
};

}  // namespace ingesta::format
