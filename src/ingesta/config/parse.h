// pipeline.yaml -> PipelineSpec. All mistakes at once, each with file:line:column. No I/O but reading the
// file.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::config {

struct Diagnostic {
  std::string file;
  int line = 0;    ///< 1-based; 0 = the file as a whole
  int column = 0;  ///< 1-based
  std::string message;
  std::string hint;  ///< nearest valid key, list of valid values; may be empty

  /// `file:line:column: message (hint)`
  std::string ToString() const;
};

struct ParseOptions {
  std::map<std::string, std::string> environment;  ///< for ${NAME} and ${NAME:-default}
  /// `--set key=value`: dotted paths, resources by name (`resources.productos.endpoint.params.per_page=500`).
  std::vector<std::pair<std::string, std::string>> overrides;
  /// Reads the file of `${file:/path}`; where empty, from the disk.
  std::function<Result<std::string>(const std::string& path)> read_file;
};

enum class Language { kEnglish, kSpanish };

/// kInvalidConfig with every diagnostic in the message, one a line; `diagnostics` (may be null) gets them
/// too.
Result<PipelineSpec> ParsePipelineFile(const std::string& path, const KindCatalog& kinds,
                                       const ParseOptions& options,
                                       std::vector<Diagnostic>* diagnostics = nullptr);
Result<PipelineSpec> ParsePipeline(const std::string& text, const std::string& file, const KindCatalog& kinds,
                                   const ParseOptions& options,
                                   std::vector<Diagnostic>* diagnostics = nullptr);

/// The JSON Schema (draft 2020-12) of pipeline.yaml, pretty-printed.
std::string JsonSchema(const KindCatalog& kinds);
/// Every key and kind with types, defaults and summaries; Markdown where `markdown`, else text for a
/// terminal.
std::string Describe(const KindCatalog& kinds, bool markdown, Language language = Language::kEnglish);

}  // namespace ingesta::config
