#include <arrow/config.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "ingesta/commands/app.h"

namespace ingesta::commands {

void AddVersionCommand(CLI::App& cli, App& app) {
  (void)app;
  auto* command = cli.add_subcommand("version", "Print the version and those of the libraries");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "As JSON");
  command->footer("Examples:\n  ingesta version\n  ingesta version --json");
  command->callback([json] {
    const char* curl = curl_version_info(CURLVERSION_NOW)->version;
    const std::string& arrow = arrow::GetBuildInfo().version_string;
    if (*json) {
      fmt::print("{{\"ingesta\":\"{}\",\"arrow\":\"{}\",\"curl\":\"{}\"}}\n", Version(), arrow, curl);
    } else {
      fmt::print("ingesta {} (Arrow {}, curl {})\n", Version(), arrow, curl);
    }
  });
}

}  // namespace ingesta::commands
