#include "ingesta/demo/services.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "ingesta/base/fs.h"
#include "ingesta/commands/run_command.h"
#include "ingesta/config/scalar.h"

namespace ingesta::commands {
namespace {

struct DemoArguments {
  demo::DemoOptions services;
  std::string latency = "0ms";
  std::vector<std::string> faults;
  bool run = false;
  std::string home;
  RunArguments run_arguments;
};

// The shipped pipelines: --home, INGESTA_HOME, this folder, those above the program (a build tree),
// /etc/ingesta.
Result<std::vector<std::string>> FindPipelines(const DemoArguments& arguments, const App& app) {
  std::vector<std::string> homes;
  if (!arguments.home.empty()) homes.push_back(arguments.home);
  const auto variable = app.environment.find("INGESTA_HOME");
  if (variable != app.environment.end()) homes.push_back(variable->second);
  homes.emplace_back(".");
  std::error_code error;
  auto above = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (int level = 0; level < 5; ++level, above = above.parent_path()) homes.push_back(above.string());
  homes.emplace_back("/etc/ingesta");
  for (const std::string& home : homes) {
    for (const char* prefix : {"/ingesta-", "/"}) {
      if (!PathExists(home + prefix + "productos/pipeline.yaml")) continue;
      std::vector<std::string> folders;
      for (const char* name : {"productos", "ordenes", "proveedores"})
        folders.push_back(home + prefix + name);
      return folders;
    }
  }
  return MakeError(ErrorCode::kUsage,
                   "the shipped pipelines (ingesta-productos/pipeline.yaml, ...) were not found",
                   "name their folder with --home or INGESTA_HOME");
}

Status Serve(const DemoArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto services, demo::DemoServices::Start(arguments.services));
  fmt::print("{}\nStop with Ctrl-C.\n", services->Summary());
  std::fflush(stdout);
  std::atomic<bool> stop{false};
  const StopCallback on_stop(app.stop, [&stop] {
    stop = true;
    stop.notify_all();
  });
  demo::RunUntilStopped(*services, stop);
  return Status::OK();
}

void PrintNextSteps(const std::string& root) {
  fmt::print(
      "\nThat was the whole path: {0}/ is laid out as the bucket would be. What to try next:\n"
      "  find {0} -type f\n"
      "      the files; below _ingesta/ are manifests, state and, if there were any, rejected rows\n",
      root);
  if (PathExists(root + "/iceberg/ordenes/metadata")) {
    fmt::print(
        "  duckdb -c \"SELECT estado, count(*) AS ordenes, sum(total) AS total "
        "FROM iceberg_scan('{0}/iceberg/ordenes') GROUP BY estado ORDER BY estado\"\n"
        "      SQL on the tables; `ingesta lake tables` lists them, docs/en/consultas.md has ten queries\n",
        root);
  }
  fmt::print(
      "  ./run-ingesta.sh --demo --fault status:503:every=5\n"
      "      the same with services that fail every fifth time; --fault bad-values fills the quarantine\n"
      "  less ingesta-productos/pipeline.yaml\n"
      "      what a pipeline looks like; `ingesta describe` explains each key\n"
      "  PRODUCTOS_SERVICE_URL=... ORDENES_SERVICE_URL=... PROVEEDORES_SERVICE_URL=... ./run-ingesta.sh\n"
      "      the real services, into S3_BUCKET\n");
}

Status RunDemo(DemoArguments& arguments, App& app) {
  // Only what the demo itself sets reaches the pipelines: no bucket, and the embedded services.
  arguments.services.productos_port = arguments.services.ordenes_port = arguments.services.proveedores_port =
      0;
  ARROW_ASSIGN_OR_RAISE(const auto services, demo::DemoServices::Start(arguments.services));
  app.environment["S3_BUCKET"] = "";
  app.environment["PRODUCTOS_SERVICE_URL"] = services->productos_url();
  app.environment["ORDENES_SERVICE_URL"] = services->ordenes_url();
  app.environment["PROVEEDORES_SERVICE_URL"] = services->proveedores_url();
  ARROW_ASSIGN_OR_RAISE(arguments.run_arguments.pipelines.pipelines, FindPipelines(arguments, app));
  ARROW_ASSIGN_OR_RAISE(const auto pipelines, LoadPipelines(arguments.run_arguments.pipelines, app));
  app.exit_code = RunPipelines(pipelines, arguments.run_arguments, /*resume=*/false, app);
  const bool good = app.exit_code == pipeline::kExitDone || app.exit_code == pipeline::kExitQuarantine;
  const bool for_people = !arguments.run_arguments.json && arguments.run_arguments.summary == "table";
  if (good && for_people) PrintNextSteps(app.DataDir());
  return Status::OK();
}

Status Demo(DemoArguments& arguments, App& app) {
  const auto latency = config::ParseDuration(arguments.latency);
  if (!latency.ok()) return WithPrefix(latency.status(), "--latency");
  arguments.services.latency = *latency;
  ARROW_ASSIGN_OR_RAISE(arguments.services.faults, demo::ParseFaults(arguments.faults));
  return arguments.run ? RunDemo(arguments, app) : Serve(arguments, app);
}

}  // namespace

void AddDemoCommand(CLI::App& cli, App& app) {
  auto* command =
      cli.add_subcommand("demo", "Start the three services with made-up data, or run the ingestions on them");
  const auto arguments = std::make_shared<DemoArguments>();
  demo::DemoOptions& services = arguments->services;
  services.productos_port = 5001;
  services.ordenes_port = 8080;
  services.proveedores_port = 3000;
  command->add_flag("--run", arguments->run, "Run the three ingestions into the data dir instead of serving");
  command
      ->add_option("--rows", services.rows, "Products; orders are half of that, suppliers a quarter (20000)")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}));
  command->add_option("--latency", arguments->latency, "Wait before each answer (0ms)")
      ->type_name("DURATION");
  command->add_option("--seed", services.seed, "Other data (1)");
  command->add_option("--fault", arguments->faults, "Misbehave; may be repeated, see below")
      ->allow_extra_args(false)
      ->type_name("FAULT");
  command->add_option("--host", services.host, "Address to listen on (127.0.0.1)");
  command->add_option("--productos-port", services.productos_port, "0 = any free one (5001)");
  command->add_option("--ordenes-port", services.ordenes_port, "0 = any free one (8080)");
  command->add_option("--proveedores-port", services.proveedores_port, "0 = any free one (3000)");
  command->add_option("--home", arguments->home, "Folder of the shipped pipelines, for --run (INGESTA_HOME)");
  command->add_flag("--dry-run", arguments->run_arguments.dry_run, "With --run: publish nothing");
  command
      ->add_option("--set", arguments->run_arguments.pipelines.set,
                   "With --run: override a value of the pipelines")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("--run-id", arguments->run_arguments.run_id, "With --run: the run id")
      ->envname("INGESTA_RUN_ID");
  command->add_flag("--force", arguments->run_arguments.force,
                    "With --run: although the run id has succeeded");
  AddOutcomeOptions(*command, arguments->run_arguments);
  command->footer("Faults:\n" + demo::FaultHelp() +
                  "\n\nExamples:\n"
                  "  ingesta demo --run\n"
                  "  ingesta demo --rows 1000000 --latency 20ms\n"
                  "  ingesta demo --run --fault status:503:every=7 --fault bad-values");
  command->callback([arguments, &app] {
    const Status status = Demo(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
