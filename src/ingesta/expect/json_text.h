// JSON as Python's json.loads takes it: with NaN and Infinity, lone surrogates and repeated keys. Pure.
#pragma once

#include <string_view>

namespace ingesta::expect {

bool IsPythonJson(std::string_view text);

}  // namespace ingesta::expect
