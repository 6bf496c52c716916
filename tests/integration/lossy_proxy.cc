#include "lossy_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace ingesta::integration {
namespace {

constexpr int kPollMillis = 100;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

bool SendAll(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<LossyProxy>> LossyProxy::Start(const std::string& endpoint) {
  std::unique_ptr<LossyProxy> proxy(new LossyProxy);
  proxy->server_port_ = std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str());
  proxy->listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(proxy->listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(proxy->listener_, 64) != 0 ||
      getsockname(proxy->listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return ErrnoError(errno, "the proxy cannot listen");
  }
  proxy->port_ = ntohs(address.sin_port);
  proxy->acceptor_ = std::thread([raw = proxy.get()] { raw->Accept(); });
  return proxy;
}

LossyProxy::~LossyProxy() {
  stopping_ = true;
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  if (listener_ >= 0) close(listener_);
}

std::string LossyProxy::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void LossyProxy::LoseAnswers(std::string first, std::string second, int times) {
  const std::lock_guard lock(mutex_);
  first_ = std::move(first);
  second_ = std::move(second);
  times_ = times;
}

bool LossyProxy::TakesAim(const std::string& sent) {
  const std::lock_guard lock(mutex_);
  if (times_ == 0 || sent.find(first_) == std::string::npos || sent.find(second_) == std::string::npos)
    return false;
  --times_;
  return true;
}

void LossyProxy::Accept() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kPollMillis) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) threads_.emplace_back([this, client] { Serve(client); });
  }
}

void LossyProxy::Serve(int client) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 65536> buffer;
  std::string head;  // of the request under way: enough to tell which one it is
  while (open && !stopping_) {
    std::array<pollfd, 2> sides = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (poll(sides.data(), sides.size(), kPollMillis) <= 0) continue;
    if (sides[0].revents != 0) {
      const ssize_t got = recv(client, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      if (head.size() < 8192) head.append(buffer.data(), static_cast<size_t>(got));
      open = SendAll(server, buffer.data(), static_cast<size_t>(got));
    }
    if (sides[1].revents != 0) {
      const ssize_t got = recv(server, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const bool interim =
          std::string_view(buffer.data(), static_cast<size_t>(got)).starts_with("HTTP/1.1 100");
      if (!interim && TakesAim(head)) {
        ++lost_;
        break;
      }
      if (!interim) head.clear();
      open = SendAll(client, buffer.data(), static_cast<size_t>(got));
    }
  }
  close(server);
  close(client);
}

}  // namespace ingesta::integration
