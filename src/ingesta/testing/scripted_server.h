// A scripted HTTP/1.1 server on plain sockets, for the faults that no well-behaved server commits: resets,
// short bodies, hangs, drips, unterminated chunks, wrong certificates. One thread a connection, an ephemeral
// port on 127.0.0.1. All public calls are thread-safe; handlers run on connection threads, several at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::testing {

struct ReceivedRequest {
  std::string method;
  std::string target;  ///< path and query as sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;    ///< chunked bodies joined
  int connection = 0;  ///< 0-based number of the connection it came on
  MonotonicTime at{};  ///< of the real clock, when the request was complete

  /// The first value, names compared without case; "" where absent.
  std::string Header(std::string_view name) const;
  bool HasHeader(std::string_view name) const;
};

/// One answer, correct by default; each field bends one thing.
struct ScriptedAnswer {
  enum class Framing { kContentLength, kChunked, kUnterminatedChunked, kUntilClose };
  enum class End { kKeepAlive, kClose, kReset, kHang };

  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Framing framing = Framing::kContentLength;
  std::optional<int64_t> content_length;  ///< sent instead of the true one: larger makes a short body
  bool gzip = false;                      ///< compress `body` and say so
  Millis delay{0};                        ///< before the first byte
  size_t drip_bytes = 0;                  ///< send the body in pieces of so many bytes; 0 = at once
  Millis drip_every{0};                   ///< wait before each piece
  std::optional<size_t> cut_after;        ///< body bytes (as on the wire) sent before `end`; nullopt = all
  bool silent = false;                    ///< send nothing at all before `end`
  End end = End::kKeepAlive;              ///< what happens to the connection then

  static ScriptedAnswer Json(std::string body, int status = 200);
  static ScriptedAnswer Status(int status, std::string body = "",
                               std::vector<std::pair<std::string, std::string>> headers = {});
  /// Never answers; the connection stays open.
  static ScriptedAnswer Hang();
  /// RST (SO_LINGER 0) instead of an answer.
  static ScriptedAnswer Reset();
  /// Close without an answer.
  static ScriptedAnswer CloseEarly();
  /// Content-Length promises all of `body`, only `sent` bytes come, then the connection closes.
  static ScriptedAnswer ShortBody(std::string body, size_t sent);
  static ScriptedAnswer Redirect(std::string location, int status = 302);
};

struct ScriptedServerOptions {
  std::string certificate_pem;  ///< both set: TLS
  std::string key_pem;
  int port = 0;  ///< 0 = ephemeral
};

class ScriptedServer {
 public:
  using Handler = std::function<ScriptedAnswer(const ReceivedRequest&)>;

  static Result<std::unique_ptr<ScriptedServer>> Start(ScriptedServerOptions options = {});
  /// Closes every connection, hanging ones too, and joins all threads.
  ~ScriptedServer();

  /// Answer requests of `method` ("" = any) whose target starts with `target_prefix` by `answers` in order;
  /// the last one repeats. The longest prefix wins; a later call for the same method and prefix replaces the
  /// former one.
  void On(std::string method, std::string target_prefix, std::vector<ScriptedAnswer> answers);
  void On(std::string method, std::string target_prefix, ScriptedAnswer answer);
  /// The same by a function.
  void OnCall(std::string method, std::string target_prefix, Handler handler);

  /// `http://127.0.0.1:port` (https with a certificate), without a final slash.
  std::string url() const;
  int port() const;
  /// Copies of all requests so far, in the order they were complete. Unrouted ones get 404 and are here too.
  std::vector<ReceivedRequest> requests() const;
  /// How many requests of `method` ("" = any) had a target that starts with `target_prefix`.
  int Count(std::string_view method = "", std::string_view target_prefix = "") const;
  /// Connections accepted so far.
  int connections() const;
  /// The most requests that were being answered at once.
  int max_in_flight() const;

 private:
  class Impl;
  explicit ScriptedServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingesta::testing
