#include "ingesta/expect/json_text.h"

#include <cctype>

namespace ingesta::expect {
namespace {

// Python gives up at its recursion limit, near 1000 levels.
constexpr int kMaxDepth = 900;

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Whole() {
    if (!Value(0)) return false;
    Blank();
    return at_ == text_.size();
  }

 private:
  void Blank() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool Digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  bool Value(int depth) {
    Blank();
    if (at_ >= text_.size() || depth > kMaxDepth) return false;
    switch (text_[at_]) {
      case '{':
        return Group('}', true, depth);
      case '[':
        return Group(']', false, depth);
      case '"':
        return Text();
      default:
        return Word("null") || Word("true") || Word("false") || Word("NaN") || Word("Infinity") ||
               Word("-Infinity") || Number();
    }
  }

  bool Group(char close, bool keys, int depth) {
    ++at_;
    Blank();
    if (Take(close)) return true;
    for (;;) {
      Blank();
      if (keys) {
        if (!Text()) return false;
        Blank();
        if (!Take(':')) return false;
      }
      if (!Value(depth + 1)) return false;
      Blank();
      if (Take(close)) return true;
      if (!Take(',')) return false;
    }
  }

  bool Text() {
    if (!Take('"')) return false;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_++]);
      if (c == '"') return true;
      if (c < 0x20) return false;
      if (c == '\\' && !Escape()) return false;
    }
    return false;
  }

  bool Escape() {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0) return false;
    }
    return true;
  }

  bool Number() {
    Take('-');
    if (!Digit()) return false;
    if (!Take('0')) {
      while (Digit()) ++at_;
    }
    // A part that does not go on as a number is what follows it, and then one value too many.
    const size_t whole = at_;
    if (Take('.')) {
      if (!Digit()) at_ = whole;
      while (Digit()) ++at_;
    }
    const size_t fraction = at_;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digit()) at_ = fraction;
      while (Digit()) ++at_;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool IsPythonJson(std::string_view text) {
  return Scanner(text).Whole();
}

}  // namespace ingesta::expect
