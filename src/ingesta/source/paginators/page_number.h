// Pages by number: `?page=3&per_page=100`. In parallel where a page says how many there are. See paginator.h.
#pragma once

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind PageNumberPaginator();

}  // namespace ingesta::source
