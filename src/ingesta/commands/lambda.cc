#include "ingesta/commands/app.h"
#include "ingesta/lambda/serve.h"

namespace ingesta::commands {

void AddLambdaCommand(CLI::App& cli, App& app) {
  auto* command = cli.add_subcommand(
      "lambda", "Be the AWS Lambda function that starts an ECS task a pipeline (docs/en/aws-deployment.md)");
  command->footer(
      "Lambda runs this command, with INGESTA_ECS_CLUSTER, INGESTA_ECS_TASKS (productos=DEFINITION,...),\n"
      "INGESTA_ECS_SUBNETS, INGESTA_ECS_SECURITY_GROUPS, INGESTA_ECS_PUBLIC_IP (DISABLED), \n"
      "INGESTA_ECS_LAUNCH_TYPE (FARGATE) and INGESTA_ECS_CONTAINER (ingesta) in its environment.\n"
      "scripts/package-lambda.sh makes the function's code, deploy/aws/ingesta.yaml the function.");
  command->callback([&app] {
    const auto sink = app.MakeLogSink();
    const Logger log(*sink);
    const Status status = lambda::Serve({app.environment, app.clock, app.random, app.stop, log});
    app.exit_code = status.ok() ? 0 : PrintError(status, app);
  });
}

}  // namespace ingesta::commands
