#include "ingesta/aws/glue.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "ingesta/aws/glue_json.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

constexpr size_t kCreateBatch = 100;
constexpr size_t kDeleteBatch = 25;
/// A page that names its own successor must end some time.
constexpr int kMaxPages = 100'000;

std::string ArnPartition(const std::string& region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

/// The account that AWS names in the refusal, or `*`.
std::string AccountIn(const std::string& message, const std::string& region) {
  const std::string before = fmt::format(":glue:{}:", region);
  const size_t at = message.find(before);
  if (at == std::string::npos) return "*";
  const std::string account = message.substr(at + before.size(), 12);
  const bool digits = account.size() == 12 && std::all_of(account.begin(), account.end(),
                                                          [](char c) { return c >= '0' && c <= '9'; });
  return digits ? account : "*";
}

/// Glue checks a permission on the catalog, the database and the table, each by itself.
std::string Resources(const JsonRefusal& refusal, const std::string& database, const std::string& table) {
  const std::string base = fmt::format("arn:{}:glue:{}:{}:", ArnPartition(refusal.region), refusal.region,
                                       AccountIn(refusal.error.message, refusal.region));
  if (table.empty()) return fmt::format("{0}catalog and {0}database/{1}", base, database);
  return fmt::format("{0}catalog, {0}database/{1} and {0}table/{1}/{2}", base, database, table);
}

Status Refused(const JsonRefusal& refusal, const std::string& database, const std::string& table) {
  const std::string what = table.empty() ? database : fmt::format("{}.{}", database, table);
  const ServiceError& error = refusal.error;
  const auto make = [&](ErrorCode code, std::string hint) {
    return MakeError(
        {.code = code, .stage = {}, .retryable = false, .http_status = error.status, .hint = std::move(hint)},
        fmt::format("{} {}: {}", refusal.action, what, error.ToString()));
  };
  if (error.code == "EntityNotFoundException") return make(ErrorCode::kNotFound, "");
  if (error.code == "AlreadyExistsException") return make(ErrorCode::kAlreadyExists, "");
  if (error.code == "ConcurrentModificationException" || error.code == "VersionMismatchException") {
    return make(ErrorCode::kConflict, "another writer changed it meanwhile: read it again");
  }
  if (error.code == "AccessDeniedException" && error.message.find("Lake Formation") != std::string::npos) {
    return make(
        ErrorCode::kAccessDenied,
        fmt::format("the database is governed by Lake Formation: grant the missing permission on {} to {} "
                    "with `aws lakeformation grant-permissions`, beside {} in its IAM policy",
                    what, refusal.source, refusal.action));
  }
  if (error.code == "GlueEncryptionException") {
    return make(ErrorCode::kAccessDenied,
                fmt::format("the catalog is encrypted: let {} use its KMS key (kms:Decrypt, kms:Encrypt, "
                            "kms:GenerateDataKey)",
                            refusal.source));
  }
  if (error.code == "ResourceNumberLimitExceededException") {
    return make(
        ErrorCode::kHttpStatus,
        "the account's limit of Glue databases, tables, versions or partitions is reached: delete what "
        "is no longer needed, or ask AWS for more");
  }
  return CommonRefusal(refusal, what, Resources(refusal, database, table));
}

Result<Json> Parse(const std::string& body, const char* operation) {
  Json json = body.empty() ? Json::object() : Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return MakeError(
      ErrorCode::kMalformedBody,
      fmt::format("glue:{} answered something else than a JSON object: {}", operation, Excerpt(body)),
      "check AWS_ENDPOINT_URL_GLUE (or endpoint_url)");
}

/// nullopt for kNotFound.
Result<std::optional<Json>> Optional(const Result<std::string>& answer, const char* operation) {
  if (!answer.ok() && CodeOf(answer.status()) == ErrorCode::kNotFound) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string body, answer);
  ARROW_ASSIGN_OR_RAISE(Json json, Parse(body, operation));
  return std::optional<Json>(std::move(json));
}

using Fetch = std::function<Result<std::string>(const std::string& body)>;

