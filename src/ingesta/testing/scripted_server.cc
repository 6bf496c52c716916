#include "ingesta/testing/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "ingesta/testing/scripted_wire.h"

namespace ingesta::testing {
namespace {

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

Result<SslContext> MakeContext(const ScriptedServerOptions& options) {
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  std::unique_ptr<BIO, decltype(&BIO_free)> certificate_bio(
      BIO_new_mem_buf(options.certificate_pem.data(), static_cast<int>(options.certificate_pem.size())),
      BIO_free);
  std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(
      BIO_new_mem_buf(options.key_pem.data(), static_cast<int>(options.key_pem.size())), BIO_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr), X509_free);
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!certificate || !key || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return MakeError(ErrorCode::kUsage, "scripted server: certificate or key is not usable PEM");
  }
  return context;
}

void IgnoreSigpipeInThisThread() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

struct Connection {
  explicit Connection(int fd) : channel(fd) {}
  Channel channel;
  std::thread thread;
  std::atomic<bool> done{false};
};

}  // namespace

class ScriptedServer::Impl {
 public:
  explicit Impl(SslContext context) : context_(std::move(context)) {}

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (acceptor_.joinable()) {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof one);
      acceptor_.join();
    }
    for (Connection& connection : connections_) connection.channel.Abort();
    for (Connection& connection : connections_) connection.thread.join();
    connections_.clear();
    if (listen_fd_ >= 0) close(listen_fd_);
    if (event_fd_ >= 0) close(event_fd_);
  }

  Status Listen(int port) {
    event_fd_ = eventfd(0, EFD_CLOEXEC);
    listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listen_fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    socklen_t size = sizeof address;
    if (bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listen_fd_, 512) != 0 ||
        getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return ErrnoError(errno, "scripted server: listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { AcceptLoop(); });
    return Status::OK();
  }

  void Route(std::string method, std::string prefix, Handler handler) {
    std::lock_guard lock(mutex_);
    for (auto& route : routes_) {
      if (route.method == method && route.prefix == prefix) {
        route.handler = std::move(handler);
        return;
      }
    }
    routes_.push_back({std::move(method), std::move(prefix), std::move(handler)});
  }

  std::string url() const { return fmt::format("http{}://127.0.0.1:{}", context_ ? "s" : "", port_); }
  int port() const { return port_; }

  std::vector<ReceivedRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const {
    std::lock_guard lock(mutex_);
    return accepted_;
  }
  int max_in_flight() const {
    std::lock_guard lock(mutex_);
    return max_in_flight_;
  }

 private:
  struct RouteEntry {
    std::string method;
    std::string prefix;
    Handler handler;
  };

  void AcceptLoop() {
    IgnoreSigpipeInThisThread();
    while (true) {
      pollfd fds[2] = {{listen_fd_, POLLIN, 0}, {event_fd_, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
      if (fds[1].revents != 0) return;
      const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Reap();
      Connection& connection = connections_.emplace_back(fd);
      int number = 0;
      {
        std::lock_guard lock(mutex_);
        number = accepted_++;
      }
      connection.thread = std::thread([this, &connection, number] {
        IgnoreSigpipeInThisThread();
        Serve(connection.channel, number);
        connection.channel.Close();
        connection.done = true;
      });
    }
  }

  /// Only the acceptor's thread (and, after it, the destructor) touches the list.
  void Reap() {
    for (auto it = connections_.begin(); it != connections_.end();) {
      if (!it->done) {
        ++it;
        continue;
      }
      it->thread.join();
      it = connections_.erase(it);
    }
  }

  void Serve(Channel& channel, int number) {
    if (context_ && !channel.Accept(context_.get())) return;
    std::string buffer;
    while (true) {
      std::optional<ReceivedRequest> request = ReadRequest(channel, buffer);
      if (!request) return;
      request->connection = number;
      request->at = RealClock().Monotonic();
      const Handler handler = Register(*request);
      const bool goes_on =
          WriteAnswer(channel, *request, handler(*request), [this](Millis wait) { return Pause(wait); });
      {
        std::lock_guard lock(mutex_);
        --in_flight_;
      }
      if (!goes_on) return;
    }
  }

  Handler Register(const ReceivedRequest& request) {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    max_in_flight_ = std::max(max_in_flight_, ++in_flight_);
    const RouteEntry* best = nullptr;
    for (const RouteEntry& route : routes_) {
      if (!route.method.empty() && route.method != request.method) continue;
      if (request.target.compare(0, route.prefix.size(), route.prefix) != 0) continue;
      if (best == nullptr || route.prefix.size() > best->prefix.size()) best = &route;
    }
    if (best != nullptr) return best->handler;
    return [](const ReceivedRequest& r) {
      return ScriptedAnswer::Status(404, "no route for " + r.method + " " + r.target);
    };
  }

  bool Pause(Millis wait) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, wait, [this] { return stopping_; });
  }

  SslContext context_;
  int listen_fd_ = -1;
  int event_fd_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::list<Connection> connections_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<RouteEntry> routes_;
  std::vector<ReceivedRequest> requests_;
  int accepted_ = 0;
  int in_flight_ = 0;
  int max_in_flight_ = 0;
};

