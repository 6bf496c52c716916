#include "ingesta/lambda/serve.h"

#include <memory>

#include "ingesta/lambda/runtime_api.h"
#include "ingesta/lambda/start_tasks.h"

namespace ingesta::lambda {
namespace {

/// Lambda's word on what it was sent: it goes on after a 4xx, such as an invocation that is over already.
bool EndsTheRuntime(const Status& delivered) {
  return !delivered.ok() && (CodeOf(delivered) != ErrorCode::kHttpStatus || IsRetryable(delivered));
}

Status AnswerOne(RuntimeApi& api, const Invocation& invocation, const TaskSettings& settings,
                 const ServeContext& context) {
  const Logger log = context.log.With("request_id", invocation.request_id);
  const TaskContext tasks{context.environment, context.clock, context.random, log};
  const Result<std::string> result = StartTasks(settings, invocation.event, invocation.deadline, tasks);
  if (!result.ok()) log.Error(result.status());
  const Status delivered =
      result.ok() ? api.Respond(invocation, *result) : api.Fail(invocation, result.status());
  if (!delivered.ok()) log.Error(delivered);
  return EndsTheRuntime(delivered) ? delivered : Status::OK();
}

}  // namespace

Status Serve(const ServeContext& context) {
  const auto address = context.environment.find("AWS_LAMBDA_RUNTIME_API");
  if (address == context.environment.end() || address->second.empty()) {
    return MakeError(
        ErrorCode::kUsage, "AWS_LAMBDA_RUNTIME_API is not set: this is no Lambda function",
        "scripts/package-lambda.sh makes the function's code; docs/en/aws-deployment.md says how "
        "to deploy it");
  }
  ARROW_ASSIGN_OR_RAISE(const auto api,
                        RuntimeApi::Make(address->second, context.clock, context.random, context.stop));
  const Result<TaskSettings> settings = ReadTaskSettings(context.environment);
  if (!settings.ok()) {
    const Status told = api->FailInit(settings.status());
    if (!told.ok()) context.log.Error(told);
    return settings.status();
  }
  while (!context.stop.stopped()) {
    const Result<Invocation> invocation = api->Next();
    if (context.stop.stopped()) break;
    ARROW_RETURN_NOT_OK(invocation.status());
    ARROW_RETURN_NOT_OK(AnswerOne(*api, *invocation, *settings, context));
  }
  return Status::OK();
}

}  // namespace ingesta::lambda
