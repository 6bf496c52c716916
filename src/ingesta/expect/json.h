// The JSON of suites and results, keys in their order. Values only.
#pragma once

#include <nlohmann/json.hpp>

namespace ingesta::expect {

using Json = nlohmann::ordered_json;

}  // namespace ingesta::expect
