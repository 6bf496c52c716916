// The process of a Lambda function on provided.al2023: invocations one after another until Lambda ends it.
#pragma once

#include "ingesta/aws/credentials.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"

namespace ingesta::lambda {

struct ServeContext {
  const aws::Environment& environment;  ///< the function's
  Clock& clock;
  Random& random;
  StopSource& stop;  ///< Lambda's SIGTERM, for functions with extensions
  const Logger& log;
};

/// Answer invocations by StartTasks. OK after a stop; kUsage where there is no AWS_LAMBDA_RUNTIME_API; else
/// what ended the runtime: settings that are wrong (Lambda is told), a Runtime API that does not work.
Status Serve(const ServeContext& context);

}  // namespace ingesta::lambda
