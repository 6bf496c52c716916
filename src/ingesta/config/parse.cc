#include "ingesta/config/parse.h"

#include <algorithm>

#include "ingesta/base/fs.h"
#include "ingesta/config/binder.h"
#include "ingesta/config/checker.h"
#include "ingesta/config/config_hash.h"
#include "ingesta/config/cross_checks.h"
#include "ingesta/config/defaults.h"
#include "ingesta/config/environment.h"
#include "ingesta/config/format_override.h"
#include "ingesta/config/overrides.h"
#include "ingesta/config/schema.h"
#include "ingesta/config/suite_files.h"
#include "ingesta/config/yaml_reader.h"

namespace ingesta::config {
namespace {

void RemoveKey(Node& map, std::string_view key) {
  map.entries.erase(std::remove_if(map.entries.begin(), map.entries.end(),
                                   [&](const NodeEntry& entry) { return entry.key == key; }),
                    map.entries.end());
}

/// nullopt where there are diagnostics.
std::optional<PipelineSpec> Parse(const std::string& text, const std::string& file, const KindCatalog& kinds,
                                  const ParseOptions& options, Diagnostics& diagnostics) {
  std::optional<Node> root = ReadYaml(text, diagnostics);
  if (!root) return std::nullopt;
  if (!root->is_map()) {
    const bool empty = root->is_null();
    diagnostics.Add(empty ? Position{} : root->at,
                    empty ? "the pipeline is empty" : "a pipeline is a map of keys",
                    "it begins with `name:`, `client:` and `resources:`");
    return std::nullopt;
  }
  const Schema schema = BuildSchema(kinds);
  ApplyOverrides(*root, schema, options.overrides, diagnostics);
  SubstituteEnvironment(*root, text, options, diagnostics);
  Checker checker(diagnostics);
  // On their own first: mistakes in them count where no resource takes them up, too.
  if (Node* defaults = root->Find("resource_defaults")) {
    checker.Check(*defaults, *schema.Child("resource_defaults"), /*partial=*/true);
  }
  MergeResourceDefaults(*root, schema, diagnostics);
  RemoveKey(*root, "resource_defaults");
  const Value values = checker.Check(*root, schema);
  CrossCheck(values, diagnostics);
  if (!diagnostics.empty()) return std::nullopt;
  PipelineSpec spec = Bind(values);
  spec.file = file;
  const std::vector<std::string> suites = ReadSuiteFiles(values, spec, diagnostics);
  if (!diagnostics.empty()) return std::nullopt;
  spec.config_hash = ConfigHash(*root, suites);
  spec.secrets = checker.secrets();
  return spec;
}

Status Refuse(const Diagnostics& found, std::vector<Diagnostic>* diagnostics) {
  const std::vector<Diagnostic> list = found.Sorted();
  if (diagnostics != nullptr) *diagnostics = list;
  return InvalidConfig(list);
}

}  // namespace

Result<PipelineSpec> ParsePipeline(const std::string& text, const std::string& file, const KindCatalog& kinds,
                                   const ParseOptions& options, std::vector<Diagnostic>* diagnostics) {
  std::vector<std::string> override_keys;
  for (const auto& [key, value] : options.overrides) override_keys.push_back(key);
  Diagnostics found(file, std::move(override_keys));
  auto spec = Parse(text, file, kinds, options, found);
  if (!spec) return Refuse(found, diagnostics);
  const auto formats = options.environment.find("INGESTA_FORMATS");
  if (formats != options.environment.end() && !formats->second.empty()) {
    RETURN_NOT_OK(OverrideFormats(formats->second, kinds, *spec));
  }
  return *std::move(spec);
}

Result<PipelineSpec> ParsePipelineFile(const std::string& path, const KindCatalog& kinds,
                                       const ParseOptions& options, std::vector<Diagnostic>* diagnostics) {
  const auto text = ReadFile(path, kMaxYamlBytes);
  if (text.ok()) return ParsePipeline(*text, path, kinds, options, diagnostics);
  Diagnostics found(path, {});
  found.Add({}, text.status().message(), HintOf(text.status()));
  return Refuse(found, diagnostics);
}

}  // namespace ingesta::config
