// One attempt of one request on a reusable curl handle: options, headers, body up and down, limits, our own
// time-outs. Not thread-safe: the client's I/O thread owns it.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"
#include "ingesta/http/content_decoder.h"
#include "ingesta/http/errors.h"
#include "ingesta/http/message.h"

namespace ingesta::http {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What the environment says of certificates and proxies; read once a client.
struct NetworkSettings {
  std::string ca_file;     ///< CURL_CA_BUNDLE, SSL_CERT_FILE or AWS_CA_BUNDLE; empty = the system's
  std::string ca_path;     ///< SSL_CERT_DIR
  std::string http_proxy;  ///< HTTP_PROXY, which curl itself reads only in lower case; NO_PROXY still applies

  static NetworkSettings FromEnvironment();
};

struct TransferLimits {
  Timeouts timeouts;
  int64_t max_body = 0;
  int64_t max_decompressed_ratio = 0;
};

class Transfer {
 public:
  /// `settings` outlives the transfer. `stalled` is the time that the I/O thread has spent in callbacks of
  /// requests; it grows while this transfer calls one, and counts for no time-out.
  Transfer(const NetworkSettings& settings, std::chrono::nanoseconds& stalled);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Make the handle ready for `request`, which outlives the attempt. `classify` tells whether an answer's
  /// body goes to on_body.
  Status Begin(const Request& request, const TransferLimits& limits, const Classifier& classify);
  CURL* handle() const { return easy_; }

  /// kTimeout when one of our time-outs is over.
  Status CheckTimeouts(SteadyTime now) const;
  /// When CheckTimeouts should be asked next.
  SteadyTime NextCheck() const;

  /// After curl was done with `code`: the answer, or why there is none.
  Result<Response> Finish(CURLcode code);
  /// The request went out, at least in part: it may have had its effect.
  bool was_sent() const { return connected_; }
  /// on_body has got bytes.
  bool delivered() const { return delivered_; }

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnUpload(char* data, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static int OnConnected(void* self, char*, char*, int, int);

  void SetOptions();
  Status SetHeaders();
  Status SetUpload();
  Status TakeHeaderLine(std::string_view line);
  Status BeginBody();
  Status TakeBody(std::string_view bytes);
  Status TakeDecoded(std::string_view bytes);
  TransportFacts Facts() const;
  SteadyTime IdleDeadline() const;
  SteadyTime TotalDeadline() const;

  const NetworkSettings& settings_;
  std::chrono::nanoseconds& stalled_;
  CURL* easy_;
  curl_slist* header_list_ = nullptr;
  char curl_text_[CURL_ERROR_SIZE] = {};

  const Request* request_ = nullptr;
  Classifier classify_;
  TransferLimits limits_;
  std::string origin_;
  int upload_fd_ = -1;
  int64_t uploaded_ = 0;

  SteadyTime started_;
  SteadyTime last_byte_;
  std::chrono::nanoseconds stalled_at_start_{0};
  bool connected_ = false;
  Response response_;
  Status failure_;  ///< what a callback ended the transfer with
  std::unique_ptr<ContentDecoder> decoder_;
  BodySink sink_;
  int64_t header_bytes_ = 0;
  int64_t decoded_bytes_ = 0;
  std::optional<int64_t> content_length_;
  bool body_begun_ = false;
  bool streams_ = false;
  bool delivered_ = false;
};

}  // namespace ingesta::http
