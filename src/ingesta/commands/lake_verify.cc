#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ingesta/commands/lake_command.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/pipeline/run_pipeline.h"
#include "ingesta/pipeline/verify_lake.h"

namespace ingesta::commands {
namespace {

using catalog::Finding;
using catalog::FindingKind;
struct VerifyArguments {
  LakeArguments lake;
  bool checksums = false;
};

int64_t Count(const std::vector<pipeline::VerifyReport>& reports, FindingKind kind) {
  int64_t count = 0;
  for (const pipeline::VerifyReport& report : reports) {
    count += std::count_if(report.findings.begin(), report.findings.end(),
                           [kind](const Finding& finding) { return finding.kind == kind; });
  }
  return count;
}

Json ReportJson(const Lake& lake, const pipeline::VerifyReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"kind", catalog::FindingKindName(finding.kind)},
                        {"dataset", finding.dataset.empty() ? Json(nullptr) : Json(finding.dataset)},
                        {"object", finding.object},
                        {"meaning", finding.meaning},
                        {"advice", finding.advice}});
  }
  return Json{{"pipeline", lake.pipeline.name},
              {"store", lake.store->Uri()},
              {"catalog", lake.catalog->Describe()},
              {"runs", report.runs},
              {"objects", report.objects},
              {"bytes", report.bytes},
              {"tables", report.tables},
              {"checksums", report.checksums},
              {"findings", std::move(findings)},
              {"notes", report.notes}};
}

const char* PaintOf(FindingKind kind, bool color) {
  if (!color) return "";
  return kind == FindingKind::kHole ? "\x1b[31m" : "\x1b[33m";
}

std::string ReportText(const Lake& lake, const pipeline::VerifyReport& report, bool color) {
  std::string text = LakeHeading(lake, color);
  for (const Finding& finding : report.findings) {
    text += fmt::format("  {}{:<6}{}  {}\n          {}\n          -> {}\n", PaintOf(finding.kind, color),
                        catalog::FindingKindName(finding.kind), color ? "\x1b[0m" : "", finding.object,
                        finding.meaning, finding.advice);
  }
  for (const std::string& note : report.notes) text += fmt::format("  note    {}\n", note);
  text += fmt::format(
      "  {} runs, {} objects ({}), {} tables{}: {}\n", observe::WithThousands(report.runs),
      observe::WithThousands(report.objects), observe::HumanBytes(report.bytes), report.tables,
      report.checksums > 0 ? fmt::format(", {} files read", observe::WithThousands(report.checksums)) : "",
      report.findings.empty()
          ? "all is there"
          : fmt::format("{} finding{}", report.findings.size(), report.findings.size() == 1 ? "" : "s"));
  return text;
}

Status Verify(const VerifyArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, OpenLakes(arguments.lake, app));
  std::vector<pipeline::VerifyReport> reports;
  std::string text;
  Json pipelines = Json::array();
  for (const Lake& lake : opened->lakes) {
    ARROW_ASSIGN_OR_RAISE(
        pipeline::VerifyReport report,
        pipeline::VerifyLake(lake.pipeline, {.root = app.DataDir(), .checksums = arguments.checksums},
                             *lake.store, *lake.catalog, app.stop));
    text += (text.empty() ? "" : "\n") + ReportText(lake, report, app.ColorOnStdout());
    pipelines.push_back(ReportJson(lake, report));
    reports.push_back(std::move(report));
  }
  const int64_t holes = Count(reports, FindingKind::kHole);
  const int64_t orphans = Count(reports, FindingKind::kOrphan);
  const int64_t stale = Count(reports, FindingKind::kStale);
  text += fmt::format("\n{} holes, {} orphans, {} stale{}\n", holes, orphans, stale,
                      holes == 0 && orphans > 0 ? ": orphans take room, and harm no Iceberg table" : "");
  const Json json{{"ok", holes == 0},
                  {"holes", holes},
                  {"orphans", orphans},
                  {"stale", stale},
                  {"pipelines", std::move(pipelines)}};
  Print(arguments.lake.json ? json.dump(2) + "\n" : text);
  if (holes > 0) app.exit_code = pipeline::kExitFailed;
  return Status::OK();
}

}  // namespace

void AddLakeVerifyCommand(CLI::App& group, App& app) {
  auto* command = group.add_subcommand("verify", "Hold manifests, objects and tables against each other");
  const auto arguments = std::make_shared<VerifyArguments>();
  arguments->lake.AddTo(*command);
  command->add_flag("--checksums", arguments->checksums,
                    "Also read every file that a manifest names, and compare its CRC-32");
  command->footer(
      "hole    a file, a row or a table that a manifest or the catalog names is missing or damaged: exit "
      "code 1\n"
      "orphan  an object that nothing names: exit code 0\n"
      "stale   a table that is whole, but not of the newest run, such as after a rollback: exit code 0\n"
      "Changes nothing, and may run beside an ingestion.\n\n"
      "Examples:\n"
      "  ingesta lake verify\n"
      "  ingesta lake verify --checksums -p ingesta-productos\n"
      "  ingesta lake verify --json | jq '.pipelines[].findings[]'");
  command->callback([arguments, &app] {
    const Status status = Verify(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
