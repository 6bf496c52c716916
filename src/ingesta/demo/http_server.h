// A small HTTP/1.1 server whose handlers write their answers byte by byte: status lines, headers and
// breakages that no server library would produce. cpp-httplib accepts connections and parses requests.
// Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::demo {

struct HttpRequest {
  std::string method;
  std::string path;    ///< percent-decoded, without the query
  std::string target;  ///< as sent
  std::map<std::string, std::string> params;
  std::string if_none_match;
  bool wants_close = false;  ///< the client sent Connection: close, or speaks HTTP/1.0 without keep-alive
};

/// One connection as a handler sees it; used by the handler's thread alone.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Send bytes; false once the client is gone.
  virtual bool Write(std::string_view bytes) = 0;
  /// Wait, but no longer than the client and the server stay; false where either left.
  virtual bool Wait(Millis duration) = 0;
  /// Close after this answer instead of waiting for another request.
  virtual void CloseAfter() = 0;
  /// Close at once with a TCP reset.
  virtual void Reset() = 0;
};

using HttpHandler = std::function<void(const HttpRequest&, Connection&)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: any free one
  Millis keep_alive{5000};
  size_t max_connections = 256;  ///< one thread each, started as they are needed
};

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, HttpHandler handler);
  virtual ~HttpServer() = default;
  virtual int port() const = 0;
  /// Cut all connections, end all handlers' waits and join the threads. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace ingesta::demo
