#include "ingesta/source/paginator.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ingesta/http/client.h"

namespace ingesta::source {

Result<PageRequest> Paginator::At(int64_t index) const {
  return MakeError(ErrorCode::kInternal,
                   fmt::format("page {} was asked for by number from a paginator without numbers", index));
}

int64_t PassPageSize(int64_t size, int pass) {
  std::vector<int64_t> sizes{size};
  for (int p = 2; p <= pass && size > 0; ++p) {
    int64_t next = p % 2 == 0 ? size + size / 3 * (p / 2) + 1 : std::max<int64_t>(size * 2 / p, 2);
    const auto meets = [&next](int64_t other) { return std::gcd(next, other) != 1 || next == other; };
    // From size 1 every boundary coincides with some other; there coprime is all that can be had.
    while (std::any_of(sizes.begin(), sizes.end(), meets)) ++next;
    sizes.push_back(next);
  }
  return sizes.back();
}

Status MaximumPageError(int64_t limit) {
  return MakeError(ErrorCode::kPagination,
                   fmt::format("the source has more pages than `maximum_page: {}` allows", limit),
                   "raise `maximum_page`, or enlarge `page_size`");
}

Status LinkTrail::Note(std::string_view link, std::string_view shown) {
  if (seen_.insert(std::hash<std::string_view>{}(link)).second) return Status::OK();
  return MakeError(ErrorCode::kPagination,
                   fmt::format("the next link repeats: {} was already followed in this scan", shown),
                   "the service would be paged through for ever; look at what it answers to that link");
}

Result<PageRequest> FollowLink(const SeenPage& page, std::string_view link, LinkTrail& trail) {
  PageRequest request;
  ARROW_ASSIGN_OR_RAISE(request.link, http::ResolveUrl(page.url, link));
  ARROW_RETURN_NOT_OK(trail.Note(request.link, http::RedactUrl(request.link)));
  return request;
}

}  // namespace ingesta::source
