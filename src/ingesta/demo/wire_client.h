// A plain HTTP client for the tests of this folder: it keeps the bytes as they came and tells how the answer
// ended. Not thread-safe.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ingesta::demo {

struct Reply {
  int status = 0;
  std::string head;       ///< status line and headers
  std::string body;       ///< without the frames of chunks
  bool complete = false;  ///< as long as promised, or with the last chunk
  bool closed = false;    ///< the server closed while this answer was read
  int error = 0;          ///< errno of the read that failed, such as ECONNRESET or EAGAIN (time-out)
};

class WireClient {
 public:
  /// Connect to `http://a.b.c.d:port`; reads give up after `read_timeout_ms`.
  explicit WireClient(const std::string& url, int read_timeout_ms = 10'000) {
    const size_t colon = url.rfind(':');
    const std::string host = url.substr(7, colon - 7);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::atoi(url.c_str() + colon + 1)));
    EXPECT_EQ(1, inet_pton(AF_INET, host.c_str(), &address.sin_addr));
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{.tv_sec = read_timeout_ms / 1000, .tv_usec = read_timeout_ms % 1000 * 1000};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    EXPECT_EQ(0, ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address)) << url;
  }
  ~WireClient() { ::close(fd_); }
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  void Send(std::string_view target, std::string_view headers = "", std::string_view method = "GET") {
    const std::string request =
        fmt::format("{} {} HTTP/1.1\r\nHost: demo\r\n{}\r\n", method, target, headers);
    EXPECT_EQ(static_cast<ssize_t>(request.size()),
              ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL));
  }

  Reply Read() {
    Reply reply;
    size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!More(&reply)) return reply;
    }
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    if (reply.head.find("Transfer-Encoding: chunked\r\n") != std::string::npos) {
      ReadChunks(&reply);
    } else {
      ReadLength(&reply);
    }
    return reply;
  }

  Reply Get(std::string_view target, std::string_view headers = "") {
    Send(target, headers);
    return Read();
  }

  /// Whether the server closes the connection before the read time-out.
  bool ReadsEnd() {
    char byte;
    return ::recv(fd_, &byte, 1, 0) == 0;
  }

 private:
  bool More(Reply* reply) {
    char block[65536];
    const ssize_t got = ::recv(fd_, block, sizeof block, 0);
    if (got > 0) {
      buffer_.append(block, static_cast<size_t>(got));
      return true;
    }
    reply->closed = got == 0;
    if (got < 0) reply->error = errno;
    return false;
  }

  void Take(size_t count, Reply* reply) {
    reply->body.append(buffer_, 0, count);
    buffer_.erase(0, count);
  }

  void ReadLength(Reply* reply) {
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = reply->head.find(kName);
    const size_t length = at == std::string::npos ? 0 : std::stoul(reply->head.substr(at + kName.size()));
    while (buffer_.size() < length) {
      if (!More(reply)) return Take(buffer_.size(), reply);
    }
    Take(length, reply);
    reply->complete = true;
  }

  void ReadChunks(Reply* reply) {
    for (;;) {
      size_t end = std::string::npos;
      while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!More(reply)) return;
      }
      const size_t size = std::stoul(buffer_.substr(0, end), nullptr, 16);
      while (buffer_.size() < end + 2 + size + 2) {
        if (!More(reply)) return;
      }
      buffer_.erase(0, end + 2);
      Take(size, reply);
      buffer_.erase(0, 2);
      if (size == 0) {
        reply->complete = true;
        return;
      }
    }
  }

  int fd_ = -1;
  std::string buffer_;
};

/// One answer on a connection of its own.
inline Reply Fetch(const std::string& url, std::string_view target, std::string_view headers = "") {
  WireClient client(url);
  return client.Get(target, headers);
}

}  // namespace ingesta::demo
