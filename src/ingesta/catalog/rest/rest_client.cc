#include "ingesta/catalog/rest/rest_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/service_error.h"
#include "ingesta/aws/text.h"

namespace ingesta::catalog {

using iceberg::Json;

namespace {

/// The first answer, new credentials, the server's clock.
constexpr int kMaxRounds = 3;
constexpr std::string_view kTransactionEndpoint = "POST /v1/{prefix}/transactions/commit";
constexpr const char* kUnauthorizedHint = "check `credential` or `token` of the catalog in pipeline.yaml";
/// Joins the levels of a namespace in a path.
constexpr char kUnitSeparator = '\x1f';

std::vector<std::string> Levels(const std::string& name) {
  std::vector<std::string> levels;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('.', at), name.size());
    levels.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  return levels;
}

/// Refused before anything was done. The spec leaves open what became of a commit after a 5xx.
bool IsRefusal(const http::Response& response) {
  return response.status >= 400 && response.status < 500 && response.status != 408;
}

/// Errors are the caller's to read, but for what waiting mends.
http::Verdict Classify(const http::Response& response) {
  switch (response.status) {
    case 401:
    case 419:  // AuthenticationTimeout, this protocol's own
      return http::Verdict::kRefreshAuth;
    case 429:
    case 503:
      return http::Verdict::kRateLimited;
    case 500:
    case 502:
    case 504:
      return http::Verdict::kRetry;
    default:
      return http::Verdict::kSuccess;
  }
}

struct RestError {
  std::string type;
  std::string message;
};

RestError ErrorOf(const http::Response& response) {
  const auto json = iceberg::ParseJson(response.body, "error");
  const Json* error = json.ok() ? iceberg::Member(*json, "error") : nullptr;
  if (error == nullptr || !error->is_object()) return {"", aws::Excerpt(response.body)};
  const auto type = iceberg::FindString(*error, "type");
  const auto message = iceberg::FindString(*error, "message");
  return {type.ok() ? type->value_or("") : "", message.ok() ? message->value_or("") : ""};
}

Status Refusal(const http::Response& response, const std::string& what) {
  const RestError error = ErrorOf(response);
  const std::string told = fmt::format("{}: the catalog answered {} {}{}{}", what, response.status,
                                       error.type, error.type.empty() ? "" : ": ", error.message);
  const auto make = [&](ErrorCode code, std::string hint) {
    return MakeError({.code = code,
                      .stage = {},
                      .retryable = response.status >= 500,
                      .http_status = response.status,
                      .hint = std::move(hint)},
                     told);
  };
  switch (response.status) {
    case 401:
    case 419:
      return make(ErrorCode::kUnauthorized, kUnauthorizedHint);
    case 403:
      return make(ErrorCode::kAccessDenied,
                  "grant this principal the right to read, create and change tables of the namespace");
    case 404:
      return make(ErrorCode::kNotFound, "");
    case 409:
      return make(ErrorCode::kConflict, "");
    default:
      return make(ErrorCode::kHttpStatus, "");
  }
}

/// The client's hints speak of a pipeline's service; here it is the catalog that failed, or its token
/// endpoint.
Status WithCatalogHint(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  if (detail == nullptr) return status;
  ErrorDetail::Fields fields = detail->fields();
  if (fields.code == ErrorCode::kUnauthorized) {
    fields.hint = kUnauthorizedHint;
  } else if (fields.hint.empty()) {
    fields.hint = "check `uri` (without the /v1) and `oauth2_server_uri` of the catalog in pipeline.yaml";
  }
  return MakeError(std::move(fields), status.message());
}

Result<Json> Document(const http::Response& response, const std::string& what) {
  auto json = iceberg::ParseJson(response.body, what);
  if (json.ok() && json->is_object()) return json;
  return MakeError(ErrorCode::kMalformedBody,
                   fmt::format("{}: the answer of {} is no JSON object: {}", what,
                               http::RedactUrl(response.url), aws::Excerpt(response.body)),
                   "check that `uri` is an Iceberg REST catalog's, without the /v1");
}

std::string ConfigValue(const Json& config, const char* key) {
  for (const char* part : {"overrides", "defaults"}) {
    const Json* values = iceberg::Member(config, part);
    if (values == nullptr || !values->is_object()) continue;
    const auto value = iceberg::FindString(*values, key);
    if (value.ok() && value->has_value()) return **value;
  }
  return "";
}

/// By the spec a server that lists no endpoints has the ones that were there before the list was.
bool ListsTransactions(const Json& config) {
  const Json* endpoints = iceberg::Member(config, "endpoints");
  if (endpoints == nullptr || !endpoints->is_array()) return true;
  return std::any_of(endpoints->begin(), endpoints->end(),
                     [](const Json& entry) { return entry.is_string() && entry == kTransactionEndpoint; });
}

}  // namespace

