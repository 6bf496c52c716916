#include "ingesta/aws/service_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "ingesta/aws/text.h"
#include "ingesta/aws/xml.h"

namespace ingesta::aws {
namespace {

constexpr std::array<std::string_view, 12> kThrottled = {"SlowDown",
                                                         "Throttling",
                                                         "ThrottlingException",
                                                         "ThrottledException",
                                                         "RequestThrottled",
                                                         "RequestThrottledException",
                                                         "TooManyRequestsException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "LimitExceededException",
                                                         "PriorRequestNotComplete",
                                                         "TransactionInProgressException"};
constexpr std::array<std::string_view, 7> kTemporary = {
    "RequestTimeout",     "RequestTimeoutException", "InternalError",        "InternalFailure",
    "ServiceUnavailable", "OperationAborted",        "IDPCommunicationError"};
constexpr std::array<std::string_view, 7> kExpired = {"ExpiredToken",
                                                      "ExpiredTokenException",
                                                      "InvalidToken",
                                                      "InvalidTokenId",
                                                      "TokenRefreshRequired",
                                                      "InvalidClientTokenId",
                                                      "UnrecognizedClientException"};
constexpr std::array<std::string_view, 3> kSkewed = {"RequestTimeTooSkewed", "RequestExpired",
                                                     "RequestInTheFuture"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view code) {
  return std::find(list.begin(), list.end(), code) != list.end();
}

std::string_view CodeOfStatus(int status) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 304:
      return "NotModified";
    case 307:
      return "TemporaryRedirect";
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 405:
      return "MethodNotAllowed";
    case 409:
      return "Conflict";
    case 412:
      return "PreconditionFailed";
    case 501:
      return "NotImplemented";
    default:
      return "Error";
  }
}

void ReadXml(const http::Response& response, ServiceError* error) {
  const Result<XmlNode> root = ParseXml(response.body);
  if (!root.ok()) return;
  const XmlNode* node = root->name == "Error" ? &*root : root->Find("Error");
  if (node == nullptr) return;
  error->code = node->ChildText("Code");
  error->message = node->ChildText("Message");
  if (error->region.empty()) error->region = node->ChildText("Region");
  if (error->request_id.empty()) {
    const XmlNode* id = root->Child("RequestId");
    error->request_id = id != nullptr ? id->text : node->ChildText("RequestId");
  }
  error->has_body = !error->code.empty();
}

void ReadJson(const http::Response& response, ServiceError* error) {
  const auto members = ParseJsonObject(response.body, "the answer");
  if (!members.ok()) return;
  for (const char* name : {"__type", "code", "Code", "error"}) {
    if (error->code.empty() && members->count(name) != 0) error->code = members->at(name);
  }
  for (const char* name : {"message", "Message", "error_description"}) {
    if (error->message.empty() && members->count(name) != 0) error->message = members->at(name);
  }
  error->has_body = !error->code.empty();
}

}  // namespace

std::string ServiceError::ToString() const {
  std::string text = fmt::format("{} {}", status, code);
  if (!message.empty()) text += ": " + Excerpt(message);
  if (!request_id.empty()) text += fmt::format(" (request {})", request_id);
  return text;
}

bool ServiceError::IsExpired() const {
  return Contains(kExpired, code);
}
bool ServiceError::IsClockSkew() const {
  return Contains(kSkewed, code);
}

ServiceError ParseServiceError(const http::Response& response) {
  ServiceError error;
  error.status = response.status;
  if (const std::string* region = response.headers.Find("x-amz-bucket-region")) error.region = *region;
  if (const std::string* id = response.headers.Find("x-amz-request-id")) error.request_id = *id;
  if (const std::string* id = response.headers.Find("x-amzn-RequestId")) error.request_id = *id;
  if (const std::string* type = response.headers.Find("x-amzn-ErrorType")) {
    error.code = type->substr(0, type->find(':'));
    error.has_body = true;
  }
  const size_t first = response.body.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && response.body[first] == '<') ReadXml(response, &error);
  if (first != std::string::npos && response.body[first] == '{') ReadJson(response, &error);
  error.code = error.code.substr(error.code.find('#') + 1);  // `com.amazonaws.glue#EntityNotFoundException`
  if (error.code.empty()) {
    error.code = std::string(CodeOfStatus(response.status));
    error.message = Excerpt(response.body);
  }
  return error;
}

http::Verdict ClassifyAws(const http::Response& response) {
  if (response.status == 429 || response.status == 503) return http::Verdict::kRateLimited;
  if (response.status == 408 || response.status == 500 || response.status == 502 || response.status == 504) {
    return http::Verdict::kRetry;
  }
  if (response.status < 400 || response.body.size() > (64U << 10)) return http::Verdict::kSuccess;
  const ServiceError error = ParseServiceError(response);
  if (Contains(kThrottled, error.code)) return http::Verdict::kRateLimited;
  return Contains(kTemporary, error.code) ? http::Verdict::kRetry : http::Verdict::kSuccess;
}

}  // namespace ingesta::aws
