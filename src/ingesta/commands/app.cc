#include "ingesta/commands/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/run_pipeline.h"
#include "ingesta/pipeline/suites.h"

namespace ingesta::commands {
namespace {

std::string Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

// NAME=value lines as Docker's --env-file has them; `#` begins a comment line, quotes around a value are
// taken off.
Status ReadEnvFile(const std::string& path, Environment& environment) {
  auto text = ReadFile(path);
  if (!text.ok()) return MakeError(ErrorCode::kUsage, fmt::format("--env-file: {}", text.status().message()));
  int number = 0;
  for (size_t begin = 0; begin < text->size();) {
    const size_t end = std::min(text->find('\n', begin), text->size());
    std::string line = Trim(std::string_view(*text).substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (line.rfind("export ", 0) == 0) line = Trim(line.substr(7));
    const size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0) {
      return MakeError(ErrorCode::kUsage, fmt::format("{}:{}: expected NAME=value", path, number));
    }
    std::string value = Trim(std::string_view(line).substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    environment.emplace(Trim(std::string_view(line).substr(0, equals)), std::move(value));
  }
  return Status::OK();
}

// A folder with pipeline.yaml, a file, or the short name of an `ingesta-NAME` folder.
std::string PipelineFile(const std::string& argument) {
  for (const std::string& candidate :
       {argument + "/pipeline.yaml", "ingesta-" + argument + "/pipeline.yaml"}) {
    if (PathExists(candidate)) return candidate;
  }
  return argument;
}

// no-color.org: an empty NO_COLOR asks for nothing.
bool WantsColor(const App& app, int descriptor) {
  const auto no_color = app.environment.find("NO_COLOR");
  const bool refused =
      app.globals.no_color || (no_color != app.environment.end() && !no_color->second.empty());
  return isatty(descriptor) == 1 && !refused;
}

}  // namespace

bool App::StderrIsTerminal() const {
  return isatty(STDERR_FILENO) == 1;
}

bool App::ColorOnStdout() const {
  return WantsColor(*this, STDOUT_FILENO);
}

bool App::ColorOnStderr() const {
  return WantsColor(*this, STDERR_FILENO);
}

std::unique_ptr<LogSink> App::MakeLogSink() const {
  const bool terminal = StderrIsTerminal();
  const bool json = globals.log_format == "json" || (globals.log_format == "auto" && !terminal);
  LogLevel level = LogLevel::kInfo;
  if (globals.log_level == "debug") level = LogLevel::kDebug;
  if (globals.log_level == "warning") level = LogLevel::kWarning;
  if (globals.log_level == "error") level = LogLevel::kError;
  return std::make_unique<LogSink>(json ? LogFormat::kJson : LogFormat::kHuman, level, ColorOnStderr(),
                                   clock);
}

std::string App::DataDir() const {
  if (!globals.data_dir.empty()) return globals.data_dir;
  const auto at = environment.find("INGESTA_DATA_DIR");
  return at != environment.end() && !at->second.empty() ? at->second : "./data";
}

std::unique_ptr<pipeline::StageFactory> App::MakeFactory(const Logger& log) const {
  return toolbox.make_factory({environment, DataDir(), Version(), clock, random, stop, log});
}

void PipelineArguments::AddTo(CLI::App& command, bool required) {
  auto* option = command.add_option("PIPELINE", pipelines, "Folders with a pipeline.yaml, or such files");
  if (required) option->required();
  AddValues(command);
}

void PipelineArguments::AddAsOption(CLI::App& command) {
  command
      .add_option(
          "-p,--pipeline", pipelines,
          "Folder with a pipeline.yaml, or such a file; may be repeated (this folder's, or those below it)")
      ->allow_extra_args(false)
      ->type_name("PIPELINE");
  AddValues(command);
}

void PipelineArguments::AddValues(CLI::App& command) {
  command
      .add_option("--set", set, "Override a value: client.concurrency=4, resources.productos.max_rejected=5%")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--env-file", env_file, "Read variables from a file; those already set stay")
      ->type_name("FILE");
}

Result<std::vector<config::PipelineSpec>> LoadPipelines(const PipelineArguments& arguments, App& app) {
  if (!arguments.env_file.empty()) RETURN_NOT_OK(ReadEnvFile(arguments.env_file, app.environment));
  config::ParseOptions options{.environment = app.environment, .overrides = {}};
  for (const std::string& text : arguments.set) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return MakeError(ErrorCode::kUsage, fmt::format("--set {}: expected KEY=VALUE", text),
                       "for example --set client.concurrency=4");
    }
    options.overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::vector<config::PipelineSpec> pipelines;
  std::string mistakes;
  for (const std::string& argument : arguments.pipelines) {
    const std::string file = PipelineFile(argument);
    if (!PathExists(file)) {
      mistakes += fmt::format("{}{}: there is no such pipeline", mistakes.empty() ? "" : "\n", argument);
      continue;
    }
    auto pipeline = config::ParsePipelineFile(file, app.toolbox.kinds, options);
    Status status = pipeline.status();
    if (status.ok()) status = pipeline::CheckSuites(*pipeline);
    if (status.ok()) {
      pipelines.push_back(*std::move(pipeline));
    } else {
      mistakes += (mistakes.empty() ? "" : "\n") + status.message();
    }
  }
  if (mistakes.empty()) return pipelines;
  return MakeError(ErrorCode::kInvalidConfig, mistakes, "`ingesta describe` lists every key and its values");
}

int PrintError(const Status& status, const App& app) {
  const bool color = app.ColorOnStderr();
  fmt::print(stderr, "{}ingesta: {}{}\n", color ? "\x1b[31m" : "", status.message(), color ? "\x1b[0m" : "");
  const std::string hint = HintOf(status);
  if (!hint.empty()) fmt::print(stderr, "  -> {}\n", hint);
  const ErrorCode code = CodeOf(status);
  if (code == ErrorCode::kLeaseHeld) return pipeline::kExitLeaseHeld;
  return code == ErrorCode::kUsage || code == ErrorCode::kInvalidConfig ? pipeline::kExitUsage
                                                                        : pipeline::kExitFailed;
}

std::string Version() {
  return INGESTA_VERSION;
}

}  // namespace ingesta::commands
