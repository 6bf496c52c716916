#include "ingesta/source/unpaged_scan.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>

#include "ingesta/source/array_splitter.h"
#include "ingesta/source/page_probe.h"

namespace ingesta::source {
namespace {

constexpr size_t kQueuedSlices = 4;
constexpr std::chrono::milliseconds kStopCheck{200};
// How long the reader looks away when there is no slice: it wakes at once for the body's end, and soon for a
// slice.
constexpr std::chrono::milliseconds kShortestWait{1};
constexpr std::chrono::milliseconds kLongestWait{16};

}  // namespace

/// What the I/O thread writes and the reader reads. Outlives both through shared ownership.
class UnpagedScan::Stream {
 public:
  /// `stop` (may be null) outlives the client.
  Stream(SplitterOptions options, const StopSource* stop)
      : stop_(stop),
        splitter_(std::move(options), [this](std::string slice) { return Push(std::move(slice)); }) {}

  /// On the I/O thread.
  Status OnBody(std::string_view piece) {
    {
      std::lock_guard lock(mutex_);
      if (abandoned_) return MakeError(ErrorCode::kCancelled, "the reader is gone");
    }
    Status status = splitter_.Feed(piece);
    if (!status.ok()) failure_ = status;
    return status;
  }

  /// The reader wants no more; frees the I/O thread.
  void Abandon() {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    slices_.clear();
    changed_.notify_all();
  }

  std::optional<std::string> Pop() {
    std::lock_guard lock(mutex_);
    if (slices_.empty()) return std::nullopt;
    std::string slice = std::move(slices_.front());
    slices_.pop_front();
    changed_.notify_all();
    return slice;
  }

  // After the answer came, when the I/O thread is through with this.

  /// What the splitter found wrong, or OK.
  const Status& failure() const { return failure_; }
  const std::string& head() const { return splitter_.head(); }
  Status Finish() {
    std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return Status::OK();
    return splitter_.Finish();
  }

 private:
  Status Push(std::string slice) {
    if (ended_) {
      slices_.push_back(std::move(slice));  // from Finish, which holds the lock
      return Status::OK();
    }
    std::unique_lock lock(mutex_);
    while (slices_.size() >= kQueuedSlices && !abandoned_) {
      changed_.wait_for(lock, kStopCheck);
      // The reader may have stopped reading for good without being destroyed yet.
      if (stop_ != nullptr) ARROW_RETURN_NOT_OK(stop_->Check());
    }
    if (abandoned_) return MakeError(ErrorCode::kCancelled, "the reader is gone");
    slices_.push_back(std::move(slice));
    return Status::OK();
  }

  const StopSource* const stop_;
  ArraySplitter splitter_;
  Status failure_;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> slices_;
  bool abandoned_ = false;
};

UnpagedScan::UnpagedScan(ScanContext& context, size_t combination)
    : context_(context), fetcher_(context), recipe_{combination, {}} {}

UnpagedScan::~UnpagedScan() {
  if (stream_ != nullptr) stream_->Abandon();
}

Status UnpagedScan::Open() {
  if (stream_ != nullptr) stream_->Abandon();
  ARROW_ASSIGN_OR_RAISE(request_, context_.requests.Build(recipe_.combination, recipe_.request));
  url_ = http::RedactUrl(request_.url);
  stream_ =
      std::make_shared<Stream>(SplitterOptions{.data_selector = context_.data_selector,
                                               .slice_bytes = static_cast<size_t>(context_.slice_bytes)},
                               context_.retrier.stop());
  http::Request request = request_;
  request.on_body = [stream = stream_](std::string_view piece) { return stream->OnBody(piece); };
  // It is never held whole.
  request.max_body = std::numeric_limits<int64_t>::max();
  answered_ = counted_ = false;
  answer_ = context_.client.Send(std::move(request));
  return Status::OK();
}

Status UnpagedScan::Describe(const Status& cause) const {
  const ErrorDetail* detail = DetailOf(cause);
  ErrorDetail::Fields fields = detail != nullptr ? detail->fields() : ErrorDetail::Fields{};
  if (fields.hint.empty()) {
    fields.hint =
        "ask for that URL by hand; if the answer is right, correct the endpoint's `path` or `data_selector`";
  }
  return MakeError(std::move(fields), fmt::format("{} {}: {}; {}", request_.method, url_, cause.message(),
                                                  ShowBody(stream_->head())));
}

Result<std::optional<std::string>> UnpagedScan::NextSlice() {
  for (auto wait = kShortestWait;; wait = std::min(wait * 2, kLongestWait)) {
    if (!answered_) {
      if (auto slice = stream_->Pop()) return slice;
      ARROW_RETURN_NOT_OK(context_.retrier.CheckStop());
      if (answer_.wait_for(wait) != std::future_status::ready) continue;
      answered_ = true;
      auto response = answer_.get();
      if (!stream_->failure().ok()) return Describe(stream_->failure());
      ARROW_RETURN_NOT_OK(response.status());
      fetcher_.Count(*response);
      counted_ = true;
      attempts_ += response->attempts - 1;
      if (response->ignored) {
        finished_ = true;  // the pipeline says that this answer stands for no records
        return std::optional<std::string>("[]");
      }
    }
    if (auto slice = stream_->Pop()) return slice;
    const Status end = stream_->Finish();
    if (!end.ok()) return Describe(end);
    return stream_->Pop();
  }
}

Result<std::optional<ScannedPage>> UnpagedScan::Next() {
  if (finished_) return std::nullopt;
  if (stream_ == nullptr) ARROW_RETURN_NOT_OK(Open());
  while (true) {
    auto slice = NextSlice();
    if (slice.ok()) {
      if (!slice->has_value()) {
        finished_ = true;
        return std::nullopt;
      }
      ScannedPage scanned;
      scanned.page = {
          .index = next_++, .url = url_, .body = *std::move(*slice), .is_slice = true, .attempts = attempts_};
      scanned.recipe = recipe_;
      return scanned;
    }
    finished_ = true;
    if (next_ > 0) return slice.status();
    if (!counted_) ++context_.stats.requests;
    ARROW_RETURN_NOT_OK(context_.retrier.Wait(tries_, url_, slice.status()));
    ++context_.stats.retries;
    ++attempts_;
    finished_ = false;
    ARROW_RETURN_NOT_OK(Open());
  }
}

}  // namespace ingesta::source
