#include "ingesta/source/array_splitter.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/source/page_probe.h"

namespace ingesta::source {
namespace {

constexpr size_t kHead = 256;
constexpr size_t kPadding = 4096;

Status Malformed(std::string message) {
  return MakeError({.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true}, std::move(message));
}

}  // namespace

ArraySplitter::ArraySplitter(SplitterOptions options, Emit emit)
    : options_(std::move(options)),
      emit_(std::move(emit)),
      path_(SplitPath(options_.data_selector)),
      scanner_(*this) {}

Status ArraySplitter::Feed(std::string_view chunk) {
  if (head_.size() < kHead) head_.append(chunk.substr(0, kHead - head_.size()));
  chunk_ = chunk;
  record_begin_ = 0;
  ARROW_RETURN_NOT_OK(scanner_.Feed(chunk));
  if (in_record_) {
    ARROW_RETURN_NOT_OK(CheckRecordSize(slice_.size() - record_start_ + chunk.size() - record_begin_));
    slice_.append(chunk.substr(record_begin_));
  }
  return Status::OK();
}

Status ArraySplitter::Finish() {
  chunk_ = {};
  ARROW_RETURN_NOT_OK(scanner_.Finish());
  if (!found_) return Malformed(fmt::format("the records' array {} is absent", ShowSelector()));
  return slice_.empty() && slices_ > 0 ? Status::OK() : Flush();
}

void ArraySplitter::OnKey(int depth, std::string_view raw) {
  keys_.resize(static_cast<size_t>(depth));
  keys_.push_back(UnescapeJson(raw));
}

Result<JsonHandler::Next> ArraySplitter::OnBegin(int depth, char first, size_t position) {
  if (depth == array_depth_ + 1) {
    slice_.push_back(slice_.empty() ? '[' : ',');
    in_record_ = true;
    record_begin_ = position;
    record_start_ = slice_.size();
    return Next::kSkip;
  }
  if (keys_ == path_) {
    if (first != '[') return Malformed(fmt::format("the records' array {} is no array", ShowSelector()));
    if (found_) return Malformed(fmt::format("the records' array {} comes twice", ShowSelector()));
    found_ = true;
    array_depth_ = depth;
    return Next::kEnter;
  }
  // Only objects on the way to the records are of interest.
  return first == '{' && keys_.size() < path_.size() ? Next::kEnter : Next::kSkip;
}

Status ArraySplitter::OnEnd(int depth, size_t position) {
  if (depth == array_depth_ + 1) {
    const size_t bytes = position - record_begin_;
    ARROW_RETURN_NOT_OK(CheckRecordSize(slice_.size() - record_start_ + bytes));
    slice_.append(chunk_.substr(record_begin_, bytes));
    in_record_ = false;
    ++records_;
    return slice_.size() >= options_.slice_bytes ? Flush() : Status::OK();
  }
  if (depth == array_depth_) array_depth_ = kNone;
  if (!keys_.empty()) keys_.pop_back();
  return Status::OK();
}

Status ArraySplitter::CheckRecordSize(size_t bytes) const {
  if (bytes <= options_.max_record_bytes) return Status::OK();
  return MakeError(ErrorCode::kBodyTooLarge,
                   fmt::format("record {} is larger than {} bytes", records_ + 1, options_.max_record_bytes),
                   "a record of that size is no row; check `data_selector`");
}

Status ArraySplitter::Flush() {
  if (slice_.empty()) slice_.push_back('[');
  slice_.push_back(']');
  ++slices_;
  std::string slice = std::exchange(slice_, std::string());
  // The next one will be as large; the sum leaves the decoder room to pad it in place.
  slice_.reserve(slice.size() + kPadding);
  return emit_(std::move(slice));
}

std::string ArraySplitter::ShowSelector() const {
  return options_.data_selector.empty() ? "(the body itself)" : "`" + options_.data_selector + "`";
}

}  // namespace ingesta::source
