// The JSON decoder: walks a page's document from its first token to its last, handing on the records where
// the selector finds them and taking the page's facts wherever they stand.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "ingesta/decode/decoder.h"
#include "ingesta/decode/json_text.h"
#include "ingesta/decode/record_walker.h"

namespace ingesta::decode {
namespace {

/// The document around the records, as a tree over its keys.
struct Envelope {
  enum Role : unsigned { kRecords = 1, kTotal = 2, kTotalPages = 4, kNext = 8 };
  std::string key;
  unsigned roles = 0;
  std::vector<Envelope> children;

  void Add(std::string_view path, Role role) {
    if (path.empty()) {
      roles |= role;
      return;
    }
    const size_t dot = path.find('.');
    const std::string_view head = path.substr(0, dot);
    Envelope* child = Find(head);
    if (child == nullptr) {
      children.push_back({std::string(head), 0, {}});
      child = &children.back();
    }
    child->Add(dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), role);
  }

  Envelope* Find(std::string_view wanted) {
    for (Envelope& child : children) {
      if (child.key == wanted) return &child;
    }
    return nullptr;
  }
};

/// Counts come as integers, as whole doubles, or as text of digits.
std::optional<int64_t> CountOf(const Scalar& value) {
  if (value.kind() != Scalar::Kind::kNumber && value.kind() != Scalar::Kind::kString) return std::nullopt;
  const char* begin = value.text().data();
  const char* end = begin + value.text().size();
  int64_t count = 0;
  auto parsed = std::from_chars(begin, end, count);
  if (parsed.ec == std::errc() && parsed.ptr == end)
    return count >= 0 ? std::optional<int64_t>(count) : std::nullopt;
  double whole = 0;
  parsed = std::from_chars(begin, end, whole);
  const bool usable =
      parsed.ec == std::errc() && parsed.ptr == end && whole >= 0 && whole <= 9007199254740992.0;
  if (!usable || whole != std::floor(whole)) return std::nullopt;
  return static_cast<int64_t>(whole);
}

std::optional<std::string> NextOf(const Scalar& value) {
  const bool has_text = value.kind() == Scalar::Kind::kString || value.kind() == Scalar::Kind::kNumber;
  if (!has_text || value.text().empty()) return std::nullopt;
  return std::string(value.text());
}

/// One walk over one page.
class PageWalk {
 public:
  PageWalk(TokenCursor& cursor, RecordWalker& walker, FieldIndex& fields, RecordSink& sink)
      : cursor_(cursor), walker_(walker), fields_(fields), sink_(sink) {}

  bool WalkDocument(Envelope& envelope) {
    if (!WalkValue(envelope)) return false;
    return found_records_ ? WalkEnd() : walker_.Fail("");
  }

  bool WalkOneRecord() {
    if (cursor_.Peek() != '{') return walker_.Fail("a record, an object");
    ++records_;
    return walker_.WalkRecord(fields_, sink_) && WalkEnd();
  }

  bool found_records() const { return found_records_; }
  int64_t records() const { return records_; }
  PageFacts& facts() { return facts_; }

 private:
  bool WalkEnd() { return cursor_.AtEnd() || walker_.Fail("the end of the document"); }

  bool WalkValue(Envelope& node) {
    if ((node.roles & Envelope::kRecords) != 0) return WalkRecords();
    if (!node.children.empty() && cursor_.Peek() == '{') return WalkObject(node);
    if (node.roles == 0 || cursor_.Peek() == '{' || cursor_.Peek() == '[') return walker_.SkipValue();
    Scalar value;
    if (!walker_.TakeScalar(&value)) return false;
    if ((node.roles & Envelope::kTotal) != 0) facts_.total = CountOf(value);
    if ((node.roles & Envelope::kTotalPages) != 0) facts_.total_pages = CountOf(value);
    if ((node.roles & Envelope::kNext) != 0) facts_.next = NextOf(value);
    return true;
  }

  bool WalkObject(Envelope& node) {
    if (!walker_.Enter()) return false;
    bool more = cursor_.Peek() != '}';
    while (more) {
      std::string key;
      if (!walker_.TakeKey(&key)) return false;
      Envelope* child = node.Find(key);
      if (!(child != nullptr ? WalkValue(*child) : walker_.SkipValue())) return false;
      more = cursor_.Peek() == ',';
      if (more) cursor_.TakePunctuation();
    }
    if (cursor_.Peek() != '}') return walker_.Fail("`,` or `}`");
    walker_.Leave();
    return true;
  }

  bool WalkRecords() {
    if (cursor_.Peek() != '[') return walker_.Fail("the array of the records");
    if (found_records_) return walker_.Fail("one array of records, not a second");
    found_records_ = true;
    if (!walker_.Enter()) return false;
    bool more = cursor_.Peek() != ']';
    while (more) {
      if (cursor_.Peek() != '{') return walker_.Fail("a record, an object");
      if (!walker_.WalkRecord(fields_, sink_)) return false;
      ++records_;
      more = cursor_.Peek() == ',';
      if (more) cursor_.TakePunctuation();
    }
    if (cursor_.Peek() != ']') return walker_.Fail("`,` or `]`");
    walker_.Leave();
    return true;
  }

