// The concrete kinds and the factory that makes them, as builtin/ registers them: passed in, never global.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/stop.h"
#include "ingesta/config/options.h"
#include "ingesta/pipeline/stages.h"

namespace ingesta::pipeline {

using Environment = std::map<std::string, std::string>;

/// What the stages of a process share. References outlive the factory.
struct FactoryContext {
  Environment environment;  ///< the process's, with --env-file's values
  std::string root;         ///< the local root
  std::string version;      ///< for the User-Agent
  Clock& clock;
  Random& random;
  const StopSource& stop;
  const Logger& log;  ///< for what is left out, such as clean-up that is not permitted
};

struct Toolbox {
  config::KindCatalog kinds;
  std::unique_ptr<StageFactory> (*make_factory)(FactoryContext context) = nullptr;
};

}  // namespace ingesta::pipeline