/// Written on the client's I/O thread, read once the call is over.
struct RestClient::Ledger {
  std::atomic<int> sent{0};
  std::atomic<int> refused{0};
};

RestClient::RestClient(RestCatalogOptions options, std::unique_ptr<http::Client> client,
                       std::shared_ptr<aws::CredentialsProvider> credentials, Clock& clock)
    : options_([&] {
        while (options.uri.ends_with('/')) options.uri.pop_back();
        return std::move(options);
      }()),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      server_clock_(clock) {}

Result<http::Response> RestClient::Call(const std::string& method, const std::string& path,
                                        const std::string& body, RestFacts* facts) {
  const auto ledger = std::make_shared<Ledger>();
  aws::Healing healing;
  for (int round = 1;; ++round) {
    http::Request request;
    request.method = method;
    request.url = options_.uri + "/v1/" + path;
    request.headers.Set("Accept", "application/json");
    if (method == "POST") request.headers.Set("Content-Type", "application/json");
    request.body.bytes = body;
    request.follow_redirects = false;
    // A commit names the state that it stands on: sent twice it is refused once.
    request.idempotent = true;
    request.fresh_connection = facts != nullptr;
    request.reach_hint = "check `uri` of the catalog in pipeline.yaml, and that it can be reached from here";
    request.classify = [ledger](const http::Response& response) {
      if (IsRefusal(response)) ++ledger->refused;
      return Classify(response);
    };
    std::optional<aws::Credentials> credentials;
    if (!options_.signing_service.empty()) {
      ARROW_ASSIGN_OR_RAISE(credentials, credentials_->Get());
      request.authenticate = false;
    }
    request.before_attempt = [credentials, ledger, clock = server_clock_, payload_hash = aws::Sha256Hex(body),
                              scope = aws::SigningScope{options_.signing_region, options_.signing_service}](
                                 http::Request& attempt) {
      ++ledger->sent;
      return credentials ? aws::SignRequest(*credentials, scope, clock.Now(), payload_hash, attempt)
                         : Status::OK();
    };
    Result<http::Response> response = client_->Fetch(std::move(request));
    const bool done = response.ok() && response->status / 100 == 2;
    if (facts != nullptr) facts->maybe_applied = ledger->sent - ledger->refused - (done ? 1 : 0) > 0;
    if (!response.ok()) return WithCatalogHint(response.status());
    if (done || !credentials) return response;
    const aws::ServiceError error = aws::ParseServiceError(*response);
    const bool healed = healing.SetClock(error, *response, server_clock_) ||
                        healing.RenewCredentials(error, *credentials, *credentials_);
    if (!healed || round == kMaxRounds) return response;
  }
}

Result<RestClient::ServerConfig> RestClient::Config() {
  const std::lock_guard lock(mutex_);
  if (config_) return *config_;
  const std::string query =
      options_.warehouse.empty() ? "" : "?warehouse=" + http::PercentEncode(options_.warehouse);
  ARROW_ASSIGN_OR_RAISE(const http::Response response, Call("GET", "config" + query, "", nullptr));
  if (response.status / 100 != 2) {
    const Status refused = Refusal(response, fmt::format("catalog {}", options_.uri));
    if (response.status != 404 && response.status != 400) return refused;
    return MakeError(ErrorCode::kInvalidConfig, refused.message(),
                     "check `uri` (without the /v1) and `warehouse` of the catalog in pipeline.yaml");
  }
  ARROW_ASSIGN_OR_RAISE(const Json json, Document(response, "catalog config"));
  config_ = ServerConfig{.prefix = options_.prefix.empty() ? ConfigValue(json, "prefix") : options_.prefix,
                         .transactions = ListsTransactions(json)};
  return *config_;
}

