// How JSON Lines writes the declared columns: one object a line, every column present, decimals as numbers,
// times as ISO 8601 with Z. Values only; used through RowEncoder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/format/text_scan.h"
#include "ingesta/format/value_text.h"

namespace ingesta::format {

class JsonDialect {
 public:
  static constexpr size_t kLineBytes = 4;
  /// Worst growth of a string: a control character becomes `\u0000`.
  static constexpr size_t kExpansion = 6;

  struct StringState {
    bool begun = false;
  };

  explicit JsonDialect(const std::vector<std::string>& columns) {
    for (const std::string& name : columns) {
      std::string prefix(6 * name.size() + 4, '\0');
      char* out = prefix.data();
      if (!prefixes_.empty()) *out++ = ',';
      out = String(out, name, name.data());
      *out++ = ':';
      prefix.resize(static_cast<size_t>(out - prefix.data()));
      prefixes_.push_back(std::move(prefix));
    }
  }

  size_t PrefixBytes(size_t column) const { return prefixes_[column].size(); }
  char* BeginLine(char* out) const { return AppendText(out, "{"); }
  char* BeginCell(char* out, size_t column) const { return AppendText(out, prefixes_[column]); }
  char* Null(char* out) const { return AppendText(out, "null"); }
  char* EndCell(char* out) const { return out; }
  char* EndLine(char* out) const { return AppendText(out, "}\n"); }

  /// JSON has no NaN and no infinity.
  char* Double(char* out, double value) const {
    return std::isfinite(value) ? AppendFiniteDouble(out, value) : Null(out);
  }
  char* Date(char* out, int64_t day) const {
    *out++ = '"';
    return AppendText(AppendDate(out, day), "\"");
  }
  char* Timestamp(char* out, int64_t micros, TimestampText* text) const {
    *out++ = '"';
    out = text->Append<'T'>(out, micros);
    return out == nullptr ? nullptr : AppendText(out, "Z\"");
  }

  char* String(char* out, std::string_view value, const char* readable_end) const {
    *out++ = '"';
    if (CopyClean<JsonSpecials>(value.data(), value.size(), readable_end, out)) {
      out += value.size();
    } else {
      out = Encode(out, value);
    }
    *out++ = '"';
    return out;
  }

  StringState BeginString(std::string_view /*value*/) const { return {}; }

  char* StringPiece(char* out, std::string_view piece, bool last, StringState* state) const {
    if (!state->begun) *out++ = '"';
    state->begun = true;
    out = Encode(out, piece);
    if (last) *out++ = '"';
    return out;
  }

 private:
  static char* Encode(char* out, std::string_view piece) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (true) {
      const char* const special = FindSpecial<JsonSpecials>(at, end);
      out = std::copy(at, special, out);
      if (special == end) return out;
      out = Escape(out, *special);
      at = special + 1;
    }
  }

  static char* Escape(char* out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    *out++ = '\\';
    switch (c) {
      case '"':
      case '\\':
        *out++ = c;
        return out;
      case '\n':
        *out++ = 'n';
        return out;
      case '\r':
        *out++ = 'r';
        return out;
      case '\t':
        *out++ = 't';
        return out;
      case '\b':
        *out++ = 'b';
        return out;
      case '\f':
        *out++ = 'f';
        return out;
      default:
        out = AppendText(out, "u00");
        *out++ = kHex[static_cast<size_t>(c) >> 4];
        *out++ = kHex[static_cast<size_t>(c) & 15];
        return out;
    }
  }

  std::vector<std::string> prefixes_;
};

}  // namespace ingesta::format
