#include "ingesta/demo/answer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ingesta/base/http_reason.h"

namespace ingesta::demo {
namespace {

constexpr size_t kChunk = 8192;  // Tomcat's buffer

std::string_view Reason(int status) {
  const std::string_view reason = HttpReason(status);
  return reason.empty() ? "Unknown" : reason;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

Answer FlaskAnswer(int status, std::string_view content_type, Body body, SystemTime now) {
  // Werkzeug spells the reasons of errors in capitals.
  const std::string reason = Upper(Reason(status));
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: Werkzeug/3.1.9 Python/3.11.7\r\nDate: {}\r\nContent-Type: {}\r\n"
      "Content-Length: {}\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n",
      status, reason, HttpDate(now), content_type, body->size());
  return Answer{
      .head = std::move(head), .body = std::move(body), .chunked = false, .close = true, .stream = {}};
}

std::string SpringHead(int status, std::string_view body_headers, SystemTime now) {
  // Tomcat sends no reason, and closes after what it could not make sense of.
  const bool close = status == 400 || status >= 500;
  return fmt::format(
      "HTTP/1.1 {} \r\nVary: Origin\r\nVary: Access-Control-Request-Method\r\n"
      "Vary: Access-Control-Request-Headers\r\n{}Date: {}\r\n{}",
      status, body_headers, HttpDate(now), close ? "Connection: close\r\n" : "");
}

Answer SpringAnswer(int status, std::string_view content_type, Body body, SystemTime now) {
  const bool empty = body->empty();
  const std::string body_headers =
      empty ? std::string("Content-Length: 0\r\n")
            : fmt::format("Content-Type: {}\r\nTransfer-Encoding: chunked\r\n", content_type);
  return Answer{.head = SpringHead(status, body_headers, now),
                .body = std::move(body),
                .chunked = !empty,
                .close = status == 400 || status >= 500,
                .stream = {}};
}

Answer ExpressAnswer(int status, std::string_view content_type, Body body, SystemTime now) {
  const std::string_view charset = content_type == kJsonType ? "; charset=utf-8" : "";
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nX-Powered-By: Express\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: {}{}\r\n"
      "Content-Length: {}\r\nETag: {}\r\nDate: {}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
      status, Reason(status), content_type, charset, body->size(), EntityTag(*body), HttpDate(now));
  return Answer{
      .head = std::move(head), .body = std::move(body), .chunked = false, .close = false, .stream = {}};
}

/// Werkzeug's debugger sends a page with the whole traceback.
std::string FlaskErrorPage(int status) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=en>\n  <head>\n    <title>{0} {1}</title>\n  </head>\n  "
      "<body>\n<h1>{1}</h1>\n"
      "<div class=\"traceback\">\n  <ul>\n",
      status, Reason(status));
  for (int line = 1; page.size() < 30'000; ++line) {
    page += fmt::format(
        "    <li><div class=\"frame\" id=\"frame-{0}\">\n      <h4>File "
        "<cite>\"app/rutas/modulo_{0}.py\"</cite>, line "
        "<em class=\"line\">{1}</em>, in <code>consulta_{0}</code></h4>\n      <pre>    return "
        "sesion.execute(orden)"
        "</pre></div>\n",
        line, 17 * line % 400);
  }
  page += "  </ul>\n</div>\n</body>\n</html>\n";
  return page;
}

Body Own(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

void AppendChunk(std::string_view data, std::string* wire) {
  wire->append(fmt::format("{:x}\r\n", data.size()));
  wire->append(data);
  wire->append("\r\n");
}

void AppendChunks(std::string_view data, std::string* wire) {
  for (size_t at = 0; at < data.size(); at += kChunk) AppendChunk(data.substr(at, kChunk), wire);
}

/// The whole answer as bytes; with `terminated` false a chunked body lacks its end.
std::string Wire(const Answer& answer, std::string_view body, bool terminated) {
  std::string wire = answer.head + "\r\n";
  if (!answer.chunked) return wire.append(body);
  wire.reserve(wire.size() + body.size() + body.size() / 512 + 64);
  AppendChunks(body, &wire);
  if (terminated) wire.append("0\r\n\r\n");
  return wire;
}

void SendStream(const Answer& answer, Connection& connection) {
  if (!connection.Write(answer.head + "\r\n")) return;
  std::string wire;
  bool reading = true;
  answer.stream([&](std::string_view part) {
    wire.clear();
    AppendChunks(part, &wire);
    return reading = reading && connection.Write(wire);
  });
  if (reading) connection.Write("0\r\n\r\n");
}

std::string WholeBody(const Answer& answer) {
  if (!answer.stream) return *answer.body;
  std::string whole;
  answer.stream([&](std::string_view part) {
    whole.append(part);
    return true;
  });
  return whole;
}

void Drip(std::string_view wire, const Fault& fault, Connection& connection) {
  const auto step = static_cast<size_t>(fault.bytes);
  for (size_t at = 0; at < wire.size(); at += step) {
    if (!connection.Write(wire.substr(at, step)) || !connection.Wait(fault.delay)) return;
  }
}

/// Break the syntax behind a key near the middle; the length stays, so that only a parser can tell.
void SpoilSyntax(std::string* body) {
  // Within a text a quote has a backslash before it: a letter, a quote and a colon are the end of a key.
  for (size_t i = body->size() / 2; i + 2 < body->size(); ++i) {
    const char before = (*body)[i];
    if (((before | 0x20) < 'a' || (before | 0x20) > 'z') || body->compare(i + 1, 2, "\":") != 0) continue;
    (*body)[i + 2] = '}';
    return;
  }
  if (!body->empty()) (*body)[0] = '}';
}

void SendFaulty(const Answer& answer, const Fault& fault, Connection& connection) {
  std::string body = WholeBody(answer);
  switch (fault.kind) {
    case FaultKind::kTruncate: {
      connection.CloseAfter();
      // The head still promises the whole.
      connection.Write(Wire(answer, std::string_view(body).substr(0, body.size() / 2), false));
      return;
    }
    case FaultKind::kReset: {
      const std::string wire = Wire(answer, body, true);
      if (fault.bytes > 0)
        connection.Write(std::string_view(wire).substr(0, static_cast<size_t>(fault.bytes)));
      return connection.Reset();
    }
    case FaultKind::kInvalidJson: {
      SpoilSyntax(&body);
      connection.Write(Wire(answer, body, true));
      return;
    }
    case FaultKind::kBrokenClientes: {
      connection.CloseAfter();
      const std::string_view cut = std::string_view(body).substr(0, body.size() / 2);
      std::string wire = Wire(answer, cut, false);
      AppendChunk("]" + SpringErrorBody(200, "/api/clientes", RealClock().Now()), &wire);
      connection.Write(wire);
      return;
    }
    default:
      return Drip(Wire(answer, body, true), fault, connection);
  }
}

}  // namespace

