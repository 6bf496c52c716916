#include "ingesta/decode/token_cursor.h"

#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <limits>

#include "ingesta/decode/json_text.h"

namespace ingesta::decode {
namespace {

static_assert(kTextPadding >= simdjson::SIMDJSON_PADDING);

const uint8_t* Bytes(const char* text) {
  return reinterpret_cast<const uint8_t*>(text);
}

const char* Explain(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "it is empty";
    case simdjson::UTF8_ERROR:
      return "it is not UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "it ends inside a string";
    case simdjson::UNESCAPED_CHARS:
      return "a string in it holds a raw control character";
    case simdjson::MEMALLOC:
      return "there is no memory for its index";
    default:
      return "it is not JSON";
  }
}

}  // namespace

struct TokenCursor::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;

  simdjson::error_code Reserve(size_t size) {
    if (parser != nullptr && size <= capacity) return simdjson::SUCCESS;
    // Pages of a scan are alike, not equal: some room keeps each from growing it by a little.
    const size_t wanted = std::max<size_t>(size + size / 4, 4096);
    parser.reset();
    capacity = wanted;
    return simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, parser);
  }
};

TokenCursor::TokenCursor() : index_(std::make_unique<Index>()) {}
TokenCursor::~TokenCursor() = default;

const char* TokenCursor::Start(std::string_view text) {
  text_ = text.data();
  size_ = text.size();
  squeezed_ = 0;
  minified_.reset();
  next_backslash_ = nullptr;
  if (size_ == 0) return Explain(simdjson::EMPTY);
  if (size_ >= std::numeric_limits<uint32_t>::max() / 2) return "it is larger than 2 GiB";
  simdjson::error_code error = index_->Reserve(size_);
  if (error == simdjson::SUCCESS)
    error = index_->parser->stage1(Bytes(text_), size_, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return Explain(error);
  at_ = index_->parser->structural_indexes.get();
  end_ = at_ + index_->parser->n_structural_indexes;
  // White space before the first token is left out, too. The index ends with the text's size, where a NUL
  // stands.
  squeezed_ = *at_;
  return nullptr;
}

char* TokenCursor::Unescape(const char* content, char* out, bool replace) {
  uint8_t* end = index_->parser->parse_string(Bytes(content), reinterpret_cast<uint8_t*>(out), replace);
  return reinterpret_cast<char*>(end);
}

void TokenCursor::FindBackslash(const char* from) {
  const char* end = text_ + size_;
  const void* found = std::memchr(from, '\\', static_cast<size_t>(end - from));
  next_backslash_ = found != nullptr ? static_cast<const char*>(found) : end;
}

void TokenCursor::Minify() {
  minified_ = std::make_unique<std::string>();
  minified_->resize(size_);
  size_t size = 0;
  const simdjson::error_code error = simdjson::minify(text_, size_, minified_->data(), size);
  // Its one error is an unclosed string, and stage 1 has found every string closed.
  assert(error == simdjson::SUCCESS);
  static_cast<void>(error);
  minified_->resize(size);
}

}  // namespace ingesta::decode
