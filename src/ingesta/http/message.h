// HTTP messages as the client takes and gives them. Values; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::http {

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void Add(std::string name, std::string value);
  /// Replace all fields called `name` by one.
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  /// The first value, or nullptr; lives until the next change.
  const std::string* Find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request body that can be sent again: bytes in memory, or a range of a file.
struct UploadBody {
  std::string bytes;
  std::string file;    ///< path; where set, `bytes` is unused
  int64_t offset = 0;  ///< first byte of the range in `file`
  int64_t length = 0;  ///< bytes of the range in `file`

  int64_t size() const { return file.empty() ? static_cast<int64_t>(bytes.size()) : length; }
};

struct Timeouts {
  Millis connect{10'000};
  Millis idle{60'000};    ///< longest wait without a byte; also for the first byte of the answer
  Millis total{600'000};  ///< one attempt, whatever trickles in
};

struct Response;

/// What the client does with an answer.
enum class Verdict {
  kSuccess,
  kFail,         ///< an error, no further try
  kRetry,        ///< try again while policy and budget allow
  kRateLimited,  ///< the same, and slow down
  kRefreshAuth,  ///< renew the credentials once, then try again
  kIgnore,       ///< a success without content: Response::ignored, empty body
};
using Classifier = std::function<Verdict(const Response&)>;

struct Request {
  std::string method = "GET";
  std::string url;  ///< absolute, percent-encoded
  Headers headers;
  UploadBody body;
  /// May be sent again after it perhaps arrived. Where absent: GET, HEAD, OPTIONS, PUT and DELETE may, the
  /// others may not; a POST only where the caller knows. What surely never arrived (refused, host not found)
  /// is tried again either way.
  std::optional<bool> idempotent;
  /// Never on a connection of the pool: where one dies without an answer, curl sends again and does not tell.
  /// For who must know whether an earlier attempt may have been done.
  bool fresh_connection = false;
  bool follow_redirects = true;
  /// What to do where the host can't be reached; "" = what helps with a service of a pipeline.
  std::string reach_hint;
  bool authenticate = true;          ///< false: the client's Authenticator leaves this request alone
  std::optional<Timeouts> timeouts;  ///< the client's where absent
  std::optional<int64_t> max_body;   ///< bytes after decompression; the client's where absent
  /// Overrides the client's classification of answers. With on_body it is asked before the body, by status
  /// and headers alone, whether the answer is a success. Called on the client's I/O thread.
  Classifier classify;
  /// Called just before each attempt on the client's I/O thread, with a copy of the request to change:
  /// signatures that carry the time belong here. Must not block.
  std::function<Status(Request&)> before_attempt;
  /// Where set, a successful answer's body goes here piece by piece on the client's I/O thread instead of
  /// into Response::body; a Status that is not OK ends the transfer with it. Once a byte was given, the
  /// request is not tried again: the error says so by not being retried, and keeps IsRetryable for the
  /// caller, who can start anew.
  std::function<Status(std::string_view)> on_body;
};

struct Response {
  int status = 0;
  Headers headers;
  /// Decompressed, unless the request's own Accept-Encoding is `identity`: then as it came.
  std::string body;
  std::string url;  ///< after redirects
  int attempts = 1;
  int64_t wire_bytes = 0;  ///< body bytes received, before decompression
  Millis elapsed{0};       ///< the last attempt
  bool ignored = false;    ///< a response filter said `ignore`: treat it as a success without records
};

}  // namespace ingesta::http
