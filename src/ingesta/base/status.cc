#include "ingesta/base/status.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ingesta {
namespace {

constexpr std::array<std::string_view, 9> kStageNames = {"config", "source", "decode",  "transform", "expect",
                                                         "format", "store",  "catalog", "pipeline"};

constexpr std::array<std::string_view, 32> kCodeNames = {"internal",
                                                         "usage",
                                                         "invalid_config",
                                                         "cancelled",
                                                         "io",
                                                         "disk_full",
                                                         "host_not_found",
                                                         "connect_failed",
                                                         "tls",
                                                         "timeout",
                                                         "connection_lost",
                                                         "http_status",
                                                         "rate_limited",
                                                         "body_too_large",
                                                         "redirect_refused",
                                                         "malformed_body",
                                                         "unauthorized",
                                                         "retry_budget_spent",
                                                         "pagination",
                                                         "incomplete",
                                                         "too_many_rejected",
                                                         "credentials_not_found",
                                                         "access_denied",
                                                         "expired_credentials",
                                                         "bucket_not_found",
                                                         "wrong_region",
                                                         "already_exists",
                                                         "not_found",
                                                         "conflict",
                                                         "lease_held",
                                                         "corrupt",
                                                         "expectation_failed"};
static_assert(kCodeNames.size() == static_cast<size_t>(ErrorCode::kExpectationFailed) + 1);

arrow::StatusCode ArrowCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kInvalidConfig:
      return arrow::StatusCode::Invalid;
    case ErrorCode::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorCode::kInternal:
      return arrow::StatusCode::UnknownError;
    case ErrorCode::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    default:
      return arrow::StatusCode::IOError;
  }
}

}  // namespace

std::string_view StageName(Stage stage) {
  return kStageNames[static_cast<size_t>(stage)];
}

std::string_view ErrorCodeName(ErrorCode code) {
  return kCodeNames[static_cast<size_t>(code)];
}

std::string ErrorDetail::ToString() const {
  return fields_.hint.empty() ? std::string(ErrorCodeName(fields_.code))
                              : fmt::format("{}; {}", ErrorCodeName(fields_.code), fields_.hint);
}

Status MakeError(ErrorDetail::Fields fields, std::string message) {
  const arrow::StatusCode code = ArrowCode(fields.code);
  return Status(code, std::move(message), std::make_shared<ErrorDetail>(std::move(fields)));
}

Status MakeError(ErrorCode code, std::string message, std::string hint) {
  return MakeError(ErrorDetail::Fields{.code = code, .stage = {}, .hint = std::move(hint)},
                   std::move(message));
}

const ErrorDetail* DetailOf(const Status& status) {
  const auto& detail = status.detail();
  return detail != nullptr && std::string_view(detail->type_id()) == "ingesta::ErrorDetail"
             ? static_cast<const ErrorDetail*>(detail.get())
             : nullptr;
}

ErrorCode CodeOf(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  return detail != nullptr ? detail->fields().code : ErrorCode::kInternal;
}

bool IsRetryable(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  return detail != nullptr && detail->fields().retryable;
}

std::string HintOf(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  return detail != nullptr ? detail->fields().hint : std::string();
}

Status WithPrefix(const Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  return Status(status.code(), fmt::format("{}: {}", prefix, status.message()), status.detail());
}

Status WithStage(const Status& status, Stage stage) {
  if (status.ok()) return status;
  ErrorDetail::Fields fields;
  if (const ErrorDetail* detail = DetailOf(status)) fields = detail->fields();
  if (fields.stage.has_value()) return status;
  fields.stage = stage;
  return Status(status.code(), status.message(), std::make_shared<ErrorDetail>(std::move(fields)));
}

Status ErrnoError(int error_number, std::string what) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return MakeError(full ? ErrorCode::kDiskFull : ErrorCode::kIo,
                   fmt::format("{}: {}", what, std::generic_category().message(error_number)),
                   full ? "free space on the disk of INGESTA_DATA_DIR and run again" : "");
}

}  // namespace ingesta
