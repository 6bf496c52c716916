#include "ingesta/config/suite_files.h"

#include <fmt/format.h>

#include "ingesta/base/fs.h"

namespace ingesta::config {
namespace {

constexpr int64_t kMaxSuiteBytes = 16 << 20;

void ReadSuiteFile(const Node& name, const std::string& file, std::vector<SuiteFile>& suites,
                   Diagnostics& diagnostics) {
  if (name.text.empty()) return diagnostics.Add(name.at, "a suite needs the name of its file");
  SuiteFile suite;
  suite.name = name.text;
  suite.path = name.text.front() == '/' ? name.text : ParentDir(file) + "/" + name.text;
  suite.place = fmt::format("{}:{}:{}", file, name.at.line, name.at.column);
  auto text = ReadFile(suite.path, kMaxSuiteBytes);
  if (!text.ok()) {
    diagnostics.Add(name.at, text.status().message(), "suites are relative to the pipeline's folder");
    return;
  }
  suite.text = *std::move(text);
  suites.push_back(std::move(suite));
}

}  // namespace

std::vector<std::string> ReadSuiteFiles(const Value& root, PipelineSpec& spec, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  const std::vector<Value>& resources = root.Find("resources")->items;
  for (size_t i = 0; i < resources.size(); ++i) {
    const Value* names = resources[i].Find("expectations");
    if (names == nullptr || !names->given()) continue;
    std::vector<SuiteFile>& suites = spec.resources[i].expectations;
    if (names->node->is_list()) {
      for (const Node& name : names->node->items) ReadSuiteFile(name, spec.file, suites, diagnostics);
    } else {
      ReadSuiteFile(*names->node, spec.file, suites, diagnostics);
    }
    for (const SuiteFile& suite : suites) texts.push_back(suite.text);
  }
  return texts;
}

}  // namespace ingesta::config