  TokenCursor& cursor_;
  RecordWalker& walker_;
  FieldIndex& fields_;
  RecordSink& sink_;
  PageFacts facts_;
  bool found_records_ = false;
  int64_t records_ = 0;
};

/// What the views of a page's records point into: the body, and its minified copy where one was needed.
struct PageText {
  std::string body;
  std::unique_ptr<std::string> minified;
};

class JsonDecoder final : public Decoder {
 public:
  explicit JsonDecoder(DecoderOptions options) : options_(std::move(options)) {
    limits_ = {options_.max_depth, options_.max_record_bytes};
    envelope_.Add(options_.data_selector, Envelope::kRecords);
    if (!options_.total_path.empty()) envelope_.Add(options_.total_path, Envelope::kTotal);
    if (!options_.total_pages_path.empty()) envelope_.Add(options_.total_pages_path, Envelope::kTotalPages);
    if (!options_.next_path.empty()) envelope_.Add(options_.next_path, Envelope::kNext);
    bare_array_.Add("", Envelope::kRecords);
  }

  Result<DecodedPage> Decode(Page& page, const FieldTree& fields, RecordSink& sink) override {
    return Walk(page, fields, sink, page.is_slice ? &bare_array_ : &envelope_);
  }

  Result<DecodedPage> DecodeRecord(Page& page, const FieldTree& fields, RecordSink& sink) override {
    return Walk(page, fields, sink, nullptr);
  }

 private:
  /// `envelope` nullptr: the body is one record.
  Result<DecodedPage> Walk(Page& page, const FieldTree& fields, RecordSink& sink, Envelope* envelope) {
    auto text = std::make_shared<PageText>();
    text->body = std::move(page.body);
    page.body.clear();
    std::string_view body = text->body;
    const size_t size = body.size();
    text->body.append(kTextPadding, '\0');
    body = std::string_view(text->body).substr(0, size);
    if (body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3);

    if (const char* mistake = cursor_.Start(body)) {
      return Malformed(page, body, fmt::format("the body is no whole JSON document: {}", mistake));
    }
    arena_.Reserve(body.size());
    FieldIndex index(fields);
    RecordWalker walker(cursor_, arena_, limits_);
    PageWalk walk(cursor_, walker, index, sink);
    const bool ok = envelope != nullptr ? walk.WalkDocument(*envelope) : walk.WalkOneRecord();
    if (!ok) return Explain(page, body, walker.error(), envelope == nullptr || walk.found_records());

    DecodedPage decoded;
    decoded.facts = std::move(walk.facts());
    decoded.records = walk.records();
    text->minified = cursor_.TakeMinified();
    const std::string* views = text->minified != nullptr ? text->minified.get() : &text->body;
    decoded.buffer = std::shared_ptr<const std::string>(std::move(text), views);
    return decoded;
  }

  Status Explain(const Page& page, std::string_view body, const WalkError& error, bool found_records) const {
    if (error.kind == WalkError::Kind::kTooDeep) {
      return MakeError({.code = ErrorCode::kMalformedBody,
                        .stage = Stage::kDecode,
                        .hint = "no dataset is nested so deep; look at what the service sends"},
                       fmt::format("{}: nested deeper than {} levels at byte {}", Name(page),
                                   limits_.max_depth, error.position));
    }
    if (error.kind == WalkError::Kind::kRecordTooLarge) {
      return MakeError(
          {.code = ErrorCode::kBodyTooLarge,
           .stage = Stage::kDecode,
           .hint = "a record of this size is no row; data_selector may point at the wrong array"},
          fmt::format("{}: the record at byte {} has more than {} bytes", Name(page), error.position,
                      limits_.max_record_bytes));
    }
    if (error.expected.empty() && !found_records) {
      return Malformed(
          page, body, fmt::format("the body has no records at `{}` (data_selector)", options_.data_selector));
    }
    return Malformed(page, body,
                     fmt::format("expected {} at byte {}, found `{}`", error.expected, error.position,
                                 Printable(body.substr(std::min(error.position, body.size())), 20)));
  }

  Status Malformed(const Page& page, std::string_view body, std::string what) const {
    const size_t first = body.find_first_not_of(" \t\r\n");
    const bool is_html = first != std::string_view::npos && body[first] == '<';
    return MakeError(
        {.code = ErrorCode::kMalformedBody,
         .stage = Stage::kDecode,
         .retryable = true,
         .hint = is_html ? "the address answers with a web page: check base_url, path and any proxy or login "
                           "before it"
                         : "ask for the address by hand and compare with the pipeline's data_selector"},
        fmt::format("{}: {}{}; the {} bytes begin: {}", Name(page), is_html ? "HTML instead of JSON; " : "",
                    what, body.size(), Printable(body)));
  }

  static std::string Name(const Page& page) { return fmt::format("page {} ({})", page.index, page.url); }

  const DecoderOptions options_;
  WalkLimits limits_;
  Envelope envelope_;
  Envelope bare_array_;
  TokenCursor cursor_;
  TextArena arena_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(DecoderOptions options) {
  for (const std::string* path :
       {&options.data_selector, &options.total_path, &options.total_pages_path, &options.next_path}) {
    const bool empty_key = path->find("..") != std::string::npos ||
                           (!path->empty() && (path->front() == '.' || path->back() == '.'));
    if (empty_key) {
      return MakeError(
          {.code = ErrorCode::kInvalidConfig, .stage = Stage::kDecode, .hint = "write it as `data.items`"},
          fmt::format("`{}` is no dotted path: a key in it is empty", *path));
    }
  }
  if (options.max_depth < 1 || options.max_depth > 1024 || options.max_record_bytes < 2) {
    return MakeError(
        {.code = ErrorCode::kInvalidConfig, .stage = Stage::kDecode, .hint = ""},
        fmt::format("max_depth {} or max_record_bytes {} is out of range (1 to 1024; at least 2)",
                    options.max_depth, options.max_record_bytes));
  }
  return std::make_unique<JsonDecoder>(std::move(options));
}

}  // namespace ingesta::decode
