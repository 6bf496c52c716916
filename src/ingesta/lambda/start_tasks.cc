#include "ingesta/lambda/start_tasks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ingesta/aws/ecs.h"
#include "ingesta/lambda/start_event.h"

namespace ingesta::lambda {
namespace {

using Json = nlohmann::json;

/// What answering Lambda takes, at the least.
constexpr Millis kAnswerTime{1'000};

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

/// Reads variables and notes what is wrong with them.
class VariableReader {
 public:
  explicit VariableReader(const aws::Environment& environment) : environment_(environment) {}

  std::string Get(const std::string& name, const std::string& otherwise = "") const {
    const auto found = environment_.find(name);
    return found != environment_.end() && !found->second.empty() ? found->second : otherwise;
  }
  std::string OneOf(const std::string& name, const std::vector<std::string>& allowed) {
    std::string value = Get(name, allowed.front());
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      Note(fmt::format("{} is '{}', and can be {}", name, value, fmt::join(allowed, ", ")));
    }
    return value;
  }
  void Note(const std::string& mistake) { mistakes_ += (mistakes_.empty() ? "" : "; ") + mistake; }
  Status Verdict() const {
    if (mistakes_.empty()) return Status::OK();
    return MakeError(ErrorCode::kInvalidConfig, mistakes_,
                     "set the function's environment variables as deploy/aws/ingesta.yaml does");
  }

 private:
  const aws::Environment& environment_;
  std::string mistakes_;
};

const std::string* DefinitionOf(const TaskSettings& settings, const std::string& pipeline) {
  for (const auto& [name, definition] : settings.definitions) {
    if (name == pipeline) return &definition;
  }
  return nullptr;
}

std::vector<std::string> AllPipelines(const TaskSettings& settings) {
  std::vector<std::string> names;
  for (const auto& [name, definition] : settings.definitions) names.push_back(name);
  return names;
}

Result<std::vector<aws::EcsRunTask>> PlanTasks(const TaskSettings& settings, const StartEvent& event) {
  std::vector<aws::EcsRunTask> tasks;
  for (const std::string& pipeline : event.pipelines) {
    const std::string* definition = DefinitionOf(settings, pipeline);
    if (definition == nullptr) {
      return MakeError(ErrorCode::kUsage, fmt::format("the event: there is no pipeline '{}'", pipeline),
                       fmt::format("INGESTA_ECS_TASKS has {}", fmt::join(AllPipelines(settings), ", ")));
    }
    tasks.push_back({.cluster = settings.cluster,
                     .task_definition = *definition,
                     .launch_type = settings.launch_type,
                     .platform_version = "",
                     .subnets = settings.subnets,
                     .security_groups = settings.security_groups,
                     .assign_public_ip = settings.public_ip,
                     .overrides = {{.name = settings.container,
                                    .environment = {{"INGESTA_RUN_ID", RunIdOf(event)}},
                                    .command = {}}},
                     .client_token = ClientTokenOf(event, pipeline),
                     .started_by = RunIdOf(event)});
  }
  return tasks;
}

Result<std::unique_ptr<http::Client>> EcsHttpClient(Millis left, const TaskContext& context) {
  http::ClientOptions options;
  options.timeouts = {.connect = Millis{3'000}, .idle = Millis{10'000}, .total = Millis{20'000}};
  options.retry = {.max_retries = 4, .base = Millis{200}, .cap = Millis{4'000}, .max_elapsed = left};
  return http::Client::Make(std::move(options), context.clock, context.random);
}

/// All at once; the results in the order of `tasks`.
std::vector<Result<aws::EcsTask>> RunAll(aws::EcsClient& ecs, const std::vector<aws::EcsRunTask>& tasks) {
  std::vector<std::future<Result<aws::EcsTask>>> calls;
  for (const aws::EcsRunTask& task : tasks) {
    calls.push_back(std::async(std::launch::async, [&ecs, &task] { return ecs.RunTask(task); }));
  }
  std::vector<Result<aws::EcsTask>> results;
  for (auto& call : calls) results.push_back(call.get());
  return results;
}

Result<std::string> Report(const StartEvent& event, const std::vector<aws::EcsRunTask>& tasks,
                           const std::vector<Result<aws::EcsTask>>& results, const Logger& log) {
  Json list = Json::array();
  std::vector<std::string> failures;
  Status first;
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string& pipeline = event.pipelines[i];
    const Logger about = log.With("pipeline", pipeline).With("run_id", RunIdOf(event));
    if (!results[i].ok()) {
      if (first.ok()) first = results[i].status();
      about.Error(results[i].status());
      failures.push_back(fmt::format("{}: {}", pipeline, results[i].status().message()));
      continue;
    }
    about.Info("task started", {{"task", results[i]->arn}, {"client_token", tasks[i].client_token}});
    list.push_back({{"pipeline", pipeline},
                    {"task", results[i]->arn},
                    {"status", results[i]->last_status},
                    {"client_token", tasks[i].client_token}});
  }
  if (first.ok()) {
    return Json{{"run_id", RunIdOf(event)}, {"tasks", list}}.dump(-1, ' ', false,
                                                                  Json::error_handler_t::replace);
  }
  const ErrorDetail* detail = DetailOf(first);
  return MakeError(detail != nullptr ? detail->fields() : ErrorDetail::Fields{},
                   fmt::format("{} of {} tasks were not started: {}", failures.size(), results.size(),
                               fmt::join(failures, "; ")));
}

}  // namespace

Result<TaskSettings> ReadTaskSettings(const aws::Environment& environment) {
  VariableReader reader(environment);
  TaskSettings settings;
  settings.cluster = reader.Get("INGESTA_ECS_CLUSTER");
  if (settings.cluster.empty()) reader.Note("INGESTA_ECS_CLUSTER is not set");
  for (const std::string& entry : SplitList(reader.Get("INGESTA_ECS_TASKS"))) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      reader.Note(fmt::format("INGESTA_ECS_TASKS has '{}' instead of PIPELINE=DEFINITION", entry));
      continue;
    }
    settings.definitions.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  if (settings.definitions.empty()) reader.Note("INGESTA_ECS_TASKS names no task definition");
  settings.subnets = SplitList(reader.Get("INGESTA_ECS_SUBNETS"));
  settings.security_groups = SplitList(reader.Get("INGESTA_ECS_SECURITY_GROUPS"));
  settings.public_ip = reader.OneOf("INGESTA_ECS_PUBLIC_IP", {"DISABLED", "ENABLED"}) == "ENABLED";
  settings.launch_type = reader.OneOf("INGESTA_ECS_LAUNCH_TYPE", {"FARGATE", "EC2", "EXTERNAL"});
  if (settings.launch_type == "FARGATE" && settings.subnets.empty()) {
    reader.Note("INGESTA_ECS_SUBNETS is not set, and Fargate needs a subnet");
  }
  settings.container = reader.Get("INGESTA_ECS_CONTAINER", settings.container);
  ARROW_RETURN_NOT_OK(reader.Verdict());
  return settings;
}

Result<std::string> StartTasks(const TaskSettings& settings, const std::string& event, SystemTime deadline,
                               const TaskContext& context) {
  ARROW_ASSIGN_OR_RAISE(StartEvent start, ParseStartEvent(event));
  if (start.pipelines.empty()) start.pipelines = AllPipelines(settings);
  ARROW_ASSIGN_OR_RAISE(const auto tasks, PlanTasks(settings, start));
  const auto left = std::chrono::duration_cast<Millis>(deadline - context.clock.Now()) - kAnswerTime;
  if (left <= Millis{0}) {
    return MakeError(ErrorCode::kTimeout, "the function has less than a second left",
                     "raise the function's timeout: a minute is enough");
  }
  ARROW_ASSIGN_OR_RAISE(const auto client, EcsHttpClient(left, context));
  ARROW_ASSIGN_OR_RAISE(const aws::AwsSettings aws_settings, aws::LoadSettings(context.environment));
  ARROW_ASSIGN_OR_RAISE(auto credentials,
                        aws::MakeDefaultCredentials(context.environment, *client, context.clock));
  aws::EcsClient ecs(aws::EcsOptions(aws_settings), std::move(credentials), *client, context.clock);
  return Report(start, tasks, RunAll(ecs, tasks), context.log);
}

}  // namespace ingesta::lambda
