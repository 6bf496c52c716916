// Pages by a cursor that each page gives for the next: `?cursor=abc`. One after the other. See paginator.h.
#pragma once

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind CursorPaginator();

}  // namespace ingesta::source
