// What counts as text. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace ingesta::config {

/// The offset of the first byte that is no UTF-8 or a control character other than tab and line ends, or
/// npos.
size_t FindBadByte(std::string_view text);
/// Whether there is a control character, line ends included.
bool HasControl(std::string_view text);

}  // namespace ingesta::config
