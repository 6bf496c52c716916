// Puts the values of `${NAME}`, `${NAME:-default}` and `${file:/path}` into a tree's scalars; `$${` stands
// for `${`. Keys are left alone, and a value can't change the tree's shape. Reads files by the given
// function, nothing else.
#pragma once

#include <string>

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/node.h"
#include "ingesta/config/parse.h"

namespace ingesta::config {

/// `text` is what `root` was read from: it tells where in a scalar a mistake is.
void SubstituteEnvironment(Node& root, const std::string& text, const ParseOptions& options,
                           Diagnostics& diagnostics);

}  // namespace ingesta::config
