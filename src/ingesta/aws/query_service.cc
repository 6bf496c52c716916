#include "ingesta/aws/query_service.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/json_service.h"
#include "ingesta/aws/sigv4.h"

namespace ingesta::aws {
namespace {

/// The first answer, new credentials, the server's clock.
constexpr int kMaxQueryRounds = 3;

}  // namespace

QueryService::QueryService(QueryServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
                           http::Client& client, Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      client_(client),
      server_clock_(clock) {}

http::Request QueryService::MakeRequest(const std::string& action, const FormFields& fields, bool idempotent,
                                        const Credentials& credentials) const {
  FormFields form = {{"Action", action}, {"Version", options_.version}};
  form.insert(form.end(), fields.begin(), fields.end());
  http::Request request;
  request.method = "POST";
  request.url = options_.endpoint.empty() ? fmt::format("https://{}.{}.{}", options_.service, options_.region,
                                                        DnsSuffix(options_.region))
                                          : options_.endpoint;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/";
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body.bytes = FormEncode(form);
  request.follow_redirects = false;
  request.authenticate = false;
  request.idempotent = idempotent;
  request.classify = ClassifyAws;
  request.reach_hint = fmt::format("check this machine's way to {} and AWS_REGION", request.url);
  request.before_attempt = [credentials, scope = SigningScope{options_.region, options_.service},
                            payload_hash = Sha256Hex(request.body.bytes),
                            clock = server_clock_](http::Request& attempt) {
    return SignRequest(credentials, scope, clock.Now(), payload_hash, attempt);
  };
  return request;
}

Result<std::string> QueryService::Call(const std::string& action, const FormFields& fields, bool idempotent,
                                       const std::string& resources) {
  const std::string iam_action = fmt::format("{}:{}", options_.iam, action);
  Healing healing;
  for (int round = 1;; ++round) {
    const Result<Credentials> credentials = credentials_->Get();
    if (!credentials.ok()) return WithPrefix(credentials.status(), iam_action);
    Result<http::Response> response = client_.Fetch(MakeRequest(action, fields, idempotent, *credentials));
    if (!response.ok()) return WithPrefix(response.status(), iam_action);
    if (response->status / 100 == 2) return std::move(response->body);
    const ServiceError error = ParseServiceError(*response);
    const bool healed = healing.SetClock(error, *response, server_clock_) ||
                        healing.RenewCredentials(error, *credentials, *credentials_);
    if (healed && round < kMaxQueryRounds) continue;
    return CommonRefusal({.error = error,
                          .action = iam_action,
                          .region = options_.region,
                          .endpoint = options_.endpoint,
                          .access_key_id = credentials->access_key_id,
                          .source = credentials->source},
                         "", resources);
  }
}

}  // namespace ingesta::aws
