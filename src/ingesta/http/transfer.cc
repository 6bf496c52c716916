#include "ingesta/http/transfer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "ingesta/base/container.h"
#include "ingesta/http/client.h"
#include "ingesta/http/retry.h"

namespace ingesta::http {
namespace {

constexpr int64_t kMaxHeaderBytes = 1 << 20;
/// The decompression ratio is judged from here on: small bodies may be very regular.
constexpr int64_t kRatioFrom = 1 << 20;
/// Reserve no more than this on the word of a Content-Length.
constexpr int64_t kMaxReserve = 64 << 20;

std::string FirstOf(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

bool HasControlCharacters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

Status TimeoutError(std::string message, std::string hint) {
  return MakeError(
      ErrorDetail::Fields{
          .code = ErrorCode::kTimeout, .stage = {}, .retryable = true, .hint = std::move(hint)},
      std::move(message));
}

}  // namespace

NetworkSettings NetworkSettings::FromEnvironment() {
  NetworkSettings settings;
  settings.ca_file = FirstOf({"CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"});
  settings.ca_path = FirstOf({"SSL_CERT_DIR"});
  // In a CGI program HTTP_PROXY is the client's `Proxy:` header: the reason why curl ignores it.
  if (std::getenv("REQUEST_METHOD") == nullptr && FirstOf({"http_proxy", "all_proxy", "ALL_PROXY"}).empty()) {
    settings.http_proxy = FirstOf({"HTTP_PROXY"});
  }
  return settings;
}

Transfer::Transfer(const NetworkSettings& settings, std::chrono::nanoseconds& stalled)
    : settings_(settings), stalled_(stalled), easy_(curl_easy_init()) {
  sink_ = [this](std::string_view bytes) { return TakeDecoded(bytes); };
}

Transfer::~Transfer() {
  curl_slist_free_all(header_list_);
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  if (upload_fd_ >= 0) close(upload_fd_);
}

Status Transfer::Begin(const Request& request, const TransferLimits& limits, const Classifier& classify) {
  if (easy_ == nullptr) return MakeError(ErrorCode::kInternal, "curl gives no handle: out of memory");
  request_ = &request;
  classify_ = classify;
  limits_ = limits;
  ARROW_ASSIGN_OR_RAISE(origin_, OriginOf(request.url));
  response_ = Response();
  response_.url = request.url;
  failure_ = Status::OK();
  decoder_.reset();
  content_length_.reset();
  header_bytes_ = decoded_bytes_ = uploaded_ = 0;
  connected_ = body_begun_ = streams_ = delivered_ = false;
  curl_text_[0] = '\0';
  curl_easy_reset(easy_);
  SetOptions();
  ARROW_RETURN_NOT_OK(SetHeaders());
  ARROW_RETURN_NOT_OK(SetUpload());
  started_ = last_byte_ = std::chrono::steady_clock::now();
  stalled_at_start_ = stalled_;
  return Status::OK();
}

void Transfer::SetOptions() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_URL, request_->url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 64L * 1024);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, curl_text_);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.timeouts.connect.count()));
  // Without it, giving up on a name waits for the resolver's own time-outs.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  if (!settings_.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (!settings_.ca_path.empty()) curl_easy_setopt(easy_, CURLOPT_CAPATH, settings_.ca_path.c_str());
  if (!settings_.http_proxy.empty() && origin_.compare(0, 5, "http:") == 0) {
    curl_easy_setopt(easy_, CURLOPT_PROXY, settings_.http_proxy.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::OnConnected);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
}

Status Transfer::SetHeaders() {
  curl_slist_free_all(header_list_);
  header_list_ = nullptr;
  const auto append = [this](const std::string& line) {
    header_list_ = curl_slist_append(header_list_, line.c_str());
  };
  for (const auto& [name, value] : request_->headers.fields()) {
    if (name.empty() || HasControlCharacters(name) || HasControlCharacters(value) ||
        name.find_first_of(": \t") != std::string::npos) {
      return MakeError(
          ErrorCode::kInvalidConfig,
          fmt::format("the header `{}` has characters that no header may have", PrintableExcerpt(name)),
          "look for a line break in the variable that its value comes from");
    }
    append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (request_->headers.Find("Accept-Encoding") == nullptr) append("Accept-Encoding: gzip, zstd");
  append("Expect:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  return Status::OK();
}

Status Transfer::SetUpload() {
  if (upload_fd_ >= 0) close(upload_fd_);
  upload_fd_ = -1;
  const std::string& method = request_->method;
  if (method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return Status::OK();
  }
  const bool has_body = request_->body.size() > 0 || method == "POST" || method == "PUT" || method == "PATCH";
  if (has_body) {
    if (!request_->body.file.empty()) {
      upload_fd_ = open(request_->body.file.c_str(), O_RDONLY | O_CLOEXEC);
      if (upload_fd_ < 0) return ErrnoError(errno, "open " + request_->body.file);
    }
    curl_easy_setopt(easy_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_->body.size()));
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &Transfer::OnUpload);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &Transfer::OnSeek);
    curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
  }
  if (method != "GET" || has_body) curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
  // curl quietly repeats a request on which a reused connection dies: only where repeating is allowed.
  if (!MayRepeat(*request_) || request_->fresh_connection) {
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
  }
  return Status::OK();
}

