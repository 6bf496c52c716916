// AWS Lambda's Runtime API as a custom runtime sees it: take an invocation, answer it or say that it failed.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
// One thread calls it, as Lambda gives one invocation at a time.
#pragma once

#include <memory>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"
#include "ingesta/http/client.h"

namespace ingesta::lambda {

struct Invocation {
  std::string request_id;
  std::string function_arn;
  std::string event;    ///< JSON, as the caller sent it
  SystemTime deadline;  ///< Lambda ends the process then
};

class RuntimeApi {
 public:
  /// `address`: AWS_LAMBDA_RUNTIME_API, `host:port`, which an emulator may follow by a path. A stop ends
  /// Next. REQUIRES: `clock`, `random` and `stop` outlive this object.
  static Result<std::unique_ptr<RuntimeApi>> Make(const std::string& address, Clock& clock, Random& random,
                                                  StopSource& stop);

  /// Wait for the next invocation, however long: Lambda freezes the process meanwhile. An error ends the
  /// runtime; kCancelled after a stop.
  Result<Invocation> Next();
  /// What the invocation gives back. An error where Lambda did not take it; the next invocation may come all
  /// the same, unless IsRetryable says that the API itself fails.
  Status Respond(const Invocation& invocation, const std::string& json);
  /// The invocation failed: its caller, or Lambda's own retries, get type, message and hint.
  Status Fail(const Invocation& invocation, const Status& why);
  /// There can be no invocation, as the function is not set up right.
  Status FailInit(const Status& why);

 private:
  RuntimeApi(std::string base, std::unique_ptr<http::Client> client, Clock& clock, StopSource& stop);
  Status Post(const std::string& path, const std::string& json, const std::string& error_type);

  const std::string base_;  ///< `http://host:port/2018-06-01/runtime`
  Clock& clock_;
  const std::unique_ptr<http::Client> client_;
  StopCallback on_stop_;  ///< last: it uses the client
};

/// How Lambda wants an error: `{"errorType": "Ingesta.access_denied", "errorMessage": "...", "stackTrace":
/// []}`.
std::string ErrorDocument(const Status& why);

/// The header Lambda-Runtime-Deadline-Ms: milliseconds since 1970. An emulator may send the time that is left
/// instead. A minute from `now` where it is no number.
SystemTime ParseDeadline(const std::string& header, SystemTime now);

}  // namespace ingesta::lambda
