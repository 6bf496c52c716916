// Puts `resource_defaults` into the resources. Pure function.
#pragma once

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/node.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {

/// Merge `resource_defaults` of `root` into each element of `resources`: maps key by key, components of the
/// same type option by option, everything else only where the resource has none. A resource with `explode`
/// gets no endpoint and vice versa.
void MergeResourceDefaults(Node& root, const Schema& schema, Diagnostics& diagnostics);

}  // namespace ingesta::config
