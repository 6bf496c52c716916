// One call of an AWS service that speaks JSON 1.1 (Glue, Athena, ...): POST of a JSON document under an
// X-Amz-Target, signed anew for each attempt, retried where AWS calls the failure temporary, healed by new
// credentials or the server's clock. What the answer means is the service's own file's part. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/healing.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {

struct JsonServiceOptions {
  std::string service;        ///< signing name and host's first label: `glue`
  std::string target_prefix;  ///< of X-Amz-Target: `AWSGlue`
  std::string region = "us-east-1";
  std::string endpoint;  ///< `http(s)://host[:port]`; empty = AWS's own for the region
};

/// `service` as the shared config and the environment have it: region, and AWS_ENDPOINT_URL_<SERVICE>.
JsonServiceOptions JsonServiceFrom(const AwsSettings& settings, const std::string& service,
                                   const std::string& target_prefix);

/// How a call went, beside its result.
struct CallFacts {
  int attempts = 0;  ///< requests sent, retries included
  /// An attempt ended without the service saying that it did nothing (time-out, cut, 5xx): what was asked for
  /// may have been done, also where a later attempt was refused. Always false for a call that succeeded at
  /// once.
  bool maybe_applied = false;
};

/// A refusal by the service, with whose credentials were refused.
struct JsonRefusal {
  ServiceError error;
  std::string action;  ///< IAM's name: `glue:UpdateTable`
  std::string region;
  std::string endpoint;  ///< empty: AWS's own
  std::string access_key_id;
  std::string source;  ///< of the credentials: `profile default`
};

/// Refusals that mean the same for every service: who asks, the clock, throttling. Others: kHttpStatus.
/// `resources`: the ARNs that the missing permission is about, for the hint.
Status CommonRefusal(const JsonRefusal& refusal, const std::string& what, const std::string& resources);

class JsonService {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  JsonService(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
              http::Client& client, Clock& clock);

  struct Answer {
    bool ok = false;
    std::string body;     ///< of a success
    JsonRefusal refusal;  ///< of a failure that the service spoke of
  };
  /// Call `operation` (`UpdateTable`) with the JSON document `body`. Every call may be sent again, also after
  /// it perhaps arrived: `facts` tells what a refusal of a write can mean then. An error where no final
  /// answer came; `what` names the object in its message.
  Result<Answer> Call(const std::string& operation, const std::string& what, const std::string& body,
                      CallFacts* facts);

  const JsonServiceOptions& options() const { return options_; }

 private:
  struct Ledger;
  http::Request MakeRequest(const std::string& operation, const std::string& body,
                            const Credentials& credentials, const std::shared_ptr<Ledger>& ledger) const;
  std::string Url() const;

  const JsonServiceOptions options_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  http::Client& client_;
  ServerClock server_clock_;
};

}  // namespace ingesta::aws
