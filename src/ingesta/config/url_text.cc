#include "ingesta/config/url_text.h"

#include <algorithm>
#include <cctype>

#include "ingesta/config/text.h"

namespace ingesta::config {
namespace {

bool HasSpace(std::string_view text) {
  return text.find(' ') != std::string_view::npos || HasControl(text);
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) return false;
    port = port * 10 + (c - '0');
  }
  return port >= 1 && port <= 65535;
}

bool IsHost(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.find_first_not_of("0123456789abcdefABCDEF:.%", 1) == host.size() - 1;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

std::string CheckAuthority(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos)
    return "holds a user or password: put them into client.auth";
  std::string_view host = authority;
  const size_t bracket = host.find(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    if (!IsPort(host.substr(colon + 1))) return "has a port that is not 1 to 65535";
    host = host.substr(0, colon);
  }
  return IsHost(host) ? "" : "has no valid host";
}

}  // namespace

std::string CheckBaseUrl(std::string_view url) {
  if (url.empty()) return "is empty";
  size_t start = 0;
  for (const std::string_view scheme : {"http://", "https://"}) {
    std::string begin(url.substr(0, scheme.size()));
    std::transform(begin.begin(), begin.end(), begin.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (begin == scheme) start = scheme.size();
  }
  if (start == 0) return "is no absolute http or https URL";
  if (HasSpace(url)) return "holds a space or control character";
  if (url.find_first_of("?#") != std::string_view::npos)
    return "holds a query or fragment: put parameters into `params`";
  return CheckAuthority(url.substr(start, url.find('/', start) - start));
}

std::string CheckOrigin(std::string_view url) {
  std::string wrong = CheckBaseUrl(url);
  if (!wrong.empty()) return wrong;
  const size_t path = url.find('/', url.find("://") + 3);
  return path == std::string_view::npos || path + 1 == url.size() ? "" : "holds a path, an origin has none";
}

std::string CheckUrlPath(std::string_view path) {
  if (path.find("://") != std::string_view::npos && path.find("://") < path.find('?')) {
    return "is a whole URL: write its path, the rest belongs in base_url";
  }
  if (HasSpace(path)) return "holds a space or control character: write %20 for a space";
  return path.find('#') == std::string_view::npos ? "" : "holds a `#`: write %23";
}

std::string CheckHeaderName(std::string_view name) {
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
  return good ? "" : "is no name of a header field";
}

std::string CheckHeaderValue(std::string_view value) {
  return HasControl(value) ? "holds a line break or control character" : "";
}

std::string CheckSafeName(std::string_view name) {
  constexpr size_t kMaxName = 128;
  if (name.empty()) return "is empty";
  if (name.size() > kMaxName) return "is longer than 128 bytes";
  if (name.front() == '_' || name.front() == '.') return "begins with `_` or `.`";
  if (name.find("..") != std::string_view::npos) return "holds `..`";
  if (name.find_first_of("/\\") != std::string_view::npos) return "holds a slash";
  if (HasControl(name)) return "holds a control character";
  if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a space";
  return "";
}

std::string CheckDottedPath(std::string_view path) {
  if (path.empty()) return "is empty";
  const bool gap = path.front() == '.' || path.back() == '.' || path.find("..") != std::string_view::npos;
  return gap ? "has an empty part: write names joined by dots, such as `data.items`" : "";
}

}  // namespace ingesta::config
