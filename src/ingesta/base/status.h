// Status and the catalogue of errors. Every error carries a code, the stage that met it, whether another try
// may help, and what the person who reads it should do next. Thread-safe: values only. Used by every layer.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ingesta {

using arrow::Result;
using arrow::Status;

/// The stages of the data flow, in its order; `stage=` of every log line and error.
enum class Stage { kConfig, kSource, kDecode, kTransform, kExpect, kFormat, kStore, kCatalog, kPipeline };

std::string_view StageName(Stage stage);

enum class ErrorCode {
  kInternal,
  kUsage,                ///< wrong command line
  kInvalidConfig,        ///< wrong pipeline.yaml or environment
  kCancelled,            ///< SIGINT or SIGTERM
  kIo,                   ///< local file system
  kDiskFull,             ///< ENOSPC or EDQUOT
  kHostNotFound,         ///< DNS
  kConnectFailed,        ///< refused, reset before an answer, unreachable
  kTls,                  ///< handshake or certificate
  kTimeout,              ///< connect, idle or total time-out of our own
  kConnectionLost,       ///< the answer ended early
  kHttpStatus,           ///< an answer with an error status
  kRateLimited,          ///< 429, or what the pipeline's response filters call so
  kBodyTooLarge,         ///< body above max_body, or decompression above max_decompressed_ratio
  kRedirectRefused,      ///< another origin, a loop, or too many hops
  kMalformedBody,        ///< cut, not JSON, HTML with 200, without the records' path
  kUnauthorized,         ///< the service refuses our credentials
  kRetryBudgetSpent,     ///< the run's budget of retries is used up
  kPagination,           ///< maximum_page reached, a next link that repeats
  kIncomplete,           ///< the completeness proof failed
  kTooManyRejected,      ///< above max_rejected
  kCredentialsNotFound,  ///< no AWS credentials
  kAccessDenied,         ///< AWS 403
  kExpiredCredentials,   ///< AWS token expired and could not be refreshed
  kBucketNotFound,
  kWrongRegion,
  kAlreadyExists,  ///< a conditional write met an existing object
  kNotFound,
  kConflict,           ///< a conditional write met another version
  kLeaseHeld,          ///< another run of the pipeline is alive
  kCorrupt,            ///< a checksum or a size does not match
  kExpectationFailed,  ///< an expectation whose policy is `fail`, or a limit of its suite
};

/// The code's stable name in snake_case, as logs and manifests show it, such as `host_not_found`.
std::string_view ErrorCodeName(ErrorCode code);

/// What an ingesta Status carries beside its message.
class ErrorDetail final : public arrow::StatusDetail {
 public:
  struct Fields {
    ErrorCode code = ErrorCode::kInternal;
    std::optional<Stage> stage;
    bool retryable = false;  ///< the same request may succeed later
    int http_status = 0;     ///< 0 where no answer came
    std::string hint;        ///< what to do next; may be empty
  };

  explicit ErrorDetail(Fields fields) : fields_(std::move(fields)) {}

  const char* type_id() const override { return "ingesta::ErrorDetail"; }
  std::string ToString() const override;
  const Fields& fields() const { return fields_; }

 private:
  Fields fields_;
};

/// Make a Status of `code` whose message says what was tried and what answered.
Status MakeError(ErrorCode code, std::string message, std::string hint = "");
/// The same with every field.
Status MakeError(ErrorDetail::Fields fields, std::string message);

/// The detail of a Status made by MakeError, else nullptr (also for OK). Lives as long as `status`.
const ErrorDetail* DetailOf(const Status& status);

/// kInternal for a Status that did not come from MakeError. REQUIRES: !status.ok().
ErrorCode CodeOf(const Status& status);
bool IsRetryable(const Status& status);
/// Empty where there is none.
std::string HintOf(const Status& status);

/// A copy of `status` with `prefix: ` before its message, the detail kept.
Status WithPrefix(const Status& status, std::string_view prefix);
/// A copy with `stage` set where none was.
Status WithStage(const Status& status, Stage stage);

/// kDiskFull or kIo from an errno value: "`what`: <strerror>".
Status ErrnoError(int error_number, std::string what);

}  // namespace ingesta
