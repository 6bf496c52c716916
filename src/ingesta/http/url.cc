// URLs: origins, resolution by RFC 3986, percent-encoding, and the form that is fit to be shown. Pure
// functions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "ingesta/http/client.h"

namespace ingesta::http {
namespace {

/// The five components of RFC 3986; views into the URL.
struct Parts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsSchemeChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

Parts Split(std::string_view url) {
  Parts parts;
  if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
    parts.fragment = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
    parts.query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  const size_t colon = url.find(':');
  if (colon != std::string_view::npos && colon > 0 && std::isalpha(static_cast<unsigned char>(url[0])) != 0 &&
      std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), IsSchemeChar)) {
    parts.scheme = url.substr(0, colon);
    url = url.substr(colon + 1);
  }
  if (url.substr(0, 2) == "//") {
    const size_t slash = url.find('/', 2);
    parts.authority = url.substr(2, slash == std::string_view::npos ? slash : slash - 2);
    url = slash == std::string_view::npos ? std::string_view() : url.substr(slash);
  }
  parts.path = url;
  return parts;
}

std::string Join(const Parts& parts, std::string_view path) {
  std::string out;
  if (parts.scheme) out.append(*parts.scheme).append(":");
  if (parts.authority) out.append("//").append(*parts.authority);
  out.append(path);
  if (parts.query) out.append("?").append(*parts.query);
  if (parts.fragment) out.append("#").append(*parts.fragment);
  return out;
}

/// RFC 3986 section 5.2.4.
std::string RemoveDotSegments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t next = path.find('/', path[0] == '/' ? 1 : 0);
    const std::string_view segment = path.substr(0, next);
    const std::string_view name = segment[0] == '/' ? segment.substr(1) : segment;
    const bool last = next == std::string_view::npos;
    path = last ? std::string_view() : path.substr(next);
    if (name == "." || name == "..") {
      if (name == "..") out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (last) out += '/';
      continue;
    }
    out.append(segment);
  }
  return out;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view WithoutUserInfo(std::string_view authority) {
  const size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

bool NamesSecret(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kMarks = {
      "token", "key", "secret", "sig", "password", "passwd", "pwd", "auth", "credential", "session", "clave"};
  const std::string lower = Lower(name);
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return lower.find(mark) != std::string::npos; });
}

std::string RedactQuery(std::string_view query) {
  std::string out;
  while (true) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && NamesSecret(pair.substr(0, equals))) {
      out.append(pair.substr(0, equals + 1)).append("***");
    } else {
      out.append(pair);
    }
    if (end == std::string_view::npos) return out;
    out += '&';
    query.remove_prefix(end + 1);
  }
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

std::string RedactUrl(std::string_view url) {
  Parts parts = Split(url);
  std::string query;
  if (parts.authority) parts.authority = WithoutUserInfo(*parts.authority);
  if (parts.query) {
    query = RedactQuery(*parts.query);
    parts.query = query;
  }
  parts.fragment.reset();
  return Join(parts, parts.path);
}

Result<std::string> OriginOf(std::string_view url) {
  const Parts parts = Split(url);
  const std::string scheme = Lower(parts.scheme.value_or(""));
  const std::string_view host_port = WithoutUserInfo(parts.authority.value_or(""));
  const auto invalid = [&](const char* why) {
    return MakeError(ErrorCode::kInvalidConfig,
                     fmt::format("{} is not a URL to ask: {}", RedactUrl(url), why),
                     "write it as http://host:port/path or https://host/path");
  };
  if (scheme != "http" && scheme != "https") return invalid("it does not begin with http:// or https://");
  const size_t bracket = host_port.find(']');
  const size_t colon = host_port.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = host_port.substr(0, colon);
  if (host.empty()) return invalid("it names no host");
  if (!IsPrintableAscii(url)) return invalid("it has spaces, control characters or bytes beyond ASCII");
  int port = scheme == "https" ? 443 : 80;
  if (colon != std::string_view::npos && colon + 1 < host_port.size()) {
    const char* end = host_port.data() + host_port.size();
    const auto [stop, error] = std::from_chars(host_port.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end || port < 1 || port > 65535)
      return invalid("its port is no number from 1 to 65535");
  }
  return fmt::format("{}://{}:{}", scheme, Lower(host), port);
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<std::string> ResolveUrl(std::string_view base, std::string_view reference) {
  const Parts from = Split(base);
  const Parts to = Split(reference);
  if (!from.scheme || !from.authority) {
    return MakeError(ErrorCode::kInvalidConfig, fmt::format("{} is not an absolute URL", RedactUrl(base)));
  }
  Parts target = to;
  std::string path;
  if (to.scheme || to.authority) {
    path = RemoveDotSegments(to.path);
  } else {
    target.authority = from.authority;
    if (to.path.empty()) {
      path = from.path;
      if (!to.query) target.query = from.query;
    } else if (to.path[0] == '/') {
      path = RemoveDotSegments(to.path);
    } else {
      const size_t slash = from.path.rfind('/');
      path = slash == std::string_view::npos ? "/" : std::string(from.path.substr(0, slash + 1));
      path = RemoveDotSegments(path.append(to.path));
    }
  }
  if (!target.scheme) target.scheme = from.scheme;
  std::string url = Join(target, path);
  ARROW_RETURN_NOT_OK(OriginOf(url).status());
  return url;
}

}  // namespace ingesta::http