/// Call `fetch` until no NextToken comes; each page's `member` array goes to `take`, item by item.
Status ForEachPage(Json body, const char* operation, const char* member, const Fetch& fetch,
                   const std::function<void(const Json&)>& take) {
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    if (!token.empty()) body["NextToken"] = token;
    ARROW_ASSIGN_OR_RAISE(const std::string text, fetch(Dump(body)));
    ARROW_ASSIGN_OR_RAISE(const Json json, Parse(text, operation));
    const Json& items = MemberOf(json, member);
    for (const Json& item : items.is_array() ? items : Json::array()) take(item);
    const std::string next = TextOf(json, "NextToken");
    if (next.empty()) return Status::OK();
    if (next == token) break;
    token = next;
  }
  return MakeError(ErrorCode::kPagination,
                   fmt::format("glue:{} gives the same page over and over", operation));
}

/// Add what one call of several did.
void Add(const CallFacts& part, CallFacts* all) {
  if (all == nullptr) return;
  all->attempts += part.attempts;
  all->maybe_applied = all->maybe_applied || part.maybe_applied;
}

}  // namespace

JsonServiceOptions GlueOptions(const AwsSettings& settings) {
  return JsonServiceFrom(settings, "glue", "AWSGlue");
}

GlueClient::GlueClient(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
                       http::Client& client, Clock& clock)
    : service_(std::move(options), std::move(credentials), client, clock) {}

Result<std::string> GlueClient::Call(const std::string& operation, const Place& place,
                                     const std::string& body, CallFacts* facts) {
  const std::string what =
      place.table.empty() ? place.database : fmt::format("{}.{}", place.database, place.table);
  ARROW_ASSIGN_OR_RAISE(JsonService::Answer answer, service_.Call(operation, what, body, facts));
  if (!answer.ok) return Refused(answer.refusal, place.database, place.table);
  return std::move(answer.body);
}

Result<std::optional<GlueDatabase>> GlueClient::GetDatabase(const std::string& name) {
  const auto answer = Call("GetDatabase", {name, ""}, Dump({{"Name", name}}), nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::optional<Json> json, Optional(answer, "GetDatabase"));
  if (!json.has_value()) return std::nullopt;
  return ReadDatabase(MemberOf(*json, "Database"));
}

Status GlueClient::CreateDatabase(const GlueDatabase& database, CallFacts* facts) {
  return Call("CreateDatabase", {database.name, ""}, Dump({{"DatabaseInput", DatabaseInput(database)}}),
              facts)
      .status();
}

Result<std::optional<GlueTable>> GlueClient::GetTable(const std::string& database, const std::string& name) {
  const auto answer =
      Call("GetTable", {database, name}, Dump({{"DatabaseName", database}, {"Name", name}}), nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::optional<Json> json, Optional(answer, "GetTable"));
  if (!json.has_value()) return std::nullopt;
  return ReadTable(MemberOf(*json, "Table"));
}

Result<std::vector<GlueTable>> GlueClient::GetTables(const std::string& database,
                                                     const std::string& expression) {
  Json body = {{"DatabaseName", database}};
  if (!expression.empty()) body["Expression"] = expression;
  std::vector<GlueTable> tables;
  ARROW_RETURN_NOT_OK(ForEachPage(
      std::move(body), "GetTables", "TableList",
      [&](const std::string& text) {
        return Call("GetTables", {database, ""}, text, nullptr);
      },
      [&](const Json& json) { tables.push_back(ReadTable(json)); }));
  return tables;
}

Status GlueClient::CreateTable(const std::string& database, const GlueTable& table, CallFacts* facts) {
  return Call("CreateTable", {database, table.name},
              Dump({{"DatabaseName", database}, {"TableInput", TableInput(table)}}), facts)
      .status();
}

Status GlueClient::UpdateTable(const std::string& database, const GlueTable& table,
                               const GlueUpdateOptions& options, CallFacts* facts) {
  Json body = {{"DatabaseName", database}, {"TableInput", TableInput(table)}};
  if (!options.version_id.empty()) body["VersionId"] = options.version_id;
  if (options.skip_archive) body["SkipArchive"] = true;
  return Call("UpdateTable", {database, table.name}, Dump(body), facts).status();
}