Result<bool> RestClient::HasTransactions() {
  ARROW_ASSIGN_OR_RAISE(const ServerConfig config, Config());
  return config.transactions;
}

Result<std::string> RestClient::NamespacePath() {
  ARROW_ASSIGN_OR_RAISE(const ServerConfig config, Config());
  std::string levels;
  for (const std::string& level : Levels(options_.namespace_name)) {
    if (!levels.empty()) levels += kUnitSeparator;
    levels += level;
  }
  return fmt::format("{}{}namespaces/{}", aws::EncodePath(config.prefix), config.prefix.empty() ? "" : "/",
                     http::PercentEncode(levels));
}

Result<std::optional<Json>> RestClient::LoadTable(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const std::string path, NamespacePath());
  const std::string what = fmt::format("table {}.{}", options_.namespace_name, table);
  ARROW_ASSIGN_OR_RAISE(
      const http::Response response,
      Call("GET", fmt::format("{}/tables/{}", path, http::PercentEncode(table)), "", nullptr));
  if (response.status == 404) return std::nullopt;
  if (response.status / 100 != 2) return Refusal(response, what);
  ARROW_ASSIGN_OR_RAISE(Json json, Document(response, what));
  return std::optional<Json>(std::move(json));
}

Status RestClient::CreateNamespace() {
  ARROW_ASSIGN_OR_RAISE(const ServerConfig config, Config());
  const Json body{{"namespace", Levels(options_.namespace_name)}, {"properties", Json::object()}};
  ARROW_ASSIGN_OR_RAISE(
      const http::Response response,
      Call("POST",
           fmt::format("{}{}namespaces", aws::EncodePath(config.prefix), config.prefix.empty() ? "" : "/"),
           iceberg::DumpJson(body), nullptr));
  if (response.status / 100 == 2 || response.status == 409) return Status::OK();
  return Refusal(response, fmt::format("namespace {}", options_.namespace_name));
}

Result<Json> RestClient::CommitTable(const std::string& table, const std::string& change, RestFacts* facts) {
  ARROW_ASSIGN_OR_RAISE(const std::string path, NamespacePath());
  const std::string what = fmt::format("commit to {}.{}", options_.namespace_name, table);
  ARROW_ASSIGN_OR_RAISE(
      const http::Response response,
      Call("POST", fmt::format("{}/tables/{}", path, http::PercentEncode(table)), change, facts));
  if (response.status / 100 != 2) return Refusal(response, what);
  return Document(response, what);
}

Status RestClient::CommitTransaction(const std::vector<std::pair<std::string, std::string>>& changes,
                                     RestFacts* facts) {
  ARROW_ASSIGN_OR_RAISE(const ServerConfig config, Config());
  Json all = Json::array();
  for (const auto& [table, change] : changes) {
    ARROW_ASSIGN_OR_RAISE(Json entry, iceberg::ParseJson(change, "change"));
    entry["identifier"] = Json{{"namespace", Levels(options_.namespace_name)}, {"name", table}};
    all.push_back(std::move(entry));
  }
  ARROW_ASSIGN_OR_RAISE(const http::Response response,
                        Call("POST",
                             fmt::format("{}{}transactions/commit", aws::EncodePath(config.prefix),
                                         config.prefix.empty() ? "" : "/"),
                             iceberg::DumpJson(Json{{"table-changes", std::move(all)}}), facts));
  if (response.status / 100 == 2) return Status::OK();
  return Refusal(response, fmt::format("commit of {} tables to {}", changes.size(), options_.namespace_name));
}

}  // namespace ingesta::catalog
