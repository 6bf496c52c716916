// Whether texts are fit for a URL, a header field or a file's key, as far as the configuration can tell. Pure
// functions; each gives what is wrong, "" where nothing is.
#pragma once

#include <string>
#include <string_view>

namespace ingesta::config {

/// An absolute http(s) URL without user info, query and fragment.
std::string CheckBaseUrl(std::string_view url);
/// Scheme, host and port only.
std::string CheckOrigin(std::string_view url);
/// A path below the base URL, a query allowed.
std::string CheckUrlPath(std::string_view path);
std::string CheckHeaderName(std::string_view name);
std::string CheckHeaderValue(std::string_view value);
/// The name of a dataset or pipeline, which becomes a part of files' keys.
std::string CheckSafeName(std::string_view name);
/// Names joined by dots, none empty.
std::string CheckDottedPath(std::string_view path);

}  // namespace ingesta::config
