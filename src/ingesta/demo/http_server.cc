#include "ingesta/demo/http_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace ingesta::demo {
namespace {

/// Threads are started when all others are busy, so that idle services cost none.
class GrowingPool final : public httplib::TaskQueue {
 public:
  explicit GrowingPool(size_t limit) : limit_(limit) {}

  void enqueue(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (idle_ < tasks_.size() && threads_.size() < limit_) threads_.emplace_back([this] { Work(); });
    wake_.notify_one();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      --idle_;
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

/// httplib reads requests from it; what httplib itself would answer is dropped once a handler has answered.
class SocketConnection final : public httplib::Stream, public Connection {
 public:
  explicit SocketConnection(int fd) : fd_(fd) {}

  // For httplib.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, size_t size) override {
    if (at_ == filled_) {
      const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      at_ = 0;
      filled_ = static_cast<size_t>(got);
    }
    const size_t count = std::min(size, filled_ - at_);
    std::copy_n(buffer_.data() + at_, count, out);
    at_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    if (!answered_) Send(std::string_view(data, size));
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // httplib refuses sockets beyond FD_SETSIZE; this one is polled, and knows no such limit.
  socket_t socket() const override { return 0; }

  // For the handler.
  bool Write(std::string_view bytes) override { return Send(bytes); }
  bool Wait(Millis duration) override {
    const auto until = std::chrono::steady_clock::now() + duration;
    for (;;) {
      const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return true;
      pollfd poller{.fd = fd_, .events = POLLRDHUP, .revents = 0};
      const int ready = ::poll(&poller, 1, static_cast<int>(std::min<int64_t>(left.count(), 3'600'000)));
      if (ready > 0 || (ready < 0 && errno != EINTR)) return false;
    }
  }
  void CloseAfter() override { open_ = false; }
  void Reset() override {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    reset_ = true;
    open_ = false;
  }

  // For the server.
  /// Wait for the next request; false where none comes in time.
  bool AwaitRequest(Millis keep_alive) {
    if (at_ < filled_) return true;
    pollfd poller{.fd = fd_, .events = POLLIN, .revents = 0};
    int ready = 0;
    do {
      ready = ::poll(&poller, 1, static_cast<int>(keep_alive.count()));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
  }
  void BeginRequest() { answered_ = false; }
  void MarkAnswered() { answered_ = true; }
  bool open() const { return open_; }
  bool reset() const { return reset_; }

 private:
  bool Send(std::string_view bytes) {
    while (!bytes.empty() && !reset_) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) {
        open_ = false;
        return false;
      }
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return !reset_;
  }

  const int fd_;
  std::array<char, 8192> buffer_;
  size_t at_ = 0;
  size_t filled_ = 0;
  bool answered_ = false;
  bool open_ = true;
  bool reset_ = false;
};

HttpRequest Convert(const httplib::Request& from) {
  HttpRequest request{.method = from.method,
                      .path = from.path,
                      .target = from.target,
                      .params = {},
                      .if_none_match = from.get_header_value("If-None-Match"),
                      .wants_close = false};
  for (const auto& [name, value] : from.params) request.params.try_emplace(name, value);
  const std::string connection = from.get_header_value("Connection");
  request.wants_close = connection == "close" || (from.version == "HTTP/1.0" && connection != "keep-alive");
  return request;
}

class HttplibServer final : public HttpServer, private httplib::Server {
 public:
  HttplibServer(const HttpServerOptions& options, HttpHandler handler)
      : options_(options), handler_(std::move(handler)) {
    new_task_queue = [limit = options.max_connections] { return new GrowingPool(limit); };
    set_tcp_nodelay(true);
    set_write_timeout(60);
    // httplib's default, SO_REUSEPORT, would let two demos share a port unnoticed.
    set_socket_options([](socket_t fd) {
      const int yes = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      HttpRequest converted = Convert(request);
      if (converted.wants_close) current_->CloseAfter();
      handler_(converted, *current_);
      current_->MarkAnswered();
      return HandlerResponse::Handled;
    });
  }
  ~HttplibServer() override { Stop(); }

  Status Listen() {
    port_ = options_.port == 0 ? bind_to_any_port(options_.host)
                               : (bind_to_port(options_.host, options_.port) ? options_.port : -1);
    if (port_ <= 0) {
      return MakeError(ErrorCode::kIo,
                       fmt::format("demo: cannot listen on {}:{}", options_.host, options_.port),
                       "choose another port, or stop what listens there");
    }
    // httplib asks for a backlog of 5, which drops connections of clients that open many at once.
    ::listen(svr_sock_, 512);
    listener_ = std::thread([this] {
      listen_after_bind();
      ended_ = true;
    });
    while (!is_running() && !ended_) std::this_thread::yield();
    return Status::OK();
  }

  int port() const override { return port_; }

  void Stop() override {
    if (!listener_.joinable()) return;
    stop();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
    }
    listener_.join();
  }

 private:
  /// Replaces httplib's own loop over a connection's requests.
  bool process_and_close_socket(socket_t fd) override {
    if (!Register(fd)) return ::close(fd) == 0;
    SocketConnection connection(fd);
    current_ = &connection;
    while (connection.open() && connection.AwaitRequest(options_.keep_alive)) {
      connection.BeginRequest();
      bool closed = false;
      // httplib's verdict on the connection is not asked: it speaks of the answer that was dropped.
      if (!process_request(connection, false, closed, nullptr)) break;
    }
    current_ = nullptr;
    {
      const std::lock_guard lock(mutex_);
      connections_.erase(fd);
    }
    if (!connection.reset()) ::shutdown(fd, SHUT_WR);
    ::close(fd);
    return true;
  }

  /// False once the server stops.
  bool Register(int fd) {
    const std::lock_guard lock(mutex_);
    return !stopping_ && connections_.insert(fd).second;
  }

  static thread_local SocketConnection* current_;

  const HttpServerOptions options_;
  const HttpHandler handler_;
  int port_ = 0;
  std::thread listener_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::set<int> connections_;
  bool stopping_ = false;
};

thread_local SocketConnection* HttplibServer::current_ = nullptr;

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, HttpHandler handler) {
  auto server = std::make_unique<HttplibServer>(options, std::move(handler));
  ARROW_RETURN_NOT_OK(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ingesta::demo