Status GlueClient::DeleteTable(const std::string& database, const std::string& name, CallFacts* facts) {
  return Call("DeleteTable", {database, name}, Dump({{"DatabaseName", database}, {"Name", name}}), facts)
      .status();
}

Result<std::optional<GluePartition>> GlueClient::GetPartition(const std::string& database,
                                                              const std::string& table,
                                                              const std::vector<std::string>& values) {
  const auto answer =
      Call("GetPartition", {database, table},
           Dump({{"DatabaseName", database}, {"TableName", table}, {"PartitionValues", values}}), nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::optional<Json> json, Optional(answer, "GetPartition"));
  if (!json.has_value()) return std::nullopt;
  return ReadPartition(MemberOf(*json, "Partition"));
}

Result<std::vector<GluePartition>> GlueClient::GetPartitions(const std::string& database,
                                                             const std::string& table,
                                                             const std::string& expression) {
  Json body = {{"DatabaseName", database}, {"TableName", table}};
  if (!expression.empty()) body["Expression"] = expression;
  std::vector<GluePartition> partitions;
  ARROW_RETURN_NOT_OK(ForEachPage(
      std::move(body), "GetPartitions", "Partitions",
      [&](const std::string& text) {
        return Call("GetPartitions", {database, table}, text, nullptr);
      },
      [&](const Json& json) { partitions.push_back(ReadPartition(json)); }));
  return partitions;
}

Result<std::vector<GluePartitionFailure>> GlueClient::BatchCreatePartition(
    const std::string& database, const std::string& table, const std::vector<GluePartition>& partitions,
    CallFacts* facts) {
  std::vector<GluePartitionFailure> failures;
  for (size_t at = 0; at < partitions.size(); at += kCreateBatch) {
    Json list = Json::array();
    for (size_t i = at; i < std::min(partitions.size(), at + kCreateBatch); ++i) {
      list.push_back(PartitionInput(partitions[i]));
    }
    CallFacts part;
    const auto answer = Call(
        "BatchCreatePartition", {database, table},
        Dump({{"DatabaseName", database}, {"TableName", table}, {"PartitionInputList", std::move(list)}}),
        &part);
    Add(part, facts);
    ARROW_ASSIGN_OR_RAISE(const std::string body, answer);
    ARROW_ASSIGN_OR_RAISE(const Json json, Parse(body, "BatchCreatePartition"));
    for (GluePartitionFailure& failure : ReadFailures(json)) failures.push_back(std::move(failure));
  }
  return failures;
}

Status GlueClient::UpdatePartition(const std::string& database, const std::string& table,
                                   const GluePartition& partition, CallFacts* facts) {
  return Call("UpdatePartition", {database, table},
              Dump({{"DatabaseName", database},
                    {"TableName", table},
                    {"PartitionValueList", partition.values},
                    {"PartitionInput", PartitionInput(partition)}}),
              facts)
      .status();
}

Result<std::vector<GluePartitionFailure>> GlueClient::BatchDeletePartition(
    const std::string& database, const std::string& table,
    const std::vector<std::vector<std::string>>& values, CallFacts* facts) {
  std::vector<GluePartitionFailure> failures;
  for (size_t at = 0; at < values.size(); at += kDeleteBatch) {
    Json list = Json::array();
    for (size_t i = at; i < std::min(values.size(), at + kDeleteBatch); ++i) {
      Json item = Json::object();
      item["Values"] = values[i];
      list.push_back(std::move(item));
    }
    CallFacts part;
    const auto answer = Call(
        "BatchDeletePartition", {database, table},
        Dump({{"DatabaseName", database}, {"TableName", table}, {"PartitionsToDelete", std::move(list)}}),
        &part);
    Add(part, facts);
    ARROW_ASSIGN_OR_RAISE(const std::string body, answer);
    ARROW_ASSIGN_OR_RAISE(const Json json, Parse(body, "BatchDeletePartition"));
    for (GluePartitionFailure& failure : ReadFailures(json)) failures.push_back(std::move(failure));
  }
  return failures;
}

}  // namespace ingesta::aws
