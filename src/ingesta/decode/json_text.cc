#include "ingesta/decode/json_text.h"

#include <fmt/format.h>

#include <iterator>

namespace ingesta::decode {
namespace {

bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool HasValidEscapes(std::string_view content) {
  size_t i = content.find('\\');
  while (i != std::string_view::npos) {
    if (i + 1 >= content.size()) return false;
    const char kind = content[i + 1];
    i += 2;
    if (kind == 'u') {
      if (i + 4 > content.size()) return false;
      for (size_t digit = 0; digit < 4; ++digit) {
        if (!IsHex(content[i + digit])) return false;
      }
      i += 4;
    } else if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return false;
    }
    i = content.find('\\', i);
  }
  return true;
}

std::string Printable(std::string_view bytes, size_t limit) {
  std::string out;
  for (const char c : bytes.substr(0, limit)) {
    if (c == '\n' || c == '\t' || c == '\r') {
      out += ' ';
    } else if (c >= 0x20 && c < 0x7f) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (bytes.size() > limit) out += "...";
  return out;
}

}  // namespace ingesta::decode
