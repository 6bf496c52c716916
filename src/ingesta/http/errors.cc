#include "ingesta/http/errors.h"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <strings.h>

#include <algorithm>
#include <system_error>

#include "ingesta/base/http_reason.h"
#include "ingesta/http/client.h"

namespace ingesta::http {
namespace {

Status Typed(ErrorCode code, bool retryable, std::string message, std::string hint = "") {
  return MakeError(
      ErrorDetail::Fields{.code = code, .stage = {}, .retryable = retryable, .hint = std::move(hint)},
      std::move(message));
}

Status TlsError(CURLcode code, const TransportFacts& facts) {
  constexpr char kCaHint[] =
      "where a company's own authority signed it, name its CA file in SSL_CERT_FILE or CURL_CA_BUNDLE";
  switch (facts.verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Typed(ErrorCode::kTls, false, fmt::format("the TLS certificate of {} has expired", facts.origin),
                   "have the service's certificate renewed, and check this machine's clock");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Typed(ErrorCode::kTls, false,
                   fmt::format("the TLS certificate of {} is not valid yet", facts.origin),
                   "check this machine's clock");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Typed(ErrorCode::kTls, false,
                   fmt::format("the TLS certificate of {} is self-signed", facts.origin), kCaHint);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return Typed(ErrorCode::kTls, false,
                   fmt::format("the TLS certificate of {} is signed by an authority that is unknown here",
                               facts.origin),
                   kCaHint);
    default:
      break;
  }
  // curl leaves X509_V_ERR_UNSPECIFIED where OpenSSL did not come to a verdict.
  if (facts.verify_result > X509_V_ERR_UNSPECIFIED) {
    return Typed(ErrorCode::kTls, false,
                 fmt::format("the TLS certificate of {} can't be verified: {}", facts.origin,
                             X509_verify_cert_error_string(facts.verify_result)),
                 kCaHint);
  }
  if (code == CURLE_PEER_FAILED_VERIFICATION && facts.curl_text.find("subject name") != std::string::npos) {
    return Typed(
        ErrorCode::kTls, false,
        fmt::format("the TLS certificate of {} is for another host: {}", facts.origin, facts.curl_text),
        "ask by the name that the certificate has, or have it issued for this host");
  }
  if (code == CURLE_SSL_CACERT_BADFILE) {
    return Typed(ErrorCode::kTls, false, fmt::format("the CA bundle can't be read: {}", facts.curl_text),
                 "check SSL_CERT_FILE, CURL_CA_BUNDLE and AWS_CA_BUNDLE");
  }
  const bool handshake = code == CURLE_SSL_CONNECT_ERROR;
  return Typed(ErrorCode::kTls, handshake,
               fmt::format("no TLS connection to {}: {}", facts.origin, facts.curl_text),
               handshake ? "check that the port speaks TLS (https) and not plain HTTP" : kCaHint);
}

Status LostError(const TransportFacts& facts) {
  if (!facts.answered) {
    return Typed(ErrorCode::kConnectFailed, true,
                 fmt::format("{} closed the connection before an answer: {}", facts.origin, facts.curl_text),
                 "look at the service's log: it may have crashed or restarted");
  }
  const std::string expected =
      facts.expected_bytes ? fmt::format(" of {} bytes", *facts.expected_bytes) : std::string(" bytes");
  return Typed(ErrorCode::kConnectionLost, true,
               fmt::format("the answer of {} ended early, after {}{} of its body: {}", facts.origin,
                           facts.body_bytes, expected, facts.curl_text),
               "look at the service's log: it may have failed while it answered");
}

std::string HintFor(int status) {
  switch (status) {
    case 401:
    case 403:
      return "check the credentials under `auth`, and what they are allowed to read";
    case 404:
      return "check base_url and the resource's path";
    case 429:
      return "lower client.concurrency or set api_budget, or ask for a higher quota";
    default:
      break;
  }
  if (status >= 500) return "the service answers, with an error of its own: look at its log";
  if (status >= 300 && status < 400) return "set base_url to the address it points to";
  return "";
}

/// Where the tag, comment, script or style at the start of `body` ends; npos where it does not.
size_t EndOfMarkup(std::string_view body) {
  size_t from = 0;
  if (body.substr(0, 4) == "<!--") {
    from = body.find("-->");
  } else if (strncasecmp(body.data(), "<script", std::min<size_t>(body.size(), 7)) == 0) {
    from = body.find("</script");
  } else if (strncasecmp(body.data(), "<style", std::min<size_t>(body.size(), 6)) == 0) {
    from = body.find("</style");
  }
  const size_t end = from == std::string_view::npos ? from : body.find('>', from);
  return end == std::string_view::npos ? end : end + 1;
}

/// `body` without tags, comments, scripts and styles.
std::string StripHtml(std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const size_t open = body.find('<');
    out.append(body.substr(0, open));
    if (open == std::string_view::npos) break;
    out += ' ';
    body.remove_prefix(open);
    const size_t end = EndOfMarkup(body);
    if (end == std::string_view::npos) break;
    body.remove_prefix(end);
  }
  return out;
}

bool LooksLikeHtml(std::string_view body) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && body[start] == '<';
}

