// The pieces that schema.cc puts together. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "ingesta/config/schema.h"

namespace ingesta::config {

/// The `client` key.
Schema ClientSchema(const KindCatalog& kinds);
/// An element of `resources`.
Schema ResourceSchema(const KindCatalog& kinds);

/// `key` as a component of one of `kinds`. `later`: kinds of a later version; those that `kinds` has are left
/// out, and so is a default kind that it has not.
Schema ComponentKey(Schema key, const std::vector<KindSpec>& kinds, const std::vector<std::string>& later);
/// A key of the vocabulary that this version does not take.
Schema LaterKey(std::string key);

}  // namespace ingesta::config
