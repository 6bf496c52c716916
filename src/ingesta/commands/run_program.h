// Runs a program of the system, such as crontab, and waits for it. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::commands {

struct ProgramResult {
  int exit_code = 0;   ///< 128 + the signal where one ended it
  std::string output;  ///< stdout and stderr, as they came
};

/// Run `words[0]`, found on PATH, without a shell and with nothing on its stdin. kNotFound where there is no
/// such program, kIo where it can't be started; what it answers is no error.
Result<ProgramResult> RunProgram(std::vector<std::string> words);

}  // namespace ingesta::commands
