// What went wrong in one attempt, in words: typed errors from curl's codes and from answers with an error
// status, and the removal of secrets from them. Pure functions; thread-safe.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/http/message.h"

namespace ingesta::http {

/// What is known of an attempt that curl ended with an error.
struct TransportFacts {
  std::string origin;      ///< `scheme://host:port`
  std::string curl_text;   ///< curl's own words
  long verify_result = 0;  ///< OpenSSL's X509_V_ERR_*
  int os_errno = 0;
  bool answered = false;                  ///< a byte of the answer had come
  int64_t body_bytes = 0;                 ///< of the answer's body so far, as received
  std::optional<int64_t> expected_bytes;  ///< its Content-Length
  Millis connect_timeout{0};
  std::string reach_hint;  ///< where the host can't be reached
};

Status TransportError(CURLcode code, const TransportFacts& facts);

/// What to look at where a service can't be reached: of Docker's networks only `in_container`.
std::string ReachHint(bool in_container);

/// The error of an answer that `verdict` calls no success.
Status AnswerError(const Response& response, Verdict verdict);

/// `2.5 s`, `200 ms`: durations in messages.
std::string FormatSeconds(Millis duration);

/// The first `limit` bytes of `body` on one line: HTML tags, scripts and control characters taken out, UTF-8
/// kept whole.
std::string PrintableExcerpt(std::string_view body, size_t limit = 200);

/// Replace every secret by ***, as it is and percent-encoded.
std::string Redact(std::string text, const std::vector<std::string>& secrets);
/// The same for message and hint.
Status Redact(const Status& status, const std::vector<std::string>& secrets);

}  // namespace ingesta::http
