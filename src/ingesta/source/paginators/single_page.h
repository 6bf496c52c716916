// The whole dataset in one body, which is streamed and cut into slices as it arrives. See paginator.h,
// unpaged_scan.h.
#pragma once

#include "ingesta/source/paginator.h"

namespace ingesta::source {

PaginatorKind SinglePagePaginator();

}  // namespace ingesta::source
