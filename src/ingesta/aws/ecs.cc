#include "ingesta/aws/ecs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/aws/glue_json.h"
#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

constexpr size_t kLongestToken = 64;
constexpr char kQuotaHint[] =
    "the cluster or the account's quota has no room for the task now: add capacity, or ask AWS for a higher "
    "quota";

Status CheckToken(const std::string& token) {
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) { return c >= '!' && c <= '~'; });
  if (!token.empty() && token.size() <= kLongestToken && printable) return Status::OK();
  return MakeError(ErrorCode::kUsage, fmt::format("ecs:RunTask: '{}' is no client token", token),
                   "use 1 to 64 printable characters without spaces");
}

/// The definition as the error's reader knows it: an ARN without what all ARNs begin with.
std::string ShortName(const std::string& arn) {
  return arn.starts_with("arn:") ? arn.substr(arn.rfind('/') + 1) : arn;
}

Json OverridesJson(const std::vector<EcsContainerOverride>& overrides) {
  Json containers = Json::array();
  for (const EcsContainerOverride& override : overrides) {
    Json json = {{"name", override.name}};
    for (const auto& [name, value] : override.environment) {
      json["environment"].push_back({{"name", name}, {"value", value}});
    }
    if (!override.command.empty()) json["command"] = override.command;
    containers.push_back(std::move(json));
  }
  return {{"containerOverrides", std::move(containers)}};
}

