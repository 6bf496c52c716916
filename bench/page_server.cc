// A static productos service for whole-run benchmarks: one thread on epoll, so that the server takes as
// little of the machine as it can. Records are rendered once; a page is a copy of them with the ids patched
// in. Loopback only.
//
//   page_server [--rows N] [--latency-ms N] [--port N]     prints `port N` once it listens; --port 0 takes a
//   free one
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/productos_json.h"

namespace ingesta::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  int64_t rows = 1'000'000;
  int64_t latency_ms = 0;
  int port = 0;
};

/// Records rendered once, and where their ids stand in the text.
class Catalogue {
 public:
  explicit Catalogue(int64_t rows) : rows_(rows) {
    for (int64_t index = 0; index < kTemplates; ++index) {
      const Producto row = MakeProducto(index);
      std::string text;
      AppendJson(row, &text);
      const std::string id = std::to_string(row.id);
      const size_t id_at = text.find("\"id\":" + id) + 5;
      const size_t sku_at = text.find("SKU-" + id) + 4;
      templates_.push_back({std::move(text), id_at, sku_at});
    }
  }

  int64_t rows() const { return rows_; }

  /// Records [first, first + count), comma separated; count is cut to what there is.
  void Append(int64_t first, int64_t count, std::string* out) const {
    const int64_t end = std::min(rows_, first + count);
    for (int64_t index = first; index < end; ++index) {
      const Template& record = templates_[static_cast<size_t>(index % kTemplates)];
      if (index != first) out->push_back(',');
      const size_t at = out->size();
      *out += record.text;
      char id[8];
      std::to_chars(id, id + 8, kFirstId + index);
      std::memcpy(out->data() + at + record.id_at, id, 8);
      std::memcpy(out->data() + at + record.sku_at, id, 8);
    }
  }

  /// The record of `id`, or nothing.
  std::optional<std::string> Find(int64_t id) const {
    if (id < kFirstId || id >= kFirstId + rows_) return std::nullopt;
    std::string text;
    Append(id - kFirstId, 1, &text);
    return text;
  }

 private:
  static constexpr int64_t kTemplates = 5'000;
  static constexpr int64_t kFirstId = 10'000'000;
  struct Template {
    std::string text;
    size_t id_at;
    size_t sku_at;
  };
  int64_t rows_;
  std::vector<Template> templates_;
};

int64_t ToInt(std::string_view text, int64_t otherwise) {
  int64_t value = otherwise;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? value : otherwise;
}

int64_t QueryInt(std::string_view query, std::string_view name, int64_t otherwise) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == name)
      return ToInt(pair.substr(equals + 1), otherwise);
  }
  return otherwise;
}

void AppendResponse(int status, std::string_view body, std::string* out) {
  *out += fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                      status == 200 ? "200 OK" : "404 NOT FOUND", body.size());
  *out += body;
}

