// Walks the records of a document value by value: wanted ones go to a RecordSink, all others are checked just
// the same. Stops at the first mistake. Not thread-safe; lives for one page.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/scalar.h"
#include "ingesta/decode/field_index.h"
#include "ingesta/decode/token_cursor.h"

namespace ingesta::decode {

/// Why a walk stopped.
struct WalkError {
  enum class Kind { kMalformed, kTooDeep, kRecordTooLarge };
  Kind kind = Kind::kMalformed;
  std::string expected;  ///< of kMalformed: what should have stood there
  size_t position = 0;   ///< in the text
};

struct WalkLimits {
  int max_depth = 128;
  int64_t max_record_bytes = 32LL << 20;
};

/// Room for unescaped strings. Grows only; kept from page to page.
class TextArena {
 public:
  void Reserve(size_t size);
  /// Forget all strings.
  void Rewind() { used_ = 0; }
  char* next() { return bytes_.get() + used_; }
  void Keep(const char* end) { used_ = static_cast<size_t>(end - bytes_.get()); }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t used_ = 0;
};

class RecordWalker {
 public:
  /// All outlive the walker; `arena` has room for the whole text.
  RecordWalker(TokenCursor& cursor, TextArena& arena, const WalkLimits& limits)
      : cursor_(cursor), arena_(arena), limits_(limits) {}

  /// Walk the record at the cursor, EndRecord included. False: see error(). REQUIRES: the cursor is at `{`.
  bool WalkRecord(FieldIndex& fields, RecordSink& sink);
  /// Step over the value at the cursor, checking all of it.
  bool SkipValue();
  /// Take the key at the cursor, unescaped, and the colon behind it.
  bool TakeKey(std::string* key);
  /// Take the scalar at the cursor, checked.
  bool TakeScalar(Scalar* value);

  /// Enter and leave an object or array of the document around the records.
  bool Enter();
  void Leave();
  /// Fail unless the cursor is at `wanted`, which is then stepped over.
  bool Expect(char wanted, const char* expected);
  /// Note what should have stood at the cursor; gives false.
  bool Fail(std::string expected);

  const WalkError& error() const { return error_; }

 private:
  bool WalkObject(FieldIndex& fields, RecordSink& sink);
  bool WalkMember(FieldIndex& fields, FieldIndex** previous, RecordSink& sink);
  bool WalkField(FieldIndex& field, RecordSink& sink);
  void NoteSeen(FieldIndex& field, RecordSink& sink);
  /// Hand on a value that is no object or array where the field wants one.
  void DeliverScalar(FieldIndex& field, const Scalar& value, RecordSink& sink);
  bool WalkInside(FieldIndex& field, RecordSink& sink);
  bool WalkJoin(FieldIndex& field, RecordSink& sink);
  bool WalkChildren(FieldIndex& field, RecordSink& sink);
  bool WalkChild(FieldIndex& field, RecordSink& parent);
  void ReportUnknown(const FieldIndex& fields, std::string_view raw_key, RecordSink& sink);
  /// A scalar without backslashes; kInvalid where it is none, see error().
  Scalar PlainScalar(TokenCursor::Token token);
  bool TakeValue(Scalar* value);
  bool TextOf(TokenCursor::Token token, Scalar* value);
  bool SkipObject();
  bool SkipArray();
  bool CheckRecordSize(uint32_t begin, size_t position);
  bool FailAt(size_t position, std::string expected);
  /// A text that lives as long as the record at hand.
  std::string& Scratch();

  TokenCursor& cursor_;
  TextArena& arena_;
  const WalkLimits& limits_;
  WalkError error_;
  int depth_ = 0;
  int64_t records_ = 0;              ///< begun, child records included
  int64_t record_ = 0;               ///< number of the one at hand
  uint32_t value_end_ = 0;           ///< minified offset behind the last closed object or array
  std::deque<std::string> scratch_;  ///< texts made for the record at hand
  size_t scratch_used_ = 0;
  std::string unknown_path_;
};

}  // namespace ingesta::decode
