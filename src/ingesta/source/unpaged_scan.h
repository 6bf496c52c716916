// A walk over a dataset that comes in one body of any size: the body is cut into slices as it arrives, on the
// client's I/O thread, which waits while four slices are unread; other transfers of that client wait with it.
// Memory: those slices. Next() and destruction by one thread; destroy it before the client.
#pragma once

#include <future>
#include <memory>
#include <optional>

#include "ingesta/source/page_fetcher.h"
#include "ingesta/source/scan.h"

namespace ingesta::source {

class UnpagedScan final : public Scan {
 public:
  UnpagedScan(ScanContext& context, size_t combination);
  ~UnpagedScan() override;

  /// The next slice. A body that breaks before a slice was handed on is asked for again; after that the error
  /// is the caller's, retryable where another scan may do better.
  Result<std::optional<ScannedPage>> Next() override;
  std::optional<int64_t> ExpectedPages() const override { return std::nullopt; }

 private:
  class Stream;

  Status Open();
  /// The next slice, or nullopt after the last; what went wrong with the body as one error.
  Result<std::optional<std::string>> NextSlice();
  Status Describe(const Status& cause) const;

  ScanContext& context_;
  PageFetcher fetcher_;
  const Recipe recipe_;
  http::Request request_;
  std::string url_;  ///< without secrets
  std::shared_ptr<Stream> stream_;
  std::future<Result<http::Response>> answer_;
  bool answered_ = false;
  bool counted_ = false;  ///< the answer is in the stats
  Tries tries_;
  int attempts_ = 1;
  int64_t next_ = 0;  ///< slices handed on
  bool finished_ = false;
};

}  // namespace ingesta::source
