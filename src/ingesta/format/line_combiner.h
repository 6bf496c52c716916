// Selected lines of closed files into a new one, for formats where a line is a row. Memory is bounded however
// long the lines are. Thread-safe: no shared state.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/format/compression.h"
#include "ingesta/format/format.h"

namespace ingesta::format {

/// Write `header` (may be empty) and the kept lines of `parts`, in order, to the new file `path`. Each part
/// starts with `header`, which is no row; kCorrupt where it does not, and where its last line is cut. An
/// empty `keep` keeps all. Parts and file are compressed as `compression` says.
Result<WrittenFile> CombineLines(const std::vector<PartSelection>& parts, const std::string& path,
                                 const std::string& header,
                                 TextCompression compression = TextCompression::kNone);

}  // namespace ingesta::format
