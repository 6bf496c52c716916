// Arguments -> command -> exit code. The last catch stands here: no exception of a library ends the process
// unexplained.
#include <cstdio>
#include <exception>

#include "ingesta/base/stop.h"
#include "ingesta/builtin/register_all.h"
#include "ingesta/commands/app.h"

int main(int argc, char** argv) {
  static ingesta::StopSource stop;
  ingesta::StopOnSignals(stop);
  try {
    return ingesta::commands::Main(argc, argv, ingesta::builtin::RegisterAll(), stop);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ingesta: internal error: %s\n  -> please report it with the command that you ran\n",
                 error.what());
    return 1;
  }
}