int Transfer::OnConnected(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->connected_ = true;
  transfer->last_byte_ = std::chrono::steady_clock::now();
  return CURL_PREREQFUNC_OK;
}

size_t Transfer::OnUpload(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  const UploadBody& body = transfer->request_->body;
  transfer->last_byte_ = std::chrono::steady_clock::now();
  const size_t wanted = std::min(size * count, static_cast<size_t>(body.size() - transfer->uploaded_));
  if (transfer->upload_fd_ < 0) {
    std::memcpy(data, body.bytes.data() + transfer->uploaded_, wanted);
    transfer->uploaded_ += static_cast<int64_t>(wanted);
    return wanted;
  }
  if (wanted == 0) return 0;
  const ssize_t got = pread(transfer->upload_fd_, data, wanted, body.offset + transfer->uploaded_);
  if (got <= 0) {
    transfer->failure_ = got < 0
                             ? ErrnoError(errno, "read " + body.file)
                             : MakeError(ErrorCode::kIo, body.file + " is shorter than what was to be sent");
    return CURL_READFUNC_ABORT;
  }
  transfer->uploaded_ += got;
  return static_cast<size_t>(got);
}

int Transfer::OnSeek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(self)->uploaded_ = offset;
  return CURL_SEEKFUNC_OK;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->last_byte_ = std::chrono::steady_clock::now();
  transfer->failure_ = transfer->TakeHeaderLine(std::string_view(data, size * count));
  return transfer->failure_.ok() ? size * count : 0;
}

Status Transfer::TakeHeaderLine(std::string_view line) {
  header_bytes_ += static_cast<int64_t>(line.size());
  if (header_bytes_ > kMaxHeaderBytes)
    return MakeError(ErrorCode::kBodyTooLarge, "the answer's headers exceed 1 MiB");
  if (line.compare(0, 5, "HTTP/") == 0) {  // again after 100 Continue
    response_.headers = Headers();
    response_.status = 0;
    const size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), response_.status);
    }
    return Status::OK();
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Status::OK();
  response_.headers.Add(std::string(Trimmed(line.substr(0, colon))),
                        std::string(Trimmed(line.substr(colon + 1))));
  return Status::OK();
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->failure_ = transfer->TakeBody(std::string_view(data, size * count));
  // After the callback: while on_body holds us back, the service can't be idle.
  transfer->last_byte_ = std::chrono::steady_clock::now();
  return transfer->failure_.ok() ? size * count : 0;
}

Status Transfer::BeginBody() {
  body_begun_ = true;
  if (const std::string* length = response_.headers.Find("Content-Length")) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), value);
    if (error == std::errc() && value >= 0) content_length_ = value;
  }
  const std::string* accepted = request_->headers.Find("Accept-Encoding");
  const std::string* encoding = response_.headers.Find("Content-Encoding");
  if (encoding != nullptr && (accepted == nullptr || strcasecmp(accepted->c_str(), "identity") != 0)) {
    ARROW_ASSIGN_OR_RAISE(decoder_, MakeContentDecoder(*encoding));
  }
  if (request_->on_body) streams_ = classify_(response_) == Verdict::kSuccess;
  if (decoder_ == nullptr && content_length_) {
    if (*content_length_ > limits_.max_body) {
      return MakeError(ErrorCode::kBodyTooLarge,
                       fmt::format("the body is announced with {} bytes, above max_body of {}",
                                   *content_length_, limits_.max_body),
                       "raise client.max_body, or ask for smaller pages");
    }
    if (!streams_) response_.body.reserve(static_cast<size_t>(std::min(*content_length_, kMaxReserve)));
  }
  return Status::OK();
}