void AppendPage(const Catalogue& catalogue, std::string_view query, std::string* out) {
  const int64_t page = std::clamp<int64_t>(QueryInt(query, "page", 1), 1, 1'000'000'000);
  const int64_t per_page = std::clamp<int64_t>(QueryInt(query, "per_page", 20), 1, 100'000);
  const int64_t pages = (catalogue.rows() + per_page - 1) / per_page;
  static std::string body;  // keeps its capacity from page to page
  body = fmt::format("{{\"current_page\":{},\"pages\":{},\"productos\":[", page, pages);
  catalogue.Append((page - 1) * per_page, per_page, &body);
  body += fmt::format("],\"total\":{}}}\n", catalogue.rows());
  AppendResponse(200, body, out);
}

void Answer(const Catalogue& catalogue, std::string_view target, std::string* out) {
  const size_t mark = std::min(target.size(), target.find('?'));
  const std::string_view path = target.substr(0, mark);
  constexpr std::string_view kRecords = "/api/productos/";
  if (path == "/api/productos")
    return AppendPage(catalogue, target.substr(std::min(target.size(), mark + 1)), out);
  if (path == "/health") return AppendResponse(200, R"({"status":"ok"})", out);
  if (path == "/api/categorias") {
    return AppendResponse(200,
                          R"([{"descripcion":"Libros y revistas","id":1,"nombre":"Libros"},)"
                          R"({"descripcion":null,"id":2,"nombre":"Ropa"}])",
                          out);
  }
  if (path.substr(0, kRecords.size()) == kRecords) {
    if (const auto record = catalogue.Find(ToInt(path.substr(kRecords.size()), -1))) {
      return AppendResponse(200, *record, out);
    }
  }
  AppendResponse(404, R"({"error":"not found"})", out);
}

struct Connection {
  int fd = -1;
  std::string in;
  std::string out;
  size_t sent = 0;
  bool waits = false;  ///< a request is in the latency queue
  bool close_after = false;
};

class Server {
 public:
  Server(const Settings& settings, int listener)
      : settings_(settings),
        catalogue_(settings.rows),
        listener_(listener),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    Watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    Watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) Handle(events[static_cast<size_t>(i)]);
    }
  }

 private:
  struct Delayed {
    Clock::time_point due;
    int fd;
    uint64_t serial;  ///< of the connection: its fd may have been taken over by another one
    std::string target;
  };

  void Watch(int fd, uint32_t wanted, int operation) const {
    epoll_event event = {};
    event.events = wanted;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void Handle(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return Accept();
    if (fd == timer_) return AnswerDue();
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) return Drop(fd);
    if ((event.events & EPOLLOUT) != 0 && !Send(found->second)) return Drop(fd);
    if ((event.events & EPOLLIN) != 0 && !Receive(found->second)) Drop(fd);
  }

  void Accept() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      connections_[fd].fd = fd;
      serials_[fd] = ++last_serial_;
      Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void Drop(int fd) {
    connections_.erase(fd);
    serials_.erase(fd);
    ::close(fd);
  }

  /// False where the connection is over.
  bool Receive(Connection& connection) {
    char buffer[8192];
    while (true) {
      const ssize_t count = ::recv(connection.fd, buffer, sizeof(buffer), 0);
      if (count == 0) return false;
      if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) return false;
        break;
      }
      connection.in.append(buffer, static_cast<size_t>(count));
      if (connection.in.size() > 65'536) return false;
    }
    return NextRequest(connection);
  }

  /// Take one request from what was received; those that follow it wait for its answer.
  bool NextRequest(Connection& connection) {
    if (connection.waits || !connection.out.empty()) return true;
    const size_t end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::string_view head(connection.in.data(), end);
    const size_t from = head.find(' ');
    const size_t to = from == head.npos ? from : head.find(' ', from + 1);
    if (to == head.npos || head.substr(0, from) != "GET") return false;
    std::string target(head.substr(from + 1, to - from - 1));
    connection.close_after = head.find("\r\nConnection: close") != head.npos;
    connection.in.erase(0, end + 4);
    if (settings_.latency_ms == 0) {
      Answer(catalogue_, target, &connection.out);
      return Send(connection);
    }
    connection.waits = true;
    delayed_.push_back({Clock::now() + std::chrono::milliseconds(settings_.latency_ms), connection.fd,
                        serials_[connection.fd], std::move(target)});
    if (delayed_.size() == 1) SetTimer();
    return true;
  }

  void SetTimer() const {
    // The same latency for all: the queue is in the order of its due times.
    const auto since = delayed_.front().due.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    itimerspec spec = {};
    spec.it_value.tv_sec = seconds.count();
    spec.it_value.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void AnswerDue() {
    uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof(expirations)) < 0) return;
    const auto now = Clock::now();
    while (!delayed_.empty() && delayed_.front().due <= now) {
      const Delayed request = std::move(delayed_.front());
      delayed_.pop_front();
      const auto serial = serials_.find(request.fd);
      if (serial == serials_.end() || serial->second != request.serial) continue;
      Connection& connection = connections_[request.fd];
      connection.waits = false;
      Answer(catalogue_, request.target, &connection.out);
      if (!Send(connection)) Drop(request.fd);
    }
    if (!delayed_.empty()) SetTimer();
  }

  /// False where the connection is over.
  bool Send(Connection& connection) {
    while (connection.sent < connection.out.size()) {
      const ssize_t count = ::send(connection.fd, connection.out.data() + connection.sent,
                                   connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) {
        Watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return true;
      }
      if (count < 0) return false;
      connection.sent += static_cast<size_t>(count);
    }
    if (connection.out.empty()) return true;
    connection.out.clear();
    connection.sent = 0;
    if (connection.close_after) return false;
    Watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
    return NextRequest(connection);
  }

  Settings settings_;
  Catalogue catalogue_;
  int listener_;
  int epoll_;
  int timer_;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<int, uint64_t> serials_;
  uint64_t last_serial_ = 0;
  std::deque<Delayed> delayed_;
};

std::optional<Settings> ParseArguments(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const int64_t value = i + 1 < argc ? ToInt(argv[i + 1], -1) : -1;
    if (value < 0) return std::nullopt;
    if (name == "--rows" && value <= 80'000'000) {
      settings.rows = value;
    } else if (name == "--latency-ms") {
      settings.latency_ms = value;
    } else if (name == "--port" && value <= 65'535) {
      settings.port = static_cast<int>(value);
    } else {
      return std::nullopt;
    }
  }
  return settings;
}

/// A listening socket on loopback; its port goes into `port`. -1 on failure.
int Listen(int* port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(*port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 || ::listen(fd, 512) != 0 || ::getsockname(fd, generic, &size) != 0)
    return -1;
  *port = ntohs(address.sin_port);
  return fd;
}

}  // namespace
}  // namespace ingesta::bench

int main(int argc, char** argv) {
  const auto settings = ingesta::bench::ParseArguments(argc, argv);
  if (!settings.has_value()) {
    std::fprintf(stderr, "usage: %s [--rows N] [--latency-ms N] [--port N]\n", argv[0]);
    return 2;
  }
  int port = settings->port;
  const int listener = ingesta::bench::Listen(&port);
  if (listener < 0) {
    std::fprintf(stderr, "listen on 127.0.0.1:%d: %s\n", port, std::strerror(errno));
    return 1;
  }
  std::printf("port %d\n", port);
  std::fflush(stdout);
  ingesta::bench::Server(*settings, listener).Run();
}
