// Pages by the next page's URL in the body: `"next": "/items?page=3"`. One after the other. See paginator.h.
#pragma once

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind JsonLinkPaginator();

}  // namespace ingesta::source
