// The tokens of one JSON document in order: simdjson's first stage (SIMD; UTF-8, strings and the place of
// every token) and a cursor over the places it found. This is what simdjson's on-demand front end iterates
// over, too; ours works on the index itself because it must check values that nobody asked for, keep the text
// of every number, and run on the CPU's best instructions from a binary that is built for the oldest. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace ingesta::decode {

class TokenCursor {
 public:
  struct Token {
    const char* begin;
    const char* end;
    std::string_view text() const { return {begin, static_cast<size_t>(end - begin)}; }
    /// Of a string: what is between the quotes.
    std::string_view content() const { return {begin + 1, static_cast<size_t>(end - begin) - 2}; }
  };

  TokenCursor();
  ~TokenCursor();

  /// Index `text` and go to its first token; nullptr, or what is wrong with it. `text` outlives the walk and
  /// has kTextPadding NUL bytes behind it.
  const char* Start(std::string_view text);

  /// First character of the current token; NUL at the end of the text.
  char Peek() const { return text_[*at_]; }
  bool AtEnd() const { return at_ == end_; }
  /// Position of the current token in the text.
  size_t position() const { return *at_; }

  size_t PositionOf(Token token) const { return static_cast<size_t>(token.begin - text_); }
  static bool BeginsScalar(char c) {
    return c == '"' || (c >= '0' && c <= '9') || c == '-' || c == 't' || c == 'f' || c == 'n';
  }

  /// Step over a token of one character. REQUIRES: Peek() is one of {}[],:
  void TakePunctuation() {
    squeezed_ += at_[1] - at_[0] - 1;
    ++at_;
  }

  /// Step over a string, number or literal. REQUIRES: Peek() is neither punctuation nor NUL.
  Token TakeScalar() {
    const char* begin = text_ + at_[0];
    const char* end = text_ + at_[1];
    while (IsSpace(end[-1])) --end;
    squeezed_ += static_cast<uint32_t>(text_ + at_[1] - end);
    ++at_;
    return {begin, end};
  }

  /// A key and the scalar behind its colon.
  struct Member {
    Token key;
    Token value;
  };

  /// Look at the tokens at the cursor as a member of an object, and step over them; false (the cursor stays)
  /// where they are none: something is wrong, the value is an object or array, or a backslash is in them. The
  /// quick way through a record: the state is loaded and stored once for all its tokens.
  bool TakePlainMember(Member* member) {
    const uint32_t* at = at_;
    const char* key = text_ + at[0];
    if (*key != '"' || text_[at[1]] != ':') return false;
    const char* key_end = text_ + at[1];
    const char* value = text_ + at[2];
    // Three tokens are there, so the index has a fourth entry: the text's end at the latest.
    const char* value_end = text_ + at[3];
    if (IsSpace(key_end[-1])) return false;
    while (IsSpace(value_end[-1])) --value_end;
    if (next_backslash_ < key) FindBackslash(key);
    if (next_backslash_ < value_end || !BeginsScalar(*value)) return false;
    *member = {{key, key_end}, {value, value_end}};
    squeezed_ += static_cast<uint32_t>((value - key_end - 1) + (text_ + at[3] - value_end));
    at_ = at + 3;
    return true;
  }

  /// Whether a backslash is in [begin, end). Calls must not go backwards in the text.
  bool HasBackslash(const char* begin, const char* end) {
    if (next_backslash_ < begin) FindBackslash(begin);
    return next_backslash_ < end;
  }

  /// Write the string whose content begins at `content` to `out`, unescaped; one past the last byte, or
  /// nullptr where an escape is wrong or a surrogate alone (it becomes U+FFFD where `replace`). `out` has
  /// room for the content and kTextPadding.
  char* Unescape(const char* content, char* out, bool replace);

  /// Where the current token stands in the text without white space.
  uint32_t MinifiedOffset() const { return *at_ - squeezed_; }
  /// Part of the minified text. It is the text itself while no white space was met; else a copy that is made
  /// once.
  std::string_view Minified(uint32_t begin, uint32_t end) {
    if (squeezed_ == 0) return {text_ + begin, end - begin};
    if (minified_ == nullptr) Minify();
    return {minified_->data() + begin, end - begin};
  }
  /// The copy that Minified() made, or nullptr. Forgets it.
  std::unique_ptr<std::string> TakeMinified() { return std::move(minified_); }

 private:
  struct Index;

  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  void FindBackslash(const char* from);
  void Minify();

  std::unique_ptr<Index> index_;
  const char* text_ = nullptr;
  size_t size_ = 0;
  const uint32_t* at_ = nullptr;
  const uint32_t* end_ = nullptr;
  uint32_t squeezed_ = 0;
  const char* next_backslash_ = nullptr;
  std::unique_ptr<std::string> minified_;
};

}  // namespace ingesta::decode
