// Prints the credentials that the process environment resolves to as JSON: {"access_key_id", "session_token",
// "source"}, or
// {"error", "message"} and exit code 1. For credentials_oracle.py; never prints a secret key.
#include <fmt/format.h>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/text.h"

int main() {
  using namespace ingesta;  // NOLINT: a program of one function
  http::ClientOptions options;
  options.retry.max_retries = 0;
  const auto client = http::Client::Make(options, RealClock(), SystemRandom());
  if (!client.ok()) return 2;
  const auto provider = aws::MakeDefaultCredentials(aws::ProcessEnvironment(), **client, RealClock());
  if (!provider.ok()) return 2;
  const auto credentials = (*provider)->Get();
  if (!credentials.ok()) {
    fmt::print("{{\"error\": {}, \"message\": {}}}\n",
               aws::JsonString(ErrorCodeName(CodeOf(credentials.status()))),
               aws::JsonString(credentials.status().message()));
    return 1;
  }
  fmt::print("{{\"access_key_id\": {}, \"session_token\": {}, \"source\": {}}}\n",
             aws::JsonString(credentials->access_key_id), aws::JsonString(credentials->session_token),
             aws::JsonString(credentials->source));
  return 0;
}
