// What every command is given, and what they share: global options, pipeline files, logs. Commands parse
// arguments, call the layers below and print; they decide nothing about data.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"
#include "ingesta/config/parse.h"
#include "ingesta/pipeline/toolbox.h"

namespace ingesta::commands {

using pipeline::Environment;

using pipeline::Toolbox;

struct GlobalOptions {
  std::string log_format = "auto";  ///< auto, human, json
  std::string log_level = "info";
  bool no_color = false;
  std::string data_dir;  ///< "" = INGESTA_DATA_DIR, else ./data
};

struct App {
  const Toolbox& toolbox;
  Environment environment;
  StopSource& stop;
  Clock& clock;
  Random& random;
  GlobalOptions globals;
  int exit_code = 0;  ///< set by the command that ran

  /// Whether people read stderr on a terminal.
  bool StderrIsTerminal() const;
  /// On a terminal, but for --no-color and NO_COLOR.
  bool ColorOnStdout() const;
  bool ColorOnStderr() const;
  std::unique_ptr<LogSink> MakeLogSink() const;
  /// The local root: --data-dir, INGESTA_DATA_DIR, ./data.
  std::string DataDir() const;
  /// `log` outlives the factory.
  std::unique_ptr<pipeline::StageFactory> MakeFactory(const Logger& log) const;
};

/// Pipelines and how to read them: the options that `run`, `check`, `preview` and `resume` share.
struct PipelineArguments {
  std::vector<std::string> pipelines;
  std::vector<std::string> set;  ///< `key=value`
  std::string env_file;

  void AddTo(CLI::App& command, bool required = true);
  /// The pipelines as `-p`, for commands whose arguments are something else.
  void AddAsOption(CLI::App& command);

 private:
  void AddValues(CLI::App& command);
};

/// Read `env_file` into `environment` (what the process has already stays) and parse all pipelines.
/// kInvalidConfig or kUsage with every mistake of every file.
Result<std::vector<config::PipelineSpec>> LoadPipelines(const PipelineArguments& arguments, App& app);

/// Print an error and its hint on stderr for a person; gives the exit code: 2 for usage and configuration,
/// 4 where a run holds the lease, else 1.
int PrintError(const Status& status, const App& app);

/// `command`: what to type for it; used in examples.
void AddRunCommand(CLI::App& cli, App& app);
void AddResumeCommand(CLI::App& cli, App& app);
void AddCheckCommand(CLI::App& cli, App& app);
void AddPreviewCommand(CLI::App& cli, App& app);
/// `ingesta lake ...`.
void AddLakeCommand(CLI::App& cli, App& app);
void AddStatusCommand(CLI::App& cli, App& app);
void AddRunsCommand(CLI::App& cli, App& app);
void AddShowCommand(CLI::App& cli, App& app);
void AddExpectCommand(CLI::App& cli, App& app);
/// `ingesta install cron|systemd`.
void AddInstallCommand(CLI::App& cli, App& app);
void AddDemoCommand(CLI::App& cli, App& app);
void AddDescribeCommand(CLI::App& cli, App& app);
void AddLambdaCommand(CLI::App& cli, App& app);
void AddVersionCommand(CLI::App& cli, App& app);

/// The whole command line: returns the exit code.
int Main(int argc, char** argv, const Toolbox& toolbox, StopSource& stop);

/// `0.1.0`
std::string Version();

}  // namespace ingesta::commands
