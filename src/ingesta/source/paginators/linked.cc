#include "ingesta/source/paginators/linked.h"

#include "ingesta/http/client.h"

namespace ingesta::source {

Status LinkedPaginator::Init(const config::Options& options, int pass) {
  ARROW_ASSIGN_OR_RAISE(size_, PageSize::Make(options, "page_size_param", pass));
  maximum_page_ = OptionalInt(options, "maximum_page");
  return Status::OK();
}

PageRequest LinkedPaginator::First() const {
  PageRequest request;
  size_.AddTo(request.params);
  return request;
}

PageRequest LinkedPaginator::Smallest() const {
  PageRequest request;
  size_.AddTo(request.params, 1);
  return request;
}

Result<std::optional<PageRequest>> LinkedPaginator::After(const SeenPage& page) {
  // The first page has a URL too, and a link back to it is a loop.
  if (page.index == 0) ARROW_RETURN_NOT_OK(trail_.Note(page.url, http::RedactUrl(page.url)));
  const std::optional<std::string> link = NextLink(page);
  if (!link.has_value() || link->empty()) return std::nullopt;
  if (maximum_page_.has_value() && page.index + 1 >= size_.ScalePages(*maximum_page_)) {
    return MaximumPageError(*maximum_page_);
  }
  return FollowLink(page, *link, trail_);
}

}  // namespace ingesta::source
