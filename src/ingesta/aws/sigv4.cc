#include "ingesta/aws/sigv4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <map>
#include <utility>
#include <vector>

#include "ingesta/aws/digest.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {
namespace {

/// Hop-by-hop, or set by the client itself after signing.
constexpr std::array<std::string_view, 14> kUnsignedHeaders = {"accept-encoding",
                                                               "authorization",
                                                               "connection",
                                                               "content-length",
                                                               "expect",
                                                               "keep-alive",
                                                               "proxy-authenticate",
                                                               "proxy-authorization",
                                                               "te",
                                                               "trailer",
                                                               "transfer-encoding",
                                                               "upgrade",
                                                               "user-agent",
                                                               "x-amzn-trace-id"};

struct UrlParts {
  std::string scheme;
  std::string host;  ///< with the port where it is not the scheme's own
  std::string path;  ///< as sent; at least "/"
  std::string query;
};

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

Result<UrlParts> SplitUrl(std::string_view url) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    return MakeError(ErrorCode::kInternal, fmt::format("cannot sign a relative URL: {}", url));
  }
  UrlParts parts;
  parts.scheme = Lower(url.substr(0, scheme_end));
  std::string_view rest = url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t path_at = rest.find_first_of("/?");
  parts.host = Lower(rest.substr(0, path_at));
  rest = path_at == std::string_view::npos ? std::string_view() : rest.substr(path_at);
  const size_t query_at = rest.find('?');
  parts.path = std::string(rest.substr(0, query_at));
  if (parts.path.empty()) parts.path = "/";
  if (query_at != std::string_view::npos) parts.query = std::string(rest.substr(query_at + 1));
  const std::string_view own_port = parts.scheme == "https" ? ":443" : ":80";
  if (parts.host.ends_with(own_port)) parts.host.resize(parts.host.size() - own_port.size());
  return parts;
}

/// Without empty, `.` and `..` segments; a final slash stays.
std::string NormalizePath(std::string_view path) {
  std::vector<std::string_view> kept;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string out = "/" + fmt::format("{}", fmt::join(kept, "/"));
  if (!kept.empty() && path.ends_with('/')) out += '/';
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string_view field = query.substr(at, end - at);
    at = end + 1;
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
    pairs.emplace_back(http::PercentEncode(http::PercentDecode(field.substr(0, equals))),
                       http::PercentEncode(http::PercentDecode(value)));
  }
  // After encoding: `%` sorts before letters, so the order can differ from that of the plain names.
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs)
    fmt::format_to(std::back_inserter(out), "{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

/// Trimmed, runs of white space as one blank.
std::string CanonicalValue(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string CredentialScope(const SigningScope& scope, std::string_view amz_date) {
  return fmt::format("{}/{}/{}/aws4_request", amz_date.substr(0, 8), scope.region, scope.service);
}

}  // namespace

std::string FormatAmzDate(SystemTime time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fields);
}

std::string EncodePath(std::string_view path) {
  std::string out;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    out += http::PercentEncode(path.substr(at, end - at));
    if (end < path.size()) out += '/';
    at = end + 1;
  }
  return out;
}

Result<SigningTexts> MakeSigningTexts(const SigningScope& scope, SystemTime time,
                                      std::string_view payload_hash, const http::Request& request) {
  ARROW_ASSIGN_OR_RAISE(const UrlParts url, SplitUrl(request.url));
  std::map<std::string, std::string> headers;  // sorted by lower-case name, as the signature wants them
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string lower = Lower(name);
    if (std::find(kUnsignedHeaders.begin(), kUnsignedHeaders.end(), lower) != kUnsignedHeaders.end())
      continue;
    const auto [entry, is_new] = headers.emplace(lower, CanonicalValue(value));
    if (!is_new) entry->second += "," + CanonicalValue(value);
  }
  headers.emplace("host", url.host);

  SigningTexts texts;
  std::string header_lines;
  for (const auto& [name, value] : headers) {
    header_lines += name + ":" + value + "\n";
    texts.signed_headers += (texts.signed_headers.empty() ? "" : ";") + name;
  }
  const std::string path = scope.IsS3() ? url.path : EncodePath(NormalizePath(url.path));
  texts.canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, CanonicalQuery(url.query), header_lines,
                  texts.signed_headers, payload_hash);
  const std::string date = FormatAmzDate(time);
  texts.string_to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, CredentialScope(scope, date),
                                     Sha256Hex(texts.canonical_request));
  return texts;
}

Status SignRequest(const Credentials& credentials, const SigningScope& scope, SystemTime time,
                   std::string_view payload_hash, http::Request& request) {
  const std::string date = FormatAmzDate(time);
  request.headers.Remove("Authorization");
  request.headers.Remove("X-Amz-Security-Token");
  request.headers.Set("X-Amz-Date", date);
  if (!credentials.session_token.empty())
    request.headers.Set("X-Amz-Security-Token", credentials.session_token);
  if (scope.IsS3()) request.headers.Set("x-amz-content-sha256", std::string(payload_hash));
  ARROW_ASSIGN_OR_RAISE(const SigningTexts texts, MakeSigningTexts(scope, time, payload_hash, request));

  std::string key = HmacSha256("AWS4" + credentials.secret_access_key, date.substr(0, 8));
  key = HmacSha256(key, scope.region);
  key = HmacSha256(key, scope.service);
  key = HmacSha256(key, "aws4_request");
  request.headers.Set("Authorization",
                      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                  credentials.access_key_id, CredentialScope(scope, date),
                                  texts.signed_headers, Hex(HmacSha256(key, texts.string_to_sign))));
  return Status::OK();
}

}  // namespace ingesta::aws
