// The fingerprint of a configuration. Pure function.
#pragma once

#include <string>
#include <vector>

#include "ingesta/config/node.h"

namespace ingesta::config {

/// XXH3-128 in hex of what `root` says: values substituted, secrets left out, the order of keys and the way
/// of writing indifferent; and of `files`, the texts of the files that it names. REQUIRES: checked, so that
/// secrets are marked.
std::string ConfigHash(const Node& root, const std::vector<std::string>& files = {});

}  // namespace ingesta::config
