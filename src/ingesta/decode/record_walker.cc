#include "ingesta/decode/record_walker.h"

#include <fmt/format.h>

#include <utility>

namespace ingesta::decode {
namespace {

constexpr size_t kShownBytes = 60;

}  // namespace

void TextArena::Reserve(size_t size) {
  used_ = 0;
  if (size + kTextPadding <= capacity_) return;
  capacity_ = size + size / 4 + kTextPadding;
  bytes_.reset(new char[capacity_]);  // not make_unique: its zeroes would touch every page
}

bool RecordWalker::FailAt(size_t position, std::string expected) {
  error_ = {WalkError::Kind::kMalformed, std::move(expected), position};
  return false;
}

bool RecordWalker::Fail(std::string expected) {
  return FailAt(cursor_.position(), std::move(expected));
}

bool RecordWalker::Enter() {
  if (++depth_ > limits_.max_depth) {
    error_ = {WalkError::Kind::kTooDeep, "", cursor_.position()};
    return false;
  }
  cursor_.TakePunctuation();
  return true;
}

void RecordWalker::Leave() {
  value_end_ = cursor_.MinifiedOffset() + 1;
  cursor_.TakePunctuation();
  --depth_;
}

bool RecordWalker::Expect(char wanted, const char* expected) {
  if (cursor_.Peek() != wanted) return Fail(expected);
  cursor_.TakePunctuation();
  return true;
}

std::string& RecordWalker::Scratch() {
  if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
  std::string& text = scratch_[scratch_used_++];
  text.clear();
  return text;
}

bool RecordWalker::CheckRecordSize(uint32_t begin, size_t position) {
  if (static_cast<int64_t>(value_end_ - begin) <= limits_.max_record_bytes) return true;
  error_ = {WalkError::Kind::kRecordTooLarge, "", position};
  return false;
}

bool RecordWalker::WalkRecord(FieldIndex& fields, RecordSink& sink) {
  record_ = ++records_;
  arena_.Rewind();
  scratch_used_ = 0;
  const uint32_t begin = cursor_.MinifiedOffset();
  const size_t position = cursor_.position();
  if (!WalkObject(fields, sink) || !CheckRecordSize(begin, position)) return false;
  sink.EndRecord(cursor_.Minified(begin, value_end_));
  return true;
}

Scalar RecordWalker::PlainScalar(TokenCursor::Token token) {
  const char first = *token.begin;
  if (first == '"') return {Scalar::Kind::kString, token.content()};
  if (first == 't' || first == 'f' || first == 'n') {
    const std::string_view wanted = first == 't' ? "true" : first == 'f' ? "false" : "null";
    if (token.text() == wanted) {
      return {first == 't'   ? Scalar::Kind::kTrue
              : first == 'f' ? Scalar::Kind::kFalse
                             : Scalar::Kind::kNull,
              {}};
    }
    FailAt(cursor_.PositionOf(token), "`true`, `false` or `null`");
    return {Scalar::Kind::kInvalid, {}};
  }
  if (IsJsonNumber(token.begin, token.end)) return {Scalar::Kind::kNumber, token.text()};
  FailAt(cursor_.PositionOf(token), "a number");
  return {Scalar::Kind::kInvalid, {}};
}

bool RecordWalker::WalkObject(FieldIndex& fields, RecordSink& sink) {
  if (!Enter()) return false;
  FieldIndex* previous = nullptr;
  bool more = cursor_.Peek() != '}';
  while (more) {
    TokenCursor::Member member;
    if (cursor_.TakePlainMember(&member)) [[likely]] {
      const Scalar value = PlainScalar(member.value);
      if (value.kind() == Scalar::Kind::kInvalid) return false;
      FieldIndex* field = fields.Find(member.key.content(), &previous);
      if (field != nullptr && field->only_slot() >= 0) [[likely]] {
        sink.OnValue(field->only_slot(), value);
      } else if (field != nullptr) {
        DeliverScalar(*field, value, sink);
      } else {
        ReportUnknown(fields, member.key.content(), sink);
      }
    } else if (!WalkMember(fields, &previous, sink)) {
      return false;
    }
    more = cursor_.Peek() == ',';
    if (more) cursor_.TakePunctuation();
  }
  if (cursor_.Peek() != '}') return Fail("`,` or `}`");
  Leave();
  return true;
}

bool RecordWalker::WalkMember(FieldIndex& fields, FieldIndex** previous, RecordSink& sink) {
  if (cursor_.Peek() != '"') return Fail("a key in quotes");
  const TokenCursor::Token key = cursor_.TakeScalar();
  if (!Expect(':', "`:` after the key")) return false;
  FieldIndex* field = nullptr;
  if (!cursor_.HasBackslash(key.begin, key.end)) {
    field = fields.Find(key.content(), previous);
  } else {
    // A key with half a surrogate pair is a key that nobody can want, but no mistake.
    if (!HasValidEscapes(key.content())) return Fail("valid escapes in the key before it");
    char* begin = arena_.next();
    const char* end = cursor_.Unescape(key.begin + 1, begin, true);
    if (end != nullptr) field = fields.Find({begin, static_cast<size_t>(end - begin)}, previous);
  }
  if (field != nullptr) return WalkField(*field, sink);
  ReportUnknown(fields, key.content(), sink);
  return SkipValue();
}

void RecordWalker::ReportUnknown(const FieldIndex& fields, std::string_view raw_key, RecordSink& sink) {
  unknown_path_ = fields.path();
  if (!unknown_path_.empty()) unknown_path_ += '.';
  unknown_path_ += raw_key;
  sink.OnUnknownField(unknown_path_);
}

bool RecordWalker::WalkField(FieldIndex& field, RecordSink& sink) {
  const FieldTree& tree = field.tree();
  if (tree.kind == FieldTree::Kind::kIgnored) return SkipValue();
  const char wanted = tree.kind == FieldTree::Kind::kValue    ? '\0'
                      : tree.kind == FieldTree::Kind::kObject ? '{'
                                                              : '[';
  if (cursor_.Peek() == wanted) {
    NoteSeen(field, sink);
    const uint32_t begin = cursor_.MinifiedOffset();
    if (!WalkInside(field, sink)) return false;
    if (tree.raw_slots.empty()) return true;
    const Scalar whole{Scalar::Kind::kJson, cursor_.Minified(begin, value_end_)};
    for (const int slot : tree.raw_slots) sink.OnValue(slot, whole);
    return true;
  }
  Scalar value;
  if (!TakeValue(&value)) return false;
  DeliverScalar(field, value, sink);
  return true;
}

void RecordWalker::NoteSeen(FieldIndex& field, RecordSink& sink) {
  if (!field.MarkSeen(record_)) return;
  // The key's second time: nothing of the first may stay.
  for (const int slot : field.all_slots()) sink.OnValue(slot, Scalar{});
  if (field.explodes()) sink.OnInvalid(field.path(), "expected it once in a record, got it twice");
}

void RecordWalker::DeliverScalar(FieldIndex& field, const Scalar& value, RecordSink& sink) {
  const FieldTree& tree = field.tree();
  if (tree.kind == FieldTree::Kind::kValue) {
    for (const int slot : tree.slots) sink.OnValue(slot, value);
    return;
  }
  if (tree.kind == FieldTree::Kind::kIgnored) return;
  NoteSeen(field, sink);
  if (value.kind() != Scalar::Kind::kNull) {
    std::string& reason = Scratch();
    reason = fmt::format("expected {} at `{}`, got {}",
                         tree.kind == FieldTree::Kind::kObject ? "an object" : "an array", field.path(),
                         DescribeScalar(value));
    for (const int slot : field.all_slots()) sink.OnValue(slot, {Scalar::Kind::kInvalid, reason});
    if (field.explodes()) sink.OnInvalid(field.path(), reason);
  }
  for (const int slot : tree.raw_slots) sink.OnValue(slot, value);
}

bool RecordWalker::WalkInside(FieldIndex& field, RecordSink& sink) {
  if (field.tree().kind == FieldTree::Kind::kObject) return WalkObject(field, sink);
  return field.tree().kind == FieldTree::Kind::kJoin ? WalkJoin(field, sink) : WalkChildren(field, sink);
}

bool RecordWalker::WalkJoin(FieldIndex& field, RecordSink& sink) {
  if (!Enter()) return false;
  std::string& text = Scratch();
  Scalar joined{Scalar::Kind::kString, {}};
  bool first = true;
  bool more = cursor_.Peek() != ']';
  while (more) {
    Scalar element;
    if (!TakeValue(&element)) return false;
    if (element.kind() == Scalar::Kind::kInvalid) {
      joined = element;
    } else if (element.kind() == Scalar::Kind::kJson) {
      std::string& reason = Scratch();
      reason = fmt::format("expected plain values in the array at `{}`, got {}", field.path(),
                           DescribeScalar(element));
      joined = {Scalar::Kind::kInvalid, reason};
    } else if (element.kind() != Scalar::Kind::kNull) {
      if (!first) text += field.tree().separator;
      first = false;
      text += element.kind() == Scalar::Kind::kTrue    ? "true"
              : element.kind() == Scalar::Kind::kFalse ? "false"
                                                       : element.text();
    }
    more = cursor_.Peek() == ',';
    if (more) cursor_.TakePunctuation();
  }
  if (cursor_.Peek() != ']') return Fail("`,` or `]`");
  Leave();
  if (joined.kind() == Scalar::Kind::kString) joined = {Scalar::Kind::kString, text};
  for (const int slot : field.tree().slots) sink.OnValue(slot, joined);
  return true;
}

bool RecordWalker::WalkChildren(FieldIndex& field, RecordSink& sink) {
  if (!Enter()) return false;
  bool more = cursor_.Peek() != ']';
  while (more) {
    if (!WalkChild(field, sink)) return false;
    more = cursor_.Peek() == ',';
    if (more) cursor_.TakePunctuation();
  }
  if (cursor_.Peek() != ']') return Fail("`,` or `]`");
  Leave();
  return true;
}

bool RecordWalker::WalkChild(FieldIndex& field, RecordSink& parent) {
  if (cursor_.Peek() != '{') {
    Scalar value;
    if (!TakeValue(&value)) return false;
    parent.OnInvalid(field.path(),
                     fmt::format("expected objects in the array, got {}", DescribeScalar(value)));
    return true;
  }
  const int64_t parent_record = record_;
  record_ = ++records_;
  RecordSink& sink = parent.Child(field.tree().child);
  const uint32_t begin = cursor_.MinifiedOffset();
  if (!WalkObject(field.child(), sink)) return false;
  sink.EndRecord(cursor_.Minified(begin, value_end_));
  record_ = parent_record;
  return true;
}

bool RecordWalker::TakeValue(Scalar* value) {
  const char first = cursor_.Peek();
  if (first != '{' && first != '[') return TakeScalar(value);
  const uint32_t begin = cursor_.MinifiedOffset();
  if (!(first == '{' ? SkipObject() : SkipArray())) return false;
  *value = {Scalar::Kind::kJson, cursor_.Minified(begin, value_end_)};
  return true;
}

bool RecordWalker::TakeScalar(Scalar* value) {
  const char first = cursor_.Peek();
  if (!TokenCursor::BeginsScalar(first)) return Fail("a value");
  const TokenCursor::Token token = cursor_.TakeScalar();
  if (first == '"') return TextOf(token, value);
  *value = PlainScalar(token);
  return value->kind() != Scalar::Kind::kInvalid;
}

bool RecordWalker::TextOf(TokenCursor::Token token, Scalar* value) {
  if (!cursor_.HasBackslash(token.begin, token.end)) {
    *value = {Scalar::Kind::kString, token.content()};
    return true;
  }
  char* begin = arena_.next();
  const char* end = cursor_.Unescape(token.begin + 1, begin, false);
  if (end != nullptr) {
    arena_.Keep(end);
    *value = {Scalar::Kind::kString, {begin, static_cast<size_t>(end - begin)}};
    return true;
  }
  if (!HasValidEscapes(token.content())) return Fail("valid escapes in the string before it");
  std::string& reason = Scratch();
  reason = fmt::format("expected text, got a string with half a surrogate pair: \"{}\"",
                       Printable(token.content(), kShownBytes));
  *value = {Scalar::Kind::kInvalid, reason};
  return true;
}

bool RecordWalker::SkipValue() {
  const char first = cursor_.Peek();
  if (first == '{') return SkipObject();
  if (first == '[') return SkipArray();
  if (first != '"') {
    Scalar unwanted;
    return TakeScalar(&unwanted);
  }
  const TokenCursor::Token token = cursor_.TakeScalar();
  return !cursor_.HasBackslash(token.begin, token.end) || HasValidEscapes(token.content()) ||
         Fail("valid escapes in the string before it");
}

bool RecordWalker::SkipObject() {
  if (!Enter()) return false;
  bool more = cursor_.Peek() != '}';
  while (more) {
    if (cursor_.Peek() != '"') return Fail("a key in quotes");
    if (!SkipValue() || !Expect(':', "`:` after the key") || !SkipValue()) return false;
    more = cursor_.Peek() == ',';
    if (more) cursor_.TakePunctuation();
  }
  if (cursor_.Peek() != '}') return Fail("`,` or `}`");
  Leave();
  return true;
}

bool RecordWalker::SkipArray() {
  if (!Enter()) return false;
  bool more = cursor_.Peek() != ']';
  while (more) {
    if (!SkipValue()) return false;
    more = cursor_.Peek() == ',';
    if (more) cursor_.TakePunctuation();
  }
  if (cursor_.Peek() != ']') return Fail("`,` or `]`");
  Leave();
  return true;
}

bool RecordWalker::TakeKey(std::string* key) {
  if (cursor_.Peek() != '"') return Fail("a key in quotes");
  const TokenCursor::Token token = cursor_.TakeScalar();
  if (!cursor_.HasBackslash(token.begin, token.end)) {
    key->assign(token.content());
  } else {
    if (!HasValidEscapes(token.content())) return Fail("valid escapes in the key before it");
    char* begin = arena_.next();
    const char* end = cursor_.Unescape(token.begin + 1, begin, true);
    key->assign(begin, end != nullptr ? static_cast<size_t>(end - begin) : 0);
  }
  return Expect(':', "`:` after the key");
}

}  // namespace ingesta::decode