void ReplaceAll(std::string& text, std::string_view what) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 3)) {
    text.replace(at, what.size(), "***");
  }
}

}  // namespace

Status TransportError(CURLcode code, const TransportFacts& facts) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Typed(ErrorCode::kHostNotFound, true,
                   fmt::format("the host of {} is unknown (DNS): {}", facts.origin, facts.curl_text),
                   facts.reach_hint);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Typed(ErrorCode::kHostNotFound, true,
                   fmt::format("the proxy's host is unknown (DNS): {}", facts.curl_text),
                   "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
    case CURLE_COULDNT_CONNECT: {
      const std::string reason =
          facts.os_errno != 0 ? std::generic_category().message(facts.os_errno) : facts.curl_text;
      return Typed(ErrorCode::kConnectFailed, true,
                   fmt::format("no connection to {}: {}", facts.origin, reason), facts.reach_hint);
    }
    case CURLE_OPERATION_TIMEDOUT:
      return Typed(ErrorCode::kTimeout, true,
                   fmt::format("no connection to {} within {} (our time-out `connect`)", facts.origin,
                               FormatSeconds(facts.connect_timeout)),
                   facts.reach_hint);
    case CURLE_PROXY:
      return Typed(ErrorCode::kConnectFailed, true, fmt::format("the proxy refused: {}", facts.curl_text),
                   "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return TlsError(code, facts);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return LostError(facts);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return Typed(ErrorCode::kMalformedBody, true,
                   fmt::format("{} does not answer with HTTP: {}", facts.origin, facts.curl_text),
                   "check the port: another service may listen there");
    case CURLE_URL_MALFORMAT:
      return Typed(ErrorCode::kInvalidConfig, false,
                   fmt::format("the URL can't be used: {}", facts.curl_text));
    default:
      return Typed(
          ErrorCode::kInternal, false,
          fmt::format("{}: curl error {}: {}", facts.origin, static_cast<int>(code), facts.curl_text));
  }
}

std::string ReachHint(bool in_container) {
  return fmt::format(
      "check that the service runs{} and that the URL variable names the right host and port",
      in_container ? ", that this container is on its Docker network (docker run --network ...)," : "");
}

Status AnswerError(const Response& response, Verdict verdict) {
  ErrorDetail::Fields fields;
  fields.http_status = response.status;
  fields.hint = HintFor(response.status);
  fields.retryable = verdict == Verdict::kRetry || verdict == Verdict::kRateLimited;
  if (response.status == 401 || response.status == 403 || verdict == Verdict::kRefreshAuth) {
    fields.code = ErrorCode::kUnauthorized;
  } else if (response.status == 429 || (verdict == Verdict::kRateLimited && response.status < 500)) {
    fields.code = ErrorCode::kRateLimited;
  } else {
    fields.code = ErrorCode::kHttpStatus;
  }
  const std::string_view reason = HttpReason(response.status);
  std::string message = fmt::format("the service answered {}{}{} after {}", response.status,
                                    reason.empty() ? "" : " ", reason, FormatSeconds(response.elapsed));
  const std::string excerpt = PrintableExcerpt(response.body);
  if (!excerpt.empty()) message += ": " + excerpt;
  return MakeError(std::move(fields), std::move(message));
}

std::string FormatSeconds(Millis duration) {
  const auto count = duration.count();
  return count < 1000 ? fmt::format("{} ms", count)
                      : fmt::format("{:.1f} s", static_cast<double>(count) / 1000);
}

std::string PrintableExcerpt(std::string_view body, size_t limit) {
  body = body.substr(0, 64 * 1024);
  const std::string text = LooksLikeHtml(body) ? StripHtml(body) : std::string(body);
  std::string out;
  bool space = false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      space = !out.empty();
      continue;
    }
    // Not in the middle of a UTF-8 sequence.
    if (out.size() >= limit && (static_cast<unsigned char>(c) & 0xC0) != 0x80) return out + "...";
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    ReplaceAll(text, secret);
    if (const std::string encoded = PercentEncode(secret); encoded != secret) ReplaceAll(text, encoded);
  }
  return text;
}

Status Redact(const Status& status, const std::vector<std::string>& secrets) {
  if (status.ok() || secrets.empty()) return status;
  std::shared_ptr<arrow::StatusDetail> detail = status.detail();
  if (const ErrorDetail* own = DetailOf(status)) {
    ErrorDetail::Fields fields = own->fields();
    fields.hint = Redact(std::move(fields.hint), secrets);
    detail = std::make_shared<ErrorDetail>(std::move(fields));
  }
  return Status(status.code(), Redact(status.message(), secrets), std::move(detail));
}

}  // namespace ingesta::http
