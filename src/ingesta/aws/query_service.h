// One call of an AWS service that speaks the query protocol (CloudWatch, SNS): POST of a form, signed anew
// for each attempt, healed by new credentials or the server's clock. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/healing.h"
#include "ingesta/aws/text.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"

namespace ingesta::aws {

struct QueryServiceOptions {
  std::string service;  ///< signing name and host's first label: `monitoring`
  std::string iam;      ///< prefix of IAM's actions: `cloudwatch`
  std::string version;  ///< of the API: `2010-08-01`
  std::string region = "us-east-1";
  std::string endpoint;  ///< `http(s)://host[:port]`; empty = AWS's own for the region
};

class QueryService {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  QueryService(QueryServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
               http::Client& client, Clock& clock);
  /// Call `action` with `fields`. `idempotent`: it may be sent again after it perhaps arrived. `resources`:
  /// the ARNs that a missing permission is about. Errors: those of CommonRefusal, and where no answer came.
  Result<std::string> Call(const std::string& action, const FormFields& fields, bool idempotent,
                           const std::string& resources);

 private:
  http::Request MakeRequest(const std::string& action, const FormFields& fields, bool idempotent,
                            const Credentials& credentials) const;

  const QueryServiceOptions options_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  http::Client& client_;
  ServerClock server_clock_;
};

}  // namespace ingesta::aws
