// The command line as a whole: what it answers where it takes nothing.
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include "ingesta/commands/app.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Exit code and stderr of `ingesta` with `words`.
std::pair<int, std::string> Ingesta(std::vector<std::string> words) {
  words.insert(words.begin(), "ingesta");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const Toolbox toolbox;
  StopSource stop;
  ::testing::internal::CaptureStderr();
  const int code = Main(static_cast<int>(words.size()), argv.data(), toolbox, stop);
  return {code, ::testing::internal::GetCapturedStderr()};
}

TEST(Main, NamesAnUnknownCommandAndTheValidOnes) {
  const auto [code, text] = Ingesta({"--log-level", "error", "chekc", "ingesta-productos"});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("chekc: there is no such command"));
  EXPECT_THAT(text, HasSubstr("did you mean `check`? commands: `run`, `resume`, `check`"));
}

TEST(Main, SuggestsNothingWhereNothingIsNear) {
  const auto [code, text] = Ingesta({"frobnicate"});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("frobnicate: there is no such command"));
  EXPECT_THAT(text, HasSubstr("commands: `run`"));
  EXPECT_THAT(text, Not(HasSubstr("did you mean")));
}

TEST(Main, NamesAnUnknownCommandOfAGroup) {
  const auto [code, text] = Ingesta({"lake", "tabels", "--json"});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("tabels: there is no such command"));
  EXPECT_THAT(text, HasSubstr("did you mean `tables`? commands: `tables`, `history`"));
}

TEST(Main, NamesAnUnknownOptionInPlaceOfACommand) {
  const auto [code, text] = Ingesta({"--frobnicate"});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("--frobnicate: there is no such option"));
}

TEST(Main, AsksForACommandWhereNoneIsGiven) {
  const auto [code, text] = Ingesta({});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("subcommand is required"));
}

/// What PrintError writes to a terminal.
std::string OnTerminal(const Environment& environment, bool no_color) {
  const Toolbox toolbox;
  StopSource stop;
  App app{.toolbox = toolbox,
          .environment = environment,
          .stop = stop,
          .clock = RealClock(),
          .random = SystemRandom(),
          .globals = {}};
  app.globals.no_color = no_color;
  int main_end = -1;
  int terminal = -1;
  EXPECT_EQ(openpty(&main_end, &terminal, nullptr, nullptr, nullptr), 0);
  const int before = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  PrintError(MakeError(ErrorCode::kUsage, "no"), app);
  std::fflush(stderr);
  dup2(before, STDERR_FILENO);
  char text[200];
  const ssize_t size = read(main_end, text, sizeof text);
  for (const int descriptor : {before, terminal, main_end}) close(descriptor);
  return {text, static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

TEST(PrintError, IsColouredOnATerminalUnlessToldNotTo) {
  EXPECT_THAT(OnTerminal({}, false), HasSubstr("\x1b[31mingesta: no"));
  EXPECT_THAT(OnTerminal({{"NO_COLOR", ""}}, false), HasSubstr("\x1b[31m"));
  EXPECT_THAT(OnTerminal({{"NO_COLOR", "1"}}, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(OnTerminal({}, true), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace ingesta::commands
