#include <fmt/format.h>
#include <unistd.h>

#include "ingesta/commands/app.h"
#include "ingesta/config/nearest.h"

extern char** environ;

namespace ingesta::commands {
namespace {

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

void AddGlobalOptions(CLI::App& cli, GlobalOptions& globals) {
  cli.add_option("--log-format", globals.log_format,
                 "human, json, or auto: human on a terminal, JSON lines elsewhere")
      ->check(CLI::IsMember({"auto", "human", "json"}))
      ->envname("INGESTA_LOG_FORMAT");
  cli.add_option("--log-level", globals.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->envname("INGESTA_LOG_LEVEL");
  cli.add_flag("--no-color", globals.no_color, "No colour, even on a terminal");
  cli.add_option("--data-dir", globals.data_dir, "Local root of data and spool (INGESTA_DATA_DIR; ./data)")
      ->type_name("DIR");
}

/// The command that was named last: a group of commands may be it.
const CLI::App& DeepestCommand(const CLI::App& cli) {
  const CLI::App* command = &cli;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

Status UnknownWord(const CLI::App& cli, const std::string& word) {
  if (word.starts_with('-')) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: there is no such option before a command", word),
                     "ingesta --help lists the options");
  }
  std::vector<std::string> names;
  for (const CLI::App* command : cli.get_subcommands({})) names.push_back(command->get_name());
  return MakeError(ErrorCode::kUsage, fmt::format("{}: there is no such command", word),
                   config::SuggestFrom(word, "commands", names));
}

}  // namespace

int Main(int argc, char** argv, const Toolbox& toolbox, StopSource& stop) {
  App app{.toolbox = toolbox,
          .environment = ProcessEnvironment(),
          .stop = stop,
          .clock = RealClock(),
          .random = SystemRandom(),
          .globals = {}};
  CLI::App cli("ingesta: REST services into a data lake, complete or not at all", "ingesta");
  cli.require_subcommand(1);
  cli.fallthrough();
  AddGlobalOptions(cli, app.globals);
  AddRunCommand(cli, app);
  AddResumeCommand(cli, app);
  AddCheckCommand(cli, app);
  AddPreviewCommand(cli, app);
  AddStatusCommand(cli, app);
  AddRunsCommand(cli, app);
  AddShowCommand(cli, app);
  AddLakeCommand(cli, app);
  AddExpectCommand(cli, app);
  AddInstallCommand(cli, app);
  AddDemoCommand(cli, app);
  AddDescribeCommand(cli, app);
  AddLambdaCommand(cli, app);
  AddVersionCommand(cli, app);
  cli.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done with rows in quarantine,\n"
      "4 another run holds the lease.\n\n"
      "Try: ingesta demo --run          the whole thing on this machine, no service needed\n"
      "     ingesta check ingesta-productos\n"
      "     ingesta run ingesta-productos ingesta-ordenes ingesta-proveedores\n"
      "     ingesta status\n"
      "     ingesta lake tables");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 would say that a command is missing, whatever stands in its place.
    const bool help = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    const CLI::App& command = DeepestCommand(cli);
    if (!help && !command.get_subcommands({}).empty() && !cli.remaining(true).empty()) {
      return PrintError(UnknownWord(command, cli.remaining(true).front()), app);
    }
    return cli.exit(error) == 0 ? 0 : 2;
  }
  return app.exit_code;
}

}  // namespace ingesta::commands
