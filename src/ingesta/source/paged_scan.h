// A walk page by page. Where the first page says how many there are the others are fetched side by side, a
// bounded window ahead of the reader, and handed on in order; else each page names the next, which is asked
// for while the reader works. A source that grows meanwhile is followed to its end. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "ingesta/source/page_fetcher.h"
#include "ingesta/source/scan.h"

namespace ingesta::source {

class PagedScan final : public Scan {
 public:
  /// `max_pages`: 0 = all.
  PagedScan(ScanContext& context, size_t combination, std::unique_ptr<Paginator> paginator,
            int64_t max_pages);

  Result<std::optional<ScannedPage>> Next() override;
  std::optional<int64_t> ExpectedPages() const override { return known_; }

 private:
  Result<std::optional<ScannedPage>> NextFirst();
  Result<std::optional<ScannedPage>> NextKnown();
  Result<std::optional<ScannedPage>> NextLinked();
  std::optional<ScannedPage> HandOn(FetchedPage& page, Pending& pending);
  /// Keep the window filled: as many requests as concurrency and buffered bytes allow.
  Status Fill();
  /// After the last page that was promised: are there more?
  Status Extend(const FetchedPage& page);
  Status Advance(const FetchedPage& page);
  /// Count how often in a row the service gave the very same records: one that answers every number beyond
  /// its last page with that page would keep us for ever.
  void NoteBody(const FetchedPage& page);
  /// The service says 404 to a page: whether it has fewer pages by now.
  Result<bool> HasShrunkTo(int64_t pages);
  bool enough(int64_t pages) const { return max_pages_ > 0 && pages >= max_pages_; }

  ScanContext& context_;
  PageFetcher fetcher_;
  const size_t combination_;
  const std::unique_ptr<Paginator> paginator_;
  const FactPaths paths_;
  const int64_t max_pages_;
  bool finished_ = false;
  int64_t next_ = 0;              ///< index of the next page to hand on
  int64_t sent_ = 0;              ///< index of the next page to ask for, where pages have numbers
  std::optional<int64_t> known_;  ///< pages to hand on, the one tried beyond the promised included
  int64_t first_promise_ = 0;     ///< pages by the first page
  int64_t promised_ = 0;          ///< pages by what the source has said so far
  int64_t full_ = 0;              ///< records of a full page; 0 = unknown
  size_t last_body_ = 0;          ///< hash of the last body looked at
  int repeats_ = 0;               ///< bodies in a row that equal the one before
  int64_t largest_body_ = 0;
  std::deque<Pending> window_;
};

}  // namespace ingesta::source
