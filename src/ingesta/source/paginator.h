// How a service splits a dataset into pages. A paginator says which request comes first and, from what a page
// says, which comes next; the source does the asking. One object a walk; not thread-safe. A kind is one file
// in paginators/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ingesta/base/page.h"
#include "ingesta/base/status.h"
#include "ingesta/config/options.h"
#include "ingesta/http/message.h"

namespace ingesta::source {

/// Dotted paths of PageFacts; "" = not wanted.
struct FactPaths {
  std::string total;
  std::string total_pages;
  std::string next;
};

/// What one request carries beside what the endpoint says.
struct PageRequest {
  std::string link;  ///< absolute URL that replaces the endpoint's with its params; "" = the endpoint's
  std::vector<std::pair<std::string, std::string>> params;  ///< replace the endpoint's of the same name
};

/// A page that came, as far as a paginator may look at it.
struct SeenPage {
  int64_t index = 0;  ///< 0-based in this walk
  int64_t records = 0;
  const PageFacts& facts;
  const http::Headers& headers;
  const std::string& url;  ///< where it came from, after redirects
};

class Paginator {
 public:
  virtual ~Paginator() = default;
  /// What to look for in a page.
  virtual FactPaths fact_paths() const { return {}; }
  /// The dataset comes in one body.
  virtual bool unpaged() const { return false; }
  /// Records asked for a page; 0 where the service decides.
  virtual int64_t page_size() const { return 0; }

  virtual PageRequest First() const = 0;
  /// The first page with as few records as can be asked for.
  virtual PageRequest Smallest() const { return First(); }
  /// How many pages there are, at least 1, by what `page` says, or nullopt where only walking tells. Told of
  /// the first page first. An error where they are more than may be asked for.
  virtual Result<std::optional<int64_t>> KnownPages(const SeenPage& page) {
    (void)page;
    return std::nullopt;
  }
  /// The request of page `index`. REQUIRES: KnownPages gave a number; `index` may be beyond it.
  virtual Result<PageRequest> At(int64_t index) const;
  /// The request after `page`, or nullopt after the last. Called for every page in order.
  virtual Result<std::optional<PageRequest>> After(const SeenPage& page) = 0;
};

/// A kind of paginator: what describes it and what makes it.
struct PaginatorKind {
  config::KindSpec spec;
  /// `pass`: 1-based; a later one has page boundaries that do not coincide with an earlier one's, where sizes
  /// can be asked for.
  std::function<Result<std::unique_ptr<Paginator>>(const config::Options& options, int pass)> make;
};

/// The page size of `pass`: `size` for the first. Sizes of passes 1 to 3 are coprime in pairs, so that a
/// boundary of one is a boundary of another only every product of both sizes.
int64_t PassPageSize(int64_t size, int pass);

/// kPagination: `used` pages were not enough. `limit` is maximum_page.
Status MaximumPageError(int64_t limit);

/// The links of a walk: finds one that comes again, by which a service would keep us for ever.
class LinkTrail {
 public:
  /// kPagination where `link` was noted before; `shown` is how the message names it.
  Status Note(std::string_view link, std::string_view shown);

 private:
  std::unordered_set<uint64_t> seen_;  ///< hashes: a walk can have many links, and they can be long
};

/// The request for `link`, resolved against `page`'s URL and noted in `trail`.
Result<PageRequest> FollowLink(const SeenPage& page, std::string_view link, LinkTrail& trail);

}  // namespace ingesta::source
