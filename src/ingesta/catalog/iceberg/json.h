// The border to nlohmann::json, which throws: parsing with limits, and members read by type. Pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ingesta/base/status.h"

namespace ingesta::iceberg {

/// Keeps the order of members, so that a document that is edited stays as its writer wrote it.
using Json = nlohmann::ordered_json;

/// kCorrupt, with `what` in the message, for what is no JSON object or array, or is nested too deep.
Result<Json> ParseJson(const std::string& text, const std::string& what);
/// Invalid UTF-8 is replaced, so that it can't lose a document.
std::string DumpJson(const Json& json);

/// The member `key` of an object, or nullptr; also where it is null.
const Json* Member(const Json& object, const char* key);

/// kCorrupt where the member is absent or of another type.
Result<int64_t> GetInt(const Json& object, const char* key);
Result<int> GetInt32(const Json& object, const char* key);
Result<std::string> GetString(const Json& object, const char* key);
Result<bool> GetBool(const Json& object, const char* key);
/// The array, which lives as long as `object`.
Result<const Json*> GetArray(const Json& object, const char* key);

/// nullopt where the member is absent or null.
Result<std::optional<int64_t>> FindInt(const Json& object, const char* key);
Result<std::optional<std::string>> FindString(const Json& object, const char* key);

}  // namespace ingesta::iceberg
