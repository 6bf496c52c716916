// Puts `--set` overrides into a tree. Pure function.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/node.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {

/// Set each value at its dotted path. Elements of lists go by `name`, `type` or number; below `params` and
/// `headers` the rest of the path is one name. Paths that lead to keys the schema has not are set too: the
/// check refuses them.
void ApplyOverrides(Node& root, const Schema& schema,
                    const std::vector<std::pair<std::string, std::string>>& overrides,
                    Diagnostics& diagnostics);

}  // namespace ingesta::config
