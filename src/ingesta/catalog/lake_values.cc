#include "ingesta/catalog/lake_values.h"

#include <algorithm>

namespace ingesta::catalog {

bool DatasetRun::Has(std::string_view format) const {
  return std::any_of(files.begin(), files.end(),
                     [&](const PublishedFile& file) { return format.empty() || file.format == format; });
}

const DatasetRun* DatasetHistory::Newest(std::string_view format) const {
  const auto found = std::find_if(runs.begin(), runs.end(),
                                  [&](const DatasetRun& run) { return run.switched && run.Has(format); });
  return found == runs.end() ? nullptr : &*found;
}

const DatasetRun* DatasetHistory::Find(std::string_view run) const {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const DatasetRun& candidate) {
    return candidate.run_id == run || candidate.publication_id() == run;
  });
  return found == runs.end() ? nullptr : &*found;
}

std::string_view FindingKindName(FindingKind kind) {
  switch (kind) {
    case FindingKind::kHole:
      return "hole";
    case FindingKind::kOrphan:
      return "orphan";
    case FindingKind::kStale:
      return "stale";
  }
  return "";
}

}  // namespace ingesta::catalog
