#include "ingesta/config/format_override.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "ingesta/config/nearest.h"

namespace ingesta::config {
namespace {

constexpr const char* kVariable = "INGESTA_FORMATS";

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : list + ",") {
    if (c == ' ') continue;
    if (c != ',') {
      name += c;
    } else if (!name.empty()) {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  return names;
}

ComponentSpec WithDefaults(const KindSpec& kind) {
  ComponentSpec component{.type = kind.name, .options = {}};
  for (const OptionSpec& option : kind.options) {
    if (option.default_value) component.options.Set(option.name, *option.default_value);
  }
  return component;
}

bool Names(const ResourceSpec& resource, const std::string& format) {
  return std::any_of(resource.formats.begin(), resource.formats.end(),
                     [&](const ComponentSpec& each) { return each.type == format; });
}

Result<const KindSpec*> FindFormat(const std::string& name, const KindCatalog& kinds) {
  std::vector<std::string> names;
  for (const KindSpec& kind : kinds.formats) {
    if (kind.name == name) return &kind;
    names.push_back(kind.name);
  }
  return MakeError(ErrorCode::kInvalidConfig,
                   fmt::format("{} names `{}`, which is no format", kVariable, name),
                   SuggestFrom(name, "formats", names));
}

}  // namespace

Status OverrideFormats(const std::string& list, const KindCatalog& kinds, PipelineSpec& pipeline) {
  std::set<std::string> wanted;
  for (const std::string& name : Split(list)) {
    ARROW_ASSIGN_OR_RAISE(const KindSpec* kind, FindFormat(name, kinds));
    wanted.insert(name);
    const bool named = std::any_of(pipeline.resources.begin(), pipeline.resources.end(),
                                   [&](const ResourceSpec& resource) { return Names(resource, name); });
    if (named) continue;
    for (ResourceSpec& resource : pipeline.resources) resource.formats.push_back(WithDefaults(*kind));
  }
  if (wanted.empty()) {
    return MakeError(ErrorCode::kInvalidConfig, fmt::format("{} names no format", kVariable),
                     "write a list such as csv,json, or unset it");
  }
  for (ResourceSpec& resource : pipeline.resources) {
    std::erase_if(resource.formats, [&](const ComponentSpec& each) { return wanted.count(each.type) == 0; });
    if (!resource.formats.empty()) continue;
    return MakeError(
        ErrorCode::kInvalidConfig,
        fmt::format("{}={} leaves the dataset {} without any format", kVariable, list, resource.name),
        "add one of the formats that the pipeline gives it");
  }
  for (const std::string& name : wanted) pipeline.config_hash += "+" + name;
  return Status::OK();
}

}  // namespace ingesta::config
