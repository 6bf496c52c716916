// Column types as the YAML writes them. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingesta/config/pipeline_spec.h"

namespace ingesta::config {

/// The type that `text` names, or nullopt.
std::optional<ColumnType> ParseColumnType(std::string_view text);
/// What is wrong with `text`, which names no type; `shown` stands for it in the message.
std::string ColumnTypeComplaint(std::string_view text, std::string_view shown);

/// The type that a person who writes `text`, such as `integer` or `varchar`, means; "" where it is not known.
std::string ColumnTypeFor(std::string_view text);

}  // namespace ingesta::config
