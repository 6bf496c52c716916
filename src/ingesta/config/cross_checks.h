// What the schema can't say: names that must exist, be unique or be fit for a URL or a key. Notes every
// mistake; skips what the check has refused already. Pure.
#pragma once

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/value.h"

namespace ingesta::config {

void CrossCheck(const Value& root, Diagnostics& diagnostics);

/// The part of `client` and of each resource.
void CrossCheckClient(const Value& client, Diagnostics& diagnostics);
void CrossCheckResource(const Value& resource, Diagnostics& diagnostics);
void CrossCheckEndpoint(const Value& endpoint, const Value& resource, Diagnostics& diagnostics);

/// Hold the text of the field `key` against `check`, which says what is wrong with it; absent ones are fine.
template <typename Check>
void CheckText(const Value& map, std::string_view key, Check check, Diagnostics& diagnostics) {
  const Value* field = map.Find(key);
  if (field == nullptr || !field->ok || !field->given()) return;
  const std::string wrong = check(std::get<std::string>(field->scalar));
  if (!wrong.empty()) diagnostics.Add(field->at, ShowNode(*field->node) + " " + wrong);
}

/// The names and values of a kTextMap of header fields.
void CheckHeaders(const Value& map, Diagnostics& diagnostics);

}  // namespace ingesta::config