std::string HttpDate(SystemTime time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
}

std::string EntityTag(std::string_view body) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  std::string tag = fmt::format("W/\"{:x}-", body.size());
  for (int i = 0; i < 27; ++i) {
    const uint64_t word = i < 10   ? hash.low64 >> (6 * i)
                          : i < 20 ? hash.high64 >> (6 * (i - 10))
                                   : (hash.low64 ^ hash.high64 * 31) >> (6 * (i - 20));
    tag.push_back(kAlphabet[word & 63]);
  }
  tag.push_back('"');
  return tag;
}

void AddHeader(std::string_view name, std::string_view value, Answer* answer) {
  answer->head.append(name).append(": ").append(value).append("\r\n");
}

Answer MakeAnswer(Framework framework, int status, std::string_view content_type, Body body, SystemTime now) {
  switch (framework) {
    case Framework::kFlask:
      return FlaskAnswer(status, content_type, std::move(body), now);
    case Framework::kSpring:
      return SpringAnswer(status, content_type, std::move(body), now);
    case Framework::kExpress:
      return ExpressAnswer(status, content_type, std::move(body), now);
  }
  return {};
}

Answer MakeStream(std::function<void(const Sink&)> stream, SystemTime now) {
  return Answer{
      .head = SpringHead(200, "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", now),
      .body = Own(""),
      .chunked = true,
      .close = false,
      .stream = std::move(stream)};
}

std::string SpringErrorBody(int status, std::string_view path, SystemTime now) {
  const std::string time = FormatRfc3339(now);
  return fmt::format(R"({{"timestamp":"{}+00:00","status":{},"error":"{}","path":"{}"}})",
                     std::string_view(time).substr(0, time.size() - 1), status, Reason(status), path);
}

Answer MakeErrorAnswer(Framework framework, int status, std::string_view path, SystemTime now) {
  switch (framework) {
    case Framework::kFlask:
      return MakeAnswer(framework, status, kHtmlType, Own(FlaskErrorPage(status)), now);
    case Framework::kSpring:
      return MakeAnswer(framework, status, kJsonType, Own(SpringErrorBody(status, path, now)), now);
    case Framework::kExpress:
      return MakeAnswer(framework, status, kJsonType, Own(fmt::format(R"({{"error":"{}"}})", Reason(status))),
                        now);
  }
  return {};
}

Answer MakeUnknownPath(Framework framework, std::string_view path, SystemTime now) {
  switch (framework) {
    case Framework::kFlask:
      return MakeAnswer(
          framework, 404, kHtmlType,
          Own("<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
              "<p>The requested URL was not found on the server. If you entered the URL manually please "
              "check your spelling and try again.</p>\n"),
          now);
    case Framework::kSpring:
      return MakeAnswer(framework, 404, kJsonType, Own(SpringErrorBody(404, path, now)), now);
    case Framework::kExpress:
      return MakeAnswer(
          framework, 404, kHtmlType,
          Own(fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET {}</pre>\n</body>\n"
                          "</html>\n",
                          path)),
          now);
  }
  return {};
}

Answer MakeNotModified(std::string_view etag, SystemTime now) {
  return Answer{.head = fmt::format("HTTP/1.1 304 Not Modified\r\nX-Powered-By: Express\r\n"
                                    "Access-Control-Allow-Origin: *\r\nETag: {}\r\nDate: {}\r\n"
                                    "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
                                    etag, HttpDate(now)),
                .body = Own(""),
                .chunked = false,
                .close = false,
                .stream = {}};
}

void SendAnswer(const Answer& answer, const Fault* fault, Connection& connection) {
  if (answer.close) connection.CloseAfter();
  if (fault != nullptr) return SendFaulty(answer, *fault, connection);
  if (answer.stream) return SendStream(answer, connection);
  // A large body that needs no frames goes out from where it is.
  if (!answer.chunked && answer.body->size() > 64 * 1024) {
    if (connection.Write(answer.head + "\r\n")) connection.Write(*answer.body);
    return;
  }
  connection.Write(Wire(answer, *answer.body, true));
}

}  // namespace ingesta::demo
