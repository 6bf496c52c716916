// The source stage: yields the pages of one scan of a dataset, in order. Prefetching is hidden behind Next().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingesta/base/page.h"
#include "ingesta/base/status.h"

namespace ingesta::source {

/// Counters of one scan, for the summary and the manifest.
struct ScanStats {
  int64_t pages = 0;
  int64_t requests = 0;
  int64_t retries = 0;
  int64_t wire_bytes = 0;
};

/// How one pass over a dataset asks for its pages.
struct ScanOptions {
  int pass = 1;  ///< 1-based; later passes use page boundaries that do not coincide with the first one's
  int64_t max_pages = 0;  ///< 0 = all
};

class Source {
 public:
  virtual ~Source() = default;
  /// Begin a scan; what an earlier one left in flight is dropped.
  virtual Status Start(const ScanOptions& options) = 0;
  /// The next page, or nullopt after the last. An error ends the scan. A slice of a streamed body
  /// (Page::is_slice) can be followed by a retryable error: the caller drops what it took from this scan and
  /// starts again.
  virtual Result<std::optional<Page>> Next() = 0;
  /// Ask for `page` again because `cause` (retryable) was found in its body: waits, spends the retry budget,
  /// and gives the page, or `cause` when the tries are used up.
  virtual Result<Page> Refetch(const Page& page, const Status& cause) = 0;
  /// The source's total of records now, by the cheapest request there is; nullopt where it gives none.
  virtual Result<std::optional<int64_t>> AskTotal() = 0;
  /// The record of `key`, as a page whose body is that record; nullopt when the service says 404. REQUIRES:
  /// CanFetchRecord().
  virtual Result<std::optional<Page>> FetchRecord(const std::string& key) = 0;
  virtual bool CanFetchRecord() const = 0;
  /// The whole dataset comes in one body.
  virtual bool IsUnpaged() const = 0;
  /// Pages of this scan, where the source said so; for progress.
  virtual std::optional<int64_t> ExpectedPages() const = 0;
  virtual ScanStats stats() const = 0;
};

}  // namespace ingesta::source
