// Answers as Flask, Spring Boot and Express put them on the wire, and the breakages of them that faults ask
// for. Values, and functions without state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ingesta/base/clock.h"
#include "ingesta/demo/faults.h"
#include "ingesta/demo/http_server.h"

namespace ingesta::demo {

enum class Framework { kFlask, kSpring, kExpress };

using Body = std::shared_ptr<const std::string>;
/// Takes the next part of a body; false once nobody reads it.
using Sink = std::function<bool(std::string_view)>;

struct Answer {
  std::string head;  ///< status line and headers, each with its CRLF, without the empty line
  Body body;
  bool chunked = false;
  bool close = false;  ///< the connection ends with the answer
  /// Where set, in place of `body`: a chunked body too large to hold.
  std::function<void(const Sink&)> stream;
};

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

/// An answer with a body in the framework's style. Spring without a body: pass an empty one.
Answer MakeAnswer(Framework framework, int status, std::string_view content_type, Body body, SystemTime now);
/// A chunked answer of Spring's, written as it is made.
Answer MakeStream(std::function<void(const Sink&)> stream, SystemTime now);
/// What the framework says to an error: HTML of some 30 kB (Flask), JSON with timestamp and path (Spring),
/// JSON with `error` (Express).
Answer MakeErrorAnswer(Framework framework, int status, std::string_view path, SystemTime now);
/// The body of an error as Spring has it.
std::string SpringErrorBody(int status, std::string_view path, SystemTime now);
/// 404 for a path that no route knows.
Answer MakeUnknownPath(Framework framework, std::string_view path, SystemTime now);
/// 304, for Express. `etag` as sent.
Answer MakeNotModified(std::string_view etag, SystemTime now);
/// The ETag that Express gives a body.
std::string EntityTag(std::string_view body);
/// Put a header line at the end of an answer's head.
void AddHeader(std::string_view name, std::string_view value, Answer* answer);
/// `Tue, 24 Nov 2026 03:49:16 GMT`.
std::string HttpDate(SystemTime time);

/// Send an answer, `fault` (may be nullptr) done to its bytes.
void SendAnswer(const Answer& answer, const Fault* fault, Connection& connection);

}  // namespace ingesta::demo