std::string ReceivedRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return "";
}

bool ReceivedRequest::HasHeader(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& field) {
    return field.first.size() == name.size() &&
           strncasecmp(field.first.data(), name.data(), name.size()) == 0;
  });
}

ScriptedAnswer ScriptedAnswer::Json(std::string body, int status) {
  ScriptedAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

ScriptedAnswer ScriptedAnswer::Status(int status, std::string body,
                                      std::vector<std::pair<std::string, std::string>> headers) {
  ScriptedAnswer answer = Json(std::move(body), status);
  answer.headers = std::move(headers);
  return answer;
}

ScriptedAnswer ScriptedAnswer::Hang() {
  ScriptedAnswer answer;
  answer.silent = true;
  answer.end = End::kHang;
  return answer;
}

ScriptedAnswer ScriptedAnswer::Reset() {
  ScriptedAnswer answer;
  answer.silent = true;
  answer.end = End::kReset;
  return answer;
}

ScriptedAnswer ScriptedAnswer::CloseEarly() {
  ScriptedAnswer answer;
  answer.silent = true;
  answer.end = End::kClose;
  return answer;
}

ScriptedAnswer ScriptedAnswer::ShortBody(std::string body, size_t sent) {
  ScriptedAnswer answer = Json(std::move(body));
  answer.cut_after = sent;
  answer.end = End::kClose;
  return answer;
}

ScriptedAnswer ScriptedAnswer::Redirect(std::string location, int status) {
  return Status(status, "", {{"Location", std::move(location)}});
}

ScriptedServer::ScriptedServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScriptedServer::~ScriptedServer() = default;

Result<std::unique_ptr<ScriptedServer>> ScriptedServer::Start(ScriptedServerOptions options) {
  SslContext context(nullptr, SSL_CTX_free);
  if (!options.certificate_pem.empty()) {
    ARROW_ASSIGN_OR_RAISE(context, MakeContext(options));
  }
  auto impl = std::make_unique<Impl>(std::move(context));
  ARROW_RETURN_NOT_OK(impl->Listen(options.port));
  return std::unique_ptr<ScriptedServer>(new ScriptedServer(std::move(impl)));
}

void ScriptedServer::On(std::string method, std::string target_prefix, std::vector<ScriptedAnswer> answers) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  OnCall(std::move(method), std::move(target_prefix),
         [answers = std::move(answers), next](const ReceivedRequest&) {
           return answers[std::min(next->fetch_add(1), answers.size() - 1)];
         });
}

void ScriptedServer::On(std::string method, std::string target_prefix, ScriptedAnswer answer) {
  On(std::move(method), std::move(target_prefix), std::vector<ScriptedAnswer>{std::move(answer)});
}

void ScriptedServer::OnCall(std::string method, std::string target_prefix, Handler handler) {
  impl_->Route(std::move(method), std::move(target_prefix), std::move(handler));
}

std::string ScriptedServer::url() const {
  return impl_->url();
}
int ScriptedServer::port() const {
  return impl_->port();
}
std::vector<ReceivedRequest> ScriptedServer::requests() const {
  return impl_->requests();
}

int ScriptedServer::Count(std::string_view method, std::string_view target_prefix) const {
  const std::vector<ReceivedRequest> all = impl_->requests();
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const ReceivedRequest& request) {
    return (method.empty() || request.method == method) &&
           request.target.compare(0, target_prefix.size(), target_prefix) == 0;
  }));
}

int ScriptedServer::connections() const {
  return impl_->connections();
}
int ScriptedServer::max_in_flight() const {
  return impl_->max_in_flight();
}

}  // namespace ingesta::testing
