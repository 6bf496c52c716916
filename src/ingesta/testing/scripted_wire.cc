#include "ingesta/testing/scripted_wire.h"

#include <fmt/format.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>

namespace ingesta::testing {
namespace {

std::string Gzip(const std::string& body) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, body.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

size_t ParseSize(std::string_view text, int base) {
  size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

bool ReadUntilSize(Channel& channel, std::string& buffer, size_t size) {
  while (buffer.size() < size) {
    if (!channel.ReadMore(buffer)) return false;
  }
  return true;
}

/// The position after the first `mark` from `from` on, or npos at the end of the stream.
size_t ReadUntilMark(Channel& channel, std::string& buffer, std::string_view mark, size_t from) {
  while (true) {
    const size_t found = buffer.find(mark, from);
    if (found != std::string::npos) return found + mark.size();
    if (!channel.ReadMore(buffer)) return std::string::npos;
  }
}

bool ReadChunkedBody(Channel& channel, std::string& buffer, std::string& body) {
  while (true) {
    const size_t line_end = ReadUntilMark(channel, buffer, "\r\n", 0);
    if (line_end == std::string::npos) return false;
    const size_t size = ParseSize(std::string_view(buffer).substr(0, line_end - 2), 16);
    if (!ReadUntilSize(channel, buffer, line_end + size + 2)) return false;
    body.append(buffer, line_end, size);
    buffer.erase(0, line_end + size + 2);
    if (size == 0) return true;
  }
}

bool ReadBody(Channel& channel, std::string& buffer, ReceivedRequest& request) {
  if (!strcasecmp(request.Header("Expect").c_str(), "100-continue")) {
    if (!channel.Write("HTTP/1.1 100 Continue\r\n\r\n")) return false;
  }
  if (!strcasecmp(request.Header("Transfer-Encoding").c_str(), "chunked")) {
    return ReadChunkedBody(channel, buffer, request.body);
  }
  const size_t length = ParseSize(request.Header("Content-Length"), 10);
  if (!ReadUntilSize(channel, buffer, length)) return false;
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

std::string HeadOf(const ScriptedAnswer& answer, size_t body_size) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", answer.status);
  bool has_type = false;
  for (const auto& [name, value] : answer.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
    has_type = has_type || strcasecmp(name.c_str(), "Content-Type") == 0;
  }
  if (!has_type) head += "Content-Type: application/json\r\n";
  if (answer.gzip) head += "Content-Encoding: gzip\r\n";
  switch (answer.framing) {
    case ScriptedAnswer::Framing::kContentLength:
      head += fmt::format("Content-Length: {}\r\n",
                          answer.content_length.value_or(static_cast<int64_t>(body_size)));
      break;
    case ScriptedAnswer::Framing::kChunked:
    case ScriptedAnswer::Framing::kUnterminatedChunked:
      head += "Transfer-Encoding: chunked\r\n";
      break;
    case ScriptedAnswer::Framing::kUntilClose:
      break;
  }
  if (answer.end == ScriptedAnswer::End::kClose) head += "Connection: close\r\n";
  return head + "\r\n";
}

bool IsChunked(const ScriptedAnswer& answer) {
  return answer.framing == ScriptedAnswer::Framing::kChunked ||
         answer.framing == ScriptedAnswer::Framing::kUnterminatedChunked;
}

bool WriteBody(Channel& channel, const ScriptedAnswer& answer, std::string_view body, const Pause& pause) {
  const size_t piece_size = answer.drip_bytes > 0 ? answer.drip_bytes : 64 * 1024;
  while (!body.empty()) {
    if (answer.drip_bytes > 0 && (!pause(answer.drip_every) || channel.PeerClosed())) return false;
    const std::string_view piece = body.substr(0, piece_size);
    if (IsChunked(answer) && !channel.Write(fmt::format("{:x}\r\n", piece.size()))) return false;
    if (!channel.Write(piece)) return false;
    if (IsChunked(answer) && !channel.Write("\r\n")) return false;
    body.remove_prefix(piece.size());
  }
  return true;
}

bool Finish(Channel& channel, const ScriptedAnswer& answer, const Pause& pause) {
  switch (answer.end) {
    case ScriptedAnswer::End::kKeepAlive:
      // Without a length only the end of the connection ends the body, and a cut one cannot go on.
      return answer.framing != ScriptedAnswer::Framing::kUntilClose && !answer.cut_after;
    case ScriptedAnswer::End::kClose:
      return false;
    case ScriptedAnswer::End::kReset:
      channel.ResetOnClose();
      return false;
    case ScriptedAnswer::End::kHang:
      while (!channel.PeerClosed()) {
        if (!pause(Millis(20))) break;
      }
      return false;
  }
  return false;
}

}  // namespace

Channel::~Channel() {
  Close();
}

void Channel::Close() {
  std::lock_guard lock(closing_);
  if (fd_ < 0) return;
  if (ssl_ != nullptr) {
    if (!reset_) SSL_shutdown(ssl_);
    SSL_free(ssl_);
  }
  ssl_ = nullptr;
  close(fd_);
  fd_ = -1;
}

bool Channel::Accept(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  return SSL_accept(ssl_) == 1;
}

bool Channel::ReadMore(std::string& buffer) {
  char bytes[64 * 1024];
  const ssize_t count =
      ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes) : recv(fd_, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  buffer.append(bytes, static_cast<size_t>(count));
  return true;
}

bool Channel::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                          : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

void Channel::ResetOnClose() {
  const linger reset{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  reset_ = true;
}

void Channel::Abort() {
  std::lock_guard lock(closing_);
  if (fd_ >= 0) shutdown(fd_, SHUT_RDWR);
}

bool Channel::PeerClosed() const {
  char byte;
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

std::optional<ReceivedRequest> ReadRequest(Channel& channel, std::string& buffer) {
  const size_t head_end = ReadUntilMark(channel, buffer, "\r\n\r\n", 0);
  if (head_end == std::string::npos) return std::nullopt;
  ReceivedRequest request;
  std::string_view head(buffer.data(), head_end - 2);
  bool first = true;
  while (!head.empty()) {
    const size_t line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    head.remove_prefix(line_end + 2);
    if (first) {
      const size_t space = line.find(' ');
      if (space == std::string_view::npos) return std::nullopt;
      request.method = line.substr(0, space);
      request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
      first = false;
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(line.substr(0, colon),
                                 value == std::string_view::npos ? "" : line.substr(value));
  }
  buffer.erase(0, head_end);
  if (!ReadBody(channel, buffer, request)) return std::nullopt;
  return request;
}

bool WriteAnswer(Channel& channel, const ReceivedRequest& request, const ScriptedAnswer& answer,
                 const Pause& pause) {
  if (answer.delay.count() > 0 && !pause(answer.delay)) return false;
  if (answer.silent) return Finish(channel, answer, pause);
  const std::string compressed = answer.gzip ? Gzip(answer.body) : std::string();
  std::string_view body = answer.gzip ? compressed : answer.body;
  const bool without_body = request.method == "HEAD" || answer.status == 204 || answer.status == 304;
  const std::string head = HeadOf(answer, body.size());
  if (without_body) body = {};
  if (answer.cut_after) body = body.substr(0, *answer.cut_after);
  // One write for small answers: head and body in two segments would measure delayed acknowledgements.
  if (!IsChunked(answer) && answer.drip_bytes == 0 && body.size() <= 64 * 1024) {
    if (!channel.Write(head + std::string(body))) return false;
  } else if (!channel.Write(head) || !WriteBody(channel, answer, body, pause)) {
    return false;
  }
  if (answer.framing == ScriptedAnswer::Framing::kChunked && !answer.cut_after && !without_body) {
    if (!channel.Write("0\r\n\r\n")) return false;
  }
  return Finish(channel, answer, pause);
}

}  // namespace ingesta::testing
