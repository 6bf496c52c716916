// Pages by offset: `?offset=200&limit=100`. In parallel where a page gives the total. See paginator.h.
#pragma once

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind OffsetPaginator();

}  // namespace ingesta::source
