// The reason phrases of HTTP status codes. Thread-safe.
#pragma once

#include <string_view>

namespace ingesta {

/// `Not Found` for 404; "" for a status without a name here.
std::string_view HttpReason(int status);

}  // namespace ingesta
