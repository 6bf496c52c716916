// ECS's RunTask as a typed value: one task, started once however often the call is sent. Starts tasks for
// `ingesta lambda`; knows nothing of pipelines. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/aws/json_service.h"
#include "ingesta/base/status.h"

namespace ingesta::aws {

/// What one container of the task gets beside its definition.
struct EcsContainerOverride {
  std::string name;
  std::map<std::string, std::string> environment;  ///< sorted: the same values are the same request
  std::vector<std::string> command;                ///< empty: the definition's
};

struct EcsRunTask {
  std::string cluster;          ///< name or ARN; empty = `default`
  std::string task_definition;  ///< `family`, `family:revision` or ARN
  std::string launch_type;      ///< `FARGATE`, `EC2`; empty: the cluster's capacity providers
  std::string platform_version;
  /// Set: the task's network (awsvpc). Fargate wants at least one.
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  bool assign_public_ip = false;
  std::vector<EcsContainerOverride> overrides;
  /// 1 to 64 printable characters. ECS starts one task for it, for at most 24 hours, and answers later calls
  /// with that one; with other members than the first call's they are kConflict.
  std::string client_token;
  std::string started_by;       ///< for people; letters, digits, `-_/`, at most 128
  bool propagate_tags = false;  ///< the definition's tags onto the task
};

struct EcsTask {
  std::string arn;
  std::string definition_arn;
  std::string last_status;  ///< `PROVISIONING`, ...
};

class EcsClient {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  EcsClient(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
            http::Client& client, Clock& clock);

  /// Start one task; does not wait for it. The call is sent again after lost answers, 5xx and throttling,
  /// which the token makes safe. Errors: kUsage (no token, or a malformed one), kRateLimited and retryable
  /// where there is no capacity now (ECS says that in `failures[]` of a 200), kConflict (the token was used
  /// for another request), kNotFound (cluster, task definition), kInvalidConfig (ECS refuses the
  /// parameters), kAccessDenied with the missing permission, and those of CommonRefusal.
  /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
  Result<EcsTask> RunTask(const EcsRunTask& task, CallFacts* facts = nullptr);

 private:
  JsonService service_;
};

/// The options of ECS as the shared config and the environment have them.
JsonServiceOptions EcsOptions(const AwsSettings& settings);

}  // namespace ingesta::aws