Status Transfer::TakeBody(std::string_view bytes) {
  if (!body_begun_) ARROW_RETURN_NOT_OK(BeginBody());
  response_.wire_bytes += static_cast<int64_t>(bytes.size());
  return decoder_ != nullptr ? decoder_->Feed(bytes, sink_) : TakeDecoded(bytes);
}

Status Transfer::TakeDecoded(std::string_view bytes) {
  decoded_bytes_ += static_cast<int64_t>(bytes.size());
  if (decoded_bytes_ > limits_.max_body) {
    return MakeError(ErrorCode::kBodyTooLarge,
                     fmt::format("the body exceeds max_body of {} bytes", limits_.max_body),
                     "raise client.max_body, or ask for smaller pages");
  }
  if (decoder_ != nullptr && decoded_bytes_ > kRatioFrom &&
      decoded_bytes_ / limits_.max_decompressed_ratio > response_.wire_bytes) {
    return MakeError(
        ErrorCode::kBodyTooLarge,
        fmt::format("the body unpacks to more than {} times its size ({} bytes received, {} unpacked so "
                    "far), above max_decompressed_ratio",
                    limits_.max_decompressed_ratio, response_.wire_bytes, decoded_bytes_),
        "where such a body is right, raise client.max_decompressed_ratio");
  }
  if (!streams_) {
    response_.body.append(bytes);
    return Status::OK();
  }
  delivered_ = true;
  const SteadyTime before = std::chrono::steady_clock::now();
  Status status = request_->on_body(bytes);
  stalled_ += std::chrono::steady_clock::now() - before;
  return status;
}

SteadyTime Transfer::IdleDeadline() const {
  return last_byte_ + limits_.timeouts.idle;
}

SteadyTime Transfer::TotalDeadline() const {
  return started_ + limits_.timeouts.total +
         std::chrono::duration_cast<SteadyTime::duration>(stalled_ - stalled_at_start_);
}

SteadyTime Transfer::NextCheck() const {
  return connected_ ? std::min(IdleDeadline(), TotalDeadline()) : TotalDeadline();
}

Status Transfer::CheckTimeouts(SteadyTime now) const {
  const std::string progress = response_.status == 0
                                   ? fmt::format("waiting for the answer of {}", origin_)
                                   : fmt::format("after {} bytes of the body", response_.wire_bytes);
  constexpr char kHint[] =
      "the service is slow or stuck: look at its log; where such waits are normal, raise client.timeouts";
  // curl's own connect time-out should come first; this is for what it does not cover.
  if (!connected_ && now >= TotalDeadline()) {
    return TimeoutError(fmt::format("no connection to {} within {} (our time-out `total`)", origin_,
                                    FormatSeconds(limits_.timeouts.total)),
                        kHint);
  }
  if (connected_ && now >= IdleDeadline()) {
    return TimeoutError(fmt::format("no byte for {} (our time-out `idle`), {}",
                                    FormatSeconds(limits_.timeouts.idle), progress),
                        kHint);
  }
  if (now >= TotalDeadline()) {
    return TimeoutError(fmt::format("not finished within {} (our time-out `total`), {}",
                                    FormatSeconds(limits_.timeouts.total), progress),
                        kHint);
  }
  return Status::OK();
}

TransportFacts Transfer::Facts() const {
  TransportFacts facts;
  facts.origin = origin_;
  facts.curl_text = curl_text_;
  long number = 0;
  curl_easy_getinfo(easy_, CURLINFO_SSL_VERIFYRESULT, &facts.verify_result);
  if (curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &number) == CURLE_OK)
    facts.os_errno = static_cast<int>(number);
  facts.answered = response_.status != 0;
  facts.body_bytes = response_.wire_bytes;
  facts.expected_bytes = content_length_;
  facts.connect_timeout = limits_.timeouts.connect;
  facts.reach_hint = request_->reach_hint.empty() ? ReachHint(InContainer()) : request_->reach_hint;
  return facts;
}

Result<Response> Transfer::Finish(CURLcode code) {
  ARROW_RETURN_NOT_OK(failure_);
  // A service may refuse an upload and close before it has read it all: its answer counts.
  const bool refused_early = code == CURLE_SEND_ERROR && response_.status >= 300;
  if (code != CURLE_OK && !refused_early) {
    if (curl_text_[0] == '\0') std::strncpy(curl_text_, curl_easy_strerror(code), sizeof curl_text_ - 1);
    return TransportError(code, Facts());
  }
  if (decoder_ != nullptr) ARROW_RETURN_NOT_OK(decoder_->Finish());
  response_.elapsed = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - started_);
  return std::move(response_);
}

}  // namespace ingesta::http
