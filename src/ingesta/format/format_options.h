// What the kinds of format share: options and the stage of their errors. Values only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/options.h"

namespace ingesta::format {

/// The error of `result` with the format stage named.
template <typename T>
Result<T> InFormatStage(Result<T> result) {
  if (result.ok()) return result;
  return WithStage(result.status(), Stage::kFormat);
}

/// An optional option with a default.
inline config::OptionSpec DefaultedOption(std::string name, config::OptionType type,
                                          config::OptionValue value, std::string summary,
                                          std::string summary_es, std::vector<std::string> choices = {}) {
  config::OptionSpec option;
  option.name = std::move(name);
  option.type = type;
  option.summary = std::move(summary);
  option.summary_es = std::move(summary_es);
  option.default_value = std::move(value);
  option.choices = std::move(choices);
  return option;
}

inline config::OptionSpec CompressionOption() {
  return DefaultedOption("compression", config::OptionType::kEnum, std::string("none"),
                         "Compression of the file; its suffix ends the file's name",
                         "Compresión del archivo; su sufijo termina el nombre", {"none", "gzip", "zstd"});
}

}  // namespace ingesta::format
