// AWS's own host names, and which addresses count as ones without names below them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ingesta::aws {

/// Of the region's partition: `amazonaws.com`, `amazonaws.com.cn` in China, ...
std::string DnsSuffix(std::string_view region);
/// Host of an absolute URL, without user, port and brackets.
std::string HostOf(std::string_view url);
bool IsIpAddress(const std::string& host);
bool IsLoopback(const std::string& host);

}  // namespace ingesta::aws
