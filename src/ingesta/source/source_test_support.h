// What the tests of the source stage share: every paginator, options with their defaults, pages to look at.
// Tests only.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/source/paginators/cursor.h"
#include "ingesta/source/paginators/header_link.h"
#include "ingesta/source/paginators/json_link.h"
#include "ingesta/source/paginators/offset.h"
#include "ingesta/source/paginators/page_number.h"
#include "ingesta/source/paginators/single_page.h"

namespace ingesta::source {

using NamedOptions = std::vector<std::pair<std::string, config::OptionValue>>;

inline std::vector<PaginatorKind> AllPaginators() {
  return {PageNumberPaginator(), OffsetPaginator(),     CursorPaginator(),
          JsonLinkPaginator(),   HeaderLinkPaginator(), SinglePagePaginator()};
}

/// `given`, and the kind's defaults, as the configuration fills them in.
inline config::Options WithDefaults(const config::KindSpec& spec, const NamedOptions& given) {
  config::Options options;
  for (const auto& option : spec.options) {
    if (option.default_value.has_value()) options.Set(option.name, *option.default_value);
  }
  for (const auto& [name, value] : given) options.Set(name, value);
  return options;
}

inline Result<std::unique_ptr<Paginator>> MakeForTest(const PaginatorKind& kind, const NamedOptions& given,
                                                      int pass = 1) {
  return kind.make(WithDefaults(kind.spec, given), pass);
}

/// A page as a paginator sees it.
struct PageForTest {
  int64_t index = 0;
  int64_t records = 0;
  PageFacts facts = {};
  http::Headers headers = {};
  std::string url = "http://svc:80/items";

  SeenPage Seen() const { return {index, records, facts, headers, url}; }
};

/// `name=value&name=value`, or the link.
inline std::string Show(const PageRequest& request) {
  std::string text = request.link;
  for (const auto& [name, value] : request.params) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

/// What comes after `page`: Show of the request, "end", or the error's code.
inline std::string After(Paginator& paginator, const PageForTest& page) {
  const auto next = paginator.After(page.Seen());
  if (!next.ok()) return std::string(ErrorCodeName(CodeOf(next.status())));
  return next->has_value() ? Show(**next) : "end";
}

}  // namespace ingesta::source
