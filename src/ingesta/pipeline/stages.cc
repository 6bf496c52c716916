#include "ingesta/pipeline/stages.h"

#include <algorithm>

#include <utility>

namespace ingesta::pipeline {

std::vector<ResourceTree> ResourceTree::AllOf(const config::PipelineSpec& pipeline) {
  std::vector<ResourceTree> trees;
  for (const config::ResourceSpec& resource : pipeline.resources) {
    if (resource.explode.has_value()) continue;
    ResourceTree tree{&resource, {}};
    for (const config::ResourceSpec& child : pipeline.resources) {
      if (child.explode.has_value() && child.explode->resource == resource.name)
        tree.children.push_back(&child);
    }
    trees.push_back(std::move(tree));
  }
  return trees;
}

bool ResourceStages::Writes(size_t index, std::string_view format) const {
  const auto& all = formats[index];
  return std::any_of(all.begin(), all.end(), [format](const auto& each) { return each->name() == format; });
}

}  // namespace ingesta::pipeline
