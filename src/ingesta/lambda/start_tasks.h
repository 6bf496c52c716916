// The function itself: one ECS task for each pipeline of an event. Starts them side by side, waits for none,
// and fails as a whole where one could not be started: the next try starts only those that are missing, since
// ECS knows the others by their client tokens. Thread-safe: no shared state.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"

namespace ingesta::lambda {

/// Where and how tasks run, from the function's environment (INGESTA_ECS_...).
struct TaskSettings {
  std::string cluster;                                           ///< INGESTA_ECS_CLUSTER: name or ARN
  std::vector<std::pair<std::string, std::string>> definitions;  ///< INGESTA_ECS_TASKS: `productos=ARN,...`
  std::vector<std::string> subnets;                              ///< INGESTA_ECS_SUBNETS: `subnet-1,subnet-2`
  std::vector<std::string> security_groups;                      ///< INGESTA_ECS_SECURITY_GROUPS
  bool public_ip = false;               ///< INGESTA_ECS_PUBLIC_IP: ENABLED or DISABLED
  std::string launch_type = "FARGATE";  ///< INGESTA_ECS_LAUNCH_TYPE: FARGATE, EC2 or EXTERNAL
  std::string container = "ingesta";    ///< INGESTA_ECS_CONTAINER: of every definition
};

/// kInvalidConfig with all mistakes at once.
Result<TaskSettings> ReadTaskSettings(const aws::Environment& environment);

struct TaskContext {
  const aws::Environment& environment;  ///< credentials, region, endpoints
  Clock& clock;
  Random& random;
  const Logger& log;
};

/// Start the tasks of `event` (JSON, see start_event.h), each with INGESTA_RUN_ID = RunIdOf(event) and
/// nothing else that another try could have otherwise. Gives `{"run_id": ..., "tasks": [{"pipeline", "task",
/// "status", "client_token"}]}`. Returns before `deadline`. The error is the first pipeline's that failed,
/// its message names them all.
Result<std::string> StartTasks(const TaskSettings& settings, const std::string& event, SystemTime deadline,
                               const TaskContext& context);

}  // namespace ingesta::lambda
