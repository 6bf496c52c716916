#include <fmt/format.h>

#include <memory>

#include "ingesta/commands/run_command.h"

namespace ingesta::commands {

void AddResumeCommand(CLI::App& cli, App& app) {
  auto* command =
      cli.add_subcommand("resume", "Publish what earlier runs kept, and finish the one that was cut off");
  const auto arguments = std::make_shared<RunArguments>();
  arguments->pipelines.AddTo(*command);
  AddOutcomeOptions(*command, *arguments);
  command->footer(
      "A run that could not reach S3, was stopped or was killed leaves its files below <data "
      "dir>/_ingesta/spool/.\n"
      "Whole runs are published without asking the services again; of a run that was cut off, the datasets "
      "that were\n"
      "complete are kept and the others extracted.\n\n"
      "Examples:\n"
      "  ingesta resume ingesta-productos\n"
      "  ingesta resume ingesta-productos ingesta-ordenes ingesta-proveedores --json");
  command->callback([arguments, &app] {
    auto pipelines = LoadPipelines(arguments->pipelines, app);
    app.exit_code = pipelines.ok() ? RunPipelines(*pipelines, *arguments, /*resume=*/true, app)
                                   : PrintError(pipelines.status(), app);
  });
}

}  // namespace ingesta::commands
