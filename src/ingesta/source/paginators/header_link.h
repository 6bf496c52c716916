// Pages by the response's Link header (RFC 8288): `Link: </items?page=3>; rel="next"`. One after the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind HeaderLinkPaginator();

/// The target of the first link in a Link header's `value` whose relation types hold `relation` (compared
/// without case) and whose context is the page itself, or nullopt. What is no link by RFC 8288 ends the
/// parse.
std::optional<std::string> FindLink(std::string_view value, std::string_view relation);

}  // namespace ingesta::source
