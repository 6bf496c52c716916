#include "ingesta/source/paged_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace ingesta::source {
namespace {

/// Requests under way and pages not yet handed on, in relation to the requests in flight: the client always
/// has one waiting, and at most twice the concurrency is buffered.
constexpr size_t kWindowFactor = 2;

/// Equal pages in a row that are taken for a service stuck at one: rows without a key may be equal by chance.
constexpr int kMostRepeats = 8;
/// Pages beyond those that were promised, in relation to them (and at least so many).
constexpr int64_t kMostBeyond = 10;

bool IsGone(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  return detail != nullptr && detail->fields().http_status == 404;
}

}  // namespace

PagedScan::PagedScan(ScanContext& context, size_t combination, std::unique_ptr<Paginator> paginator,
                     int64_t max_pages)
    : context_(context),
      fetcher_(context),
      combination_(combination),
      paginator_(std::move(paginator)),
      paths_(paginator_->fact_paths()),
      max_pages_(max_pages) {}

Result<std::optional<ScannedPage>> PagedScan::Next() {
  if (finished_ || enough(next_) || (known_.has_value() && next_ >= *known_)) {
    finished_ = true;
    window_.clear();
    return std::nullopt;
  }
  if (next_ == 0) return NextFirst();
  return known_.has_value() ? NextKnown() : NextLinked();
}

std::optional<ScannedPage> PagedScan::HandOn(FetchedPage& page, Pending& pending) {
  largest_body_ = std::max(largest_body_, static_cast<int64_t>(page.page.body.size()));
  ++next_;
  return ScannedPage{std::move(page.page), std::move(pending.recipe)};
}

Result<std::optional<ScannedPage>> PagedScan::NextFirst() {
  ARROW_ASSIGN_OR_RAISE(Pending pending, fetcher_.Send(0, {combination_, paginator_->First()}));
  ARROW_ASSIGN_OR_RAISE(FetchedPage page, fetcher_.Complete(pending, &paths_));
  ARROW_ASSIGN_OR_RAISE(known_, paginator_->KnownPages(page.Seen()));
  sent_ = 1;
  if (known_.has_value()) {
    first_promise_ = promised_ = *known_;
    // A service may cap the size that was asked for; what comes before the last page is full.
    full_ = *known_ > 1 ? page.probe.records : paginator_->page_size();
    NoteBody(page);
    if (*known_ == 1) ARROW_RETURN_NOT_OK(Extend(page));
  } else {
    ARROW_RETURN_NOT_OK(Advance(page));
  }
  auto handed_on = HandOn(page, pending);
  if (known_.has_value()) ARROW_RETURN_NOT_OK(Fill());
  return handed_on;
}

Status PagedScan::Fill() {
  const auto limit = static_cast<size_t>(std::max(context_.concurrency, 1)) * kWindowFactor;
  const int64_t end = max_pages_ > 0 ? std::min(*known_, max_pages_) : *known_;
  while (sent_ < end && window_.size() < limit) {
    const int64_t bytes = static_cast<int64_t>(window_.size() + 1) * largest_body_;
    if (!window_.empty() && bytes > context_.buffer_bytes) break;
    Recipe recipe{combination_, {}};
    ARROW_ASSIGN_OR_RAISE(recipe.request, paginator_->At(sent_));
    ARROW_ASSIGN_OR_RAISE(Pending pending, fetcher_.Send(sent_, std::move(recipe)));
    window_.push_back(std::move(pending));
    ++sent_;
  }
  return Status::OK();
}

Result<std::optional<ScannedPage>> PagedScan::NextKnown() {
  ARROW_RETURN_NOT_OK(Fill());
  Pending pending = std::move(window_.front());
  window_.pop_front();
  const bool last = next_ == *known_ - 1;
  const bool beyond = next_ >= promised_;
  auto fetched = fetcher_.Complete(pending, last ? &paths_ : nullptr);
  if (!fetched.ok()) {
    if (!IsGone(fetched.status())) return fetched.status();
    // Some services answer 404 beyond their last page.
    ARROW_ASSIGN_OR_RAISE(const bool ends, beyond ? Result<bool>(true) : HasShrunkTo(next_));
    if (!ends) return fetched.status();
    finished_ = true;
    return Next();
  }
  if (last) NoteBody(*fetched);
  if (beyond && (fetched->probe.records == 0 || repeats_ > 0)) {
    finished_ = true;
    return Next();
  }
  if (last) ARROW_RETURN_NOT_OK(Extend(*fetched));
  auto handed_on = HandOn(*fetched, pending);
  ARROW_RETURN_NOT_OK(Fill());
  return handed_on;
}

Status PagedScan::Extend(const FetchedPage& page) {
  const int64_t records = page.probe.records;
  const int64_t pages = page.page.index + 1;
  // Of the pages that came up during the walk an empty one is the end, or a service whose count runs ahead
  // keeps us.
  if (records == 0 && pages > first_promise_) {
    finished_ = true;
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto promise, paginator_->KnownPages(page.Seen()));
  if (promise.has_value() && *promise > pages) {
    known_ = promised_ = *promise;
  } else if (pages >= std::max(2 * promised_, promised_ + kMostBeyond)) {
    return MakeError(
        ErrorCode::kPagination,
        fmt::format("{} promised {} pages and goes on after {}", page.page.url, promised_, pages),
        "correct `total_path` or `total_pages_path`, or leave them out to walk until an empty page");
  } else if (records > 0 && full_ > 0 && records >= full_ && paginator_->At(pages).ok()) {
    known_ = pages + 1;  // a page that maximum_page forbids is not tried: nothing says that it exists
  }
  return Status::OK();
}

Result<bool> PagedScan::HasShrunkTo(int64_t pages) {
  ARROW_ASSIGN_OR_RAISE(Pending pending, fetcher_.Send(0, {combination_, paginator_->First()}));
  ARROW_ASSIGN_OR_RAISE(const FetchedPage first, fetcher_.Complete(pending, &paths_));
  ARROW_ASSIGN_OR_RAISE(const auto now, paginator_->KnownPages(first.Seen()));
  return now.has_value() && *now <= pages;
}

void PagedScan::NoteBody(const FetchedPage& page) {
  const size_t hash = std::hash<std::string_view>{}(page.page.body);
  repeats_ = hash == last_body_ && page.probe.records > 0 ? repeats_ + 1 : 0;
  last_body_ = hash;
}

Status PagedScan::Advance(const FetchedPage& page) {
  NoteBody(page);
  if (repeats_ >= kMostRepeats) {
    return MakeError(
        ErrorCode::kPagination,
        fmt::format("{} answers with the same records as the {} pages before it", page.page.url, repeats_),
        "the service does not page by these parameters; look at `page_param` or `offset_param`");
  }
  ARROW_ASSIGN_OR_RAISE(auto request, paginator_->After(page.Seen()));
  if (!request.has_value()) {
    finished_ = true;
    return Status::OK();
  }
  if (enough(page.page.index + 1)) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(Pending pending,
                        fetcher_.Send(page.page.index + 1, {combination_, std::move(*request)}));
  window_.push_back(std::move(pending));
  return Status::OK();
}

Result<std::optional<ScannedPage>> PagedScan::NextLinked() {
  Pending pending = std::move(window_.front());
  window_.pop_front();
  ARROW_ASSIGN_OR_RAISE(FetchedPage page, fetcher_.Complete(pending, &paths_));
  ARROW_RETURN_NOT_OK(Advance(page));
  return HandOn(page, pending);
}

}  // namespace ingesta::source
