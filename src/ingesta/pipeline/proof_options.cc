#include "ingesta/pipeline/proof_options.h"

#include <algorithm>

namespace ingesta::pipeline {
namespace {

bool HasTotal(const config::ResourceSpec& resource) {
  return !resource.completeness.total_path.empty();
}

bool HasSingleIntegerKey(const config::ResourceSpec& resource) {
  if (resource.primary_key.size() != 1) return false;
  for (const config::ColumnSpec& column : resource.columns) {
    if (column.name != resource.primary_key.front()) continue;
    return column.type.kind == config::ColumnType::Kind::kInt32 ||
           column.type.kind == config::ColumnType::Kind::kInt64;
  }
  return false;
}

}  // namespace

ProofOptions ProofOptionsOf(const ResourceStages& stages) {
  const config::ResourceSpec& resource = *stages.tree.resource;
  return ProofOptions{.has_key = !resource.primary_key.empty(),
                      .has_total = HasTotal(resource),
                      .unpaged = stages.source->IsUnpaged(),
                      .single_integer_key = HasSingleIntegerKey(resource),
                      .max_passes = std::min(resource.completeness.max_passes, KeyIndex::kMaxPasses)};
}

}  // namespace ingesta::pipeline
