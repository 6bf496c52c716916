// A look at a page before it is decoded: is it whole JSON with the records where they should be, how many are
// they, and what does the page say of the scan. Strict about the grammar, since a scan's end is read off what
// it finds; the values in the records are left to the decoder. Pure functions. Used by the source alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/page.h"
#include "ingesta/base/status.h"
#include "ingesta/source/paginator.h"

namespace ingesta::source {

struct PageProbe {
  PageFacts facts;
  int64_t records = 0;
};

/// Look at `body`, whose records are at `data_selector` (dotted; "" = the body itself). Errors:
/// kMalformedBody (retryable) for what is cut, not JSON, without the records' array, or with a total that is
/// no number.
Result<PageProbe> ProbePage(std::string_view body, const std::string& data_selector, const FactPaths& paths);

/// OK where `body` is one whole JSON object. Errors as ProbePage.
Status CheckRecord(std::string_view body);

/// The keys of a dotted path; none for "".
std::vector<std::string> SplitPath(std::string_view path);

/// `body`'s first bytes, fit for one line of a message; says so where it is HTML or empty.
std::string ShowBody(std::string_view body);

}  // namespace ingesta::source
