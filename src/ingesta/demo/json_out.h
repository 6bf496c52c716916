// Writes JSON as each framework does: Flask indented and in ASCII, Jackson and Express minified UTF-8,
// doubles in the notation of Python, Java or JavaScript. Not thread-safe: one writer an answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ingesta::demo {

/// A text whose JSON escapes are made once, in both spellings and without the quotes around it.
struct Piece {
  Piece(const char* text);  // NOLINT(google-explicit-constructor): word lists are written as plain literals
  explicit Piece(std::string_view text);
  std::string utf8;
  std::string ascii;
};

/// Append `text` as the inside of a JSON string; with `ascii` everything above U+007E as \uXXXX surrogate
/// pairs. REQUIRES: text is UTF-8.
void AppendEscaped(std::string_view text, bool ascii, std::string* out);

enum class NumberForm { kPython, kJava, kJavaScript };

/// Append the shortest text that reads back as `value`; whole values without fraction.
void AppendDouble(double value, NumberForm form, std::string* out);

/// Append `YYYY-MM-DDTHH:MM:SS`. `seconds` since 1970 in UTC.
void AppendDateTime(int64_t seconds, std::string* out);

struct Dialect {
  bool ascii = false;
  bool indented = false;
  NumberForm numbers = NumberForm::kJavaScript;
};

inline constexpr Dialect kFlaskDialect{.ascii = true, .indented = true, .numbers = NumberForm::kPython};
inline constexpr Dialect kSpringDialect{.ascii = false, .indented = false, .numbers = NumberForm::kJava};
inline constexpr Dialect kExpressDialect{
    .ascii = false, .indented = false, .numbers = NumberForm::kJavaScript};

class JsonOut {
 public:
  /// Appends to `out`, which outlives the writer.
  JsonOut(Dialect dialect, std::string* out) : dialect_(dialect), out_(out) {}

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }
  /// REQUIRES: `key` needs no escape.
  void Key(std::string_view key);

  void Null();
  void Int(int64_t value);
  void Double(double value);
  /// A text that is escaped here.
  void String(std::string_view text);
  void Text(const Piece& piece);

  /// A text put together from parts.
  void BeginText();
  void Add(const Piece& piece) { out_->append(dialect_.ascii ? piece.ascii : piece.utf8); }
  /// REQUIRES: `text` needs no escape.
  void AddPlain(std::string_view text) { out_->append(text); }
  void AddInt(int64_t value);
  void AddRaw(std::string_view text) { AppendEscaped(text, dialect_.ascii, out_); }
  void EndText() { out_->push_back('"'); }

  /// `YYYY-MM-DDTHH:MM:SS[.fraction]suffix` with the first `digits` of nine digits of `nanos`.
  void Time(int64_t seconds, uint32_t nanos, int digits, std::string_view suffix);

  std::string* out() { return out_; }

 private:
  void Separate();
  void Open(char bracket);
  void Close(char bracket);
  void NewLine();

  Dialect dialect_;
  std::string* out_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace ingesta::demo
