// Glue's values as JSON and back. Pure; the one place of Glue's member names. Reading never throws: what is
// absent or of another type is empty.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/aws/glue.h"

namespace ingesta::aws {

using Json = nlohmann::json;

Json TableInput(const GlueTable& table);
Json PartitionInput(const GluePartition& partition);
Json DatabaseInput(const GlueDatabase& database);

GlueTable ReadTable(const Json& json);
GluePartition ReadPartition(const Json& json);
GlueDatabase ReadDatabase(const Json& json);
/// The `Errors` of a batch call.
std::vector<GluePartitionFailure> ReadFailures(const Json& answer);

/// "" where the member is absent or no string.
std::string TextOf(const Json& json, const char* name);
/// null where the member is absent.
const Json& MemberOf(const Json& json, const char* name);
/// `json` as text; bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json);

}  // namespace ingesta::aws
