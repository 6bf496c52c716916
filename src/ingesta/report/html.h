// The little HTML that the pages are made of: escaped text, and the frame with its style. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ingesta::report {

/// `text` as it may stand between tags and in quoted attributes. Control characters but line breaks and tabs
/// become U+FFFD, as HTML has no place for them.
std::string Escape(std::string_view text);

/// A whole page: no scripts, nothing loaded from elsewhere. `title` is plain text, `body` HTML.
std::string Page(std::string_view title, std::string_view body);

/// A relative link to the file `name` beside the page, safe in a quoted attribute.
std::string Href(std::string_view name);

}  // namespace ingesta::report
