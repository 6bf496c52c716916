// Fetches pages: sends, counts, looks into the body where asked to, and asks again for one that came broken.
// Not thread-safe (the client it sends by is).
#pragma once

#include <future>
#include <string>

#include "ingesta/base/page.h"
#include "ingesta/http/client.h"
#include "ingesta/source/page_probe.h"
#include "ingesta/source/scan.h"

namespace ingesta::source {

/// A request under way.
struct Pending {
  int64_t index = 0;
  Recipe recipe;
  http::Request request;
  std::future<Result<http::Response>> answer;
};

struct FetchedPage {
  Page page;
  PageProbe probe;  ///< empty unless probed
  http::Headers headers;
  std::string url;  ///< after redirects, secrets included

  SeenPage Seen() const { return {page.index, probe.records, probe.facts, headers, url}; }
};

class PageFetcher {
 public:
  /// Borrows `context`.
  explicit PageFetcher(ScanContext& context) : context_(context) {}

  Result<Pending> Send(int64_t index, Recipe recipe);
  /// Wait for the page. Where `paths` is given its body is probed, and asked for again while it is broken.
  Result<FetchedPage> Complete(Pending& pending, const FactPaths* paths);
  /// Count an answer in the stats.
  void Count(const http::Response& response);

 private:
  ScanContext& context_;
};

/// `cause` with method, URL and the body's first bytes before it.
Status DescribeBody(const http::Request& request, const http::Response& response, const Status& cause);

}  // namespace ingesta::source
