// An incremental JSON tokenizer: checks the whole grammar of a document that arrives in pieces, with memory
// for the nesting only, and reports the keys and values a handler asks to see. What it reports depends on the
// document alone, never on where the pieces end. Not thread-safe. Used by the page probe and the array
// splitter.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::source {

/// Told of the values of the root and of every container it entered, in document order. Positions are offsets
/// into the piece being fed.
class JsonHandler {
 public:
  enum class Next { kSkip, kEnter };

  virtual ~JsonHandler() = default;
  /// A key of an entered object at `depth` (root object: 0), as written, without its quotes. Its value
  /// follows.
  virtual void OnKey(int depth, std::string_view raw) = 0;
  /// A value at `depth` (root: 0) begins at `position` with `first`: one of `{["-0..9tfn`. kEnter: report
  /// what is in it.
  virtual Result<Next> OnBegin(int depth, char first, size_t position) = 0;
  /// The value ends before `position`.
  virtual Status OnEnd(int depth, size_t position) = 0;
};

class JsonScanner {
 public:
  static constexpr int kMaxDepth = 128;

  explicit JsonScanner(JsonHandler& handler) : handler_(handler) {}

  /// Errors: kMalformedBody (retryable) that names the offset in the document; what the handler returned.
  /// Final.
  Status Feed(std::string_view chunk);
  /// The document ends here: OK only if it is complete.
  Status Finish();
  /// Bytes of the document taken before the piece being fed.
  int64_t offset() const { return offset_; }

 private:
  enum class State : uint8_t {
    kBom,
    kValue,
    kValueOrClose,
    kKey,
    kKeyOrClose,
    kColon,
    kAfterValue,
    kString,
    kNumber,
    kLiteral,
    kEnd
  };
  enum class Number : uint8_t { kMinus, kZero, kInteger, kPoint, kFraction, kE, kESign, kExponent };

  size_t ScanStructure(std::string_view chunk, size_t i);
  size_t ScanString(std::string_view chunk, size_t i);
  size_t ScanEscape(std::string_view chunk, size_t i);
  size_t ScanNumber(std::string_view chunk, size_t i);
  size_t ScanLiteral(std::string_view chunk, size_t i);
  size_t ScanBom(std::string_view chunk, size_t i);
  size_t OnPunctuation(char c, size_t i);
  size_t BeginValue(char c, size_t i);
  size_t Open(char c, size_t i);
  size_t Close(bool object, size_t i);
  size_t EndString(size_t i);
  void EndValue(size_t end);
  size_t Fail(size_t i, std::string_view what);
  bool watched() const { return depth_ == entered_; }
  bool in_object() const { return depth_ > 0 && objects_[static_cast<size_t>(depth_ - 1)]; }

  JsonHandler& handler_;
  Status status_;
  State state_ = State::kBom;
  Number number_ = Number::kMinus;
  bool string_is_key_ = false;
  bool keep_key_ = false;     ///< the key being read is one the handler wants
  int escape_ = 0;            ///< 0: none; 1: after the backslash; 2..5: hexadecimal digits to come, plus 1
  int bom_ = 0;               ///< bytes of the byte order mark seen
  const char* literal_ = "";  ///< rest of true, false or null
  int depth_ = 0;             ///< containers open
  int entered_ = 0;           ///< of those, how many the handler entered, counted from the root
  std::bitset<kMaxDepth> objects_;
  std::string key_;
  int64_t offset_ = 0;
};

/// The text of a JSON string's inside: escapes resolved, lone surrogates replaced. REQUIRES: a scanner
/// accepted `raw`.
std::string UnescapeJson(std::string_view raw);

}  // namespace ingesta::source