Json RunTaskJson(const EcsRunTask& task) {
  Json json = {{"taskDefinition", task.task_definition}, {"count", 1}, {"clientToken", task.client_token}};
  const auto put = [&json](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  put("cluster", task.cluster);
  put("launchType", task.launch_type);
  put("platformVersion", task.platform_version);
  put("startedBy", task.started_by);
  if (!task.overrides.empty()) json["overrides"] = OverridesJson(task.overrides);
  if (!task.subnets.empty()) {
    Json network = {{"subnets", task.subnets},
                    {"assignPublicIp", task.assign_public_ip ? "ENABLED" : "DISABLED"}};
    if (!task.security_groups.empty()) network["securityGroups"] = task.security_groups;
    json["networkConfiguration"] = {{"awsvpcConfiguration", std::move(network)}};
  }
  if (task.propagate_tags) json["propagateTags"] = "TASK_DEFINITION";
  return json;
}

Status DeniedRunTask(const JsonRefusal& refusal, const EcsRunTask& task) {
  const std::string what = ShortName(task.task_definition);
  if (refusal.error.message.find("iam:PassRole") == std::string::npos) {
    return CommonRefusal(refusal, what,
                         fmt::format("the task definition {} (condition ecs:cluster: {})", what,
                                     task.cluster.empty() ? "default" : ShortName(task.cluster)));
  }
  return MakeError({.code = ErrorCode::kAccessDenied,
                    .stage = {},
                    .retryable = false,
                    .http_status = refusal.error.status,
                    .hint = fmt::format("allow iam:PassRole on the task's role and on its execution role, "
                                        "with iam:PassedToService ecs-tasks.amazonaws.com, in the IAM "
                                        "policy of {}",
                                        refusal.source)},
                   fmt::format("access denied: {} {}: {} (credentials: {}, region {})", refusal.action, what,
                               refusal.error.ToString(), refusal.source, refusal.region));
}

Status RefusedRunTask(const JsonRefusal& refusal, const EcsRunTask& task) {
  const ServiceError& error = refusal.error;
  const auto make = [&](ErrorCode code, std::string hint) {
    return MakeError(
        {.code = code, .stage = {}, .retryable = false, .http_status = error.status, .hint = std::move(hint)},
        fmt::format("{} {}: {}", refusal.action, ShortName(task.task_definition), error.ToString()));
  };
  if (error.code == "ClusterNotFoundException") {
    return make(ErrorCode::kNotFound,
                fmt::format("there is no active cluster {} in {}: see `aws ecs list-clusters`",
                            task.cluster.empty() ? "default" : task.cluster, refusal.region));
  }
  if (error.code == "ConflictException") {
    return make(ErrorCode::kConflict,
                fmt::format("a task was started for this client token with other settings, within 24 hours: "
                            "see `aws ecs list-tasks --cluster {} --started-by {}`",
                            task.cluster.empty() ? "default" : ShortName(task.cluster),
                            task.started_by.empty() ? "..." : task.started_by));
  }
  if (error.code == "ClientException" && (error.message.find("ask definition") != std::string::npos ||
                                          error.message.find("TaskDefinition") != std::string::npos)) {
    return make(ErrorCode::kNotFound, "see `aws ecs list-task-definitions`; an inactive one starts no task");
  }
  if (error.code == "AccessDeniedException") return DeniedRunTask(refusal, task);
  if (error.message.find("reached the limit") != std::string::npos) {
    return MakeError(
        {.code = ErrorCode::kRateLimited,
         .stage = {},
         .retryable = true,
         .http_status = error.status,
         .hint = kQuotaHint},
        fmt::format("{} {}: {}", refusal.action, ShortName(task.task_definition), error.ToString()));
  }
  for (const char* code : {"ClientException", "InvalidParameterException", "PlatformUnknownException",
                           "UnsupportedFeatureException", "PlatformTaskDefinitionIncompatibilityException",
                           "BlockedException"}) {
    if (error.code != code) continue;
    return make(
        ErrorCode::kInvalidConfig,
        "check subnets, security groups, launch type and the names of the task definition's containers");
  }
  return CommonRefusal(refusal, ShortName(task.task_definition), "the task definition");
}

/// ECS could not place the task: a 200 whose `failures` is not empty. Reasons:
/// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
Status PlacementError(const Json& failure, const EcsRunTask& task) {
  const std::string reason = TextOf(failure, "reason");
  const std::string detail = TextOf(failure, "detail");
  const std::string message =
      fmt::format("ecs:RunTask {}: no task was started: {}{}{}", ShortName(task.task_definition),
                  reason.empty() ? "?" : reason, detail.empty() ? "" : ": ", detail);
  const auto has = [&reason](const char* text) { return reason.find(text) != std::string::npos; };
  const auto no_capacity = [&message](std::string hint) {
    return MakeError(
        {.code = ErrorCode::kRateLimited, .stage = {}, .retryable = true, .hint = std::move(hint)}, message);
  };
  if (has("Capacity is unavailable") || has("CAPACITY")) {
    return no_capacity(
        "there is no room in the zones of these subnets now: the next try may find some; name subnets of "
        "other availability zones too");
  }
  if (has("RESOURCE") || has("AGENT") || has("NO ACTIVE INSTANCES") || has("reached the limit")) {
    return no_capacity(kQuotaHint);
  }
  if (has("MISSING")) return MakeError(ErrorCode::kNotFound, message, "it was deleted: deploy it again");
  return MakeError(ErrorCode::kInvalidConfig, message,
                   "the cluster has nothing that such a task can run on: check launch type and placement");
}

Result<EcsTask> ReadRunTask(const std::string& body, const EcsRunTask& task) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json& failures = MemberOf(json, "failures");
  if (failures.is_array() && !failures.empty()) return PlacementError(failures.front(), task);
  const Json& tasks = MemberOf(json, "tasks");
  if (tasks.is_array() && !tasks.empty() && !TextOf(tasks.front(), "taskArn").empty()) {
    const Json& started = tasks.front();
    return EcsTask{.arn = TextOf(started, "taskArn"),
                   .definition_arn = TextOf(started, "taskDefinitionArn"),
                   .last_status = TextOf(started, "lastStatus")};
  }
  return MakeError(ErrorCode::kMalformedBody,
                   fmt::format("ecs:RunTask answered neither tasks nor failures: {}", Excerpt(body)),
                   "check AWS_ENDPOINT_URL_ECS (or endpoint_url)");
}

}  // namespace

JsonServiceOptions EcsOptions(const AwsSettings& settings) {
  return JsonServiceFrom(settings, "ecs", "AmazonEC2ContainerServiceV20141113");
}

EcsClient::EcsClient(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
                     http::Client& client, Clock& clock)
    : service_(std::move(options), std::move(credentials), client, clock) {}

Result<EcsTask> EcsClient::RunTask(const EcsRunTask& task, CallFacts* facts) {
  ARROW_RETURN_NOT_OK(CheckToken(task.client_token));
  ARROW_ASSIGN_OR_RAISE(
      const JsonService::Answer answer,
      service_.Call("RunTask", ShortName(task.task_definition), Dump(RunTaskJson(task)), facts));
  if (!answer.ok) return RefusedRunTask(answer.refusal, task);
  return ReadRunTask(answer.body, task);
}

}  // namespace ingesta::aws
