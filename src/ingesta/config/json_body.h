// A part of the YAML as JSON text, for request bodies. Pure functions.
#pragma once

#include <string>

#include "ingesta/config/node.h"

namespace ingesta::config {

/// Whether a scalar without quotes is no text but `true`, `false` or a number as JSON writes it.
bool IsJsonLiteral(const Node& node);

/// `node` as minified JSON, keys in the file's order.
std::string ToJson(const Node& node);

}  // namespace ingesta::config
