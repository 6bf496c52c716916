#include <cstdio>
#include <memory>

#include "ingesta/commands/app.h"
#include "ingesta/observe/metrics.h"

namespace ingesta::commands {

void AddDescribeCommand(CLI::App& cli, App& app) {
  struct DescribeArguments {
    bool json_schema = false;
    bool markdown = false;
    bool metrics = false;
  };
  auto* command = cli.add_subcommand("describe", "Print every key and kind that a pipeline.yaml may have");
  const auto arguments = std::make_shared<DescribeArguments>();
  auto* schema = command->add_flag("--json-schema", arguments->json_schema, "As JSON Schema, for editors");
  command->add_flag("--markdown", arguments->markdown, "As Markdown, for the reference pages")
      ->excludes(schema);
  command->add_flag("--metrics", arguments->metrics, "The metrics of a run instead, as Markdown");
  command->footer(
      "Examples:\n"
      "  ingesta describe | less\n"
      "  ingesta describe --json-schema > pipeline.schema.json");
  command->callback([arguments, &app] {
    const config::KindCatalog& kinds = app.toolbox.kinds;
    const std::string text = arguments->metrics       ? observe::MetricsReference()
                             : arguments->json_schema ? config::JsonSchema(kinds)
                                                      : config::Describe(kinds, arguments->markdown);
    std::fwrite(text.data(), 1, text.size(), stdout);
  });
}

}  // namespace ingesta::commands
