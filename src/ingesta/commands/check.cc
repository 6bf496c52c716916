#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "ingesta/commands/one_page.h"
#include "ingesta/commands/run_command.h"

namespace ingesta::commands {
namespace {

struct Finding {
  std::string pipeline;
  std::string what;
  Status status;
  std::string detail;   ///< what was found, where it is good
  std::string warning;  ///< good, but worth a look
};

class Check {
 public:
  Check(const config::PipelineSpec& pipeline, pipeline::StageFactory& factory, App& app)
      : pipeline_(pipeline), factory_(factory), app_(app) {}

  std::vector<Finding> Run() {
    CheckService();
    CheckStore();
    return std::move(findings_);
  }

 private:
  void Add(std::string what, Status status, std::string detail = "", std::string warning = "") {
    findings_.push_back(
        {pipeline_.name, std::move(what), std::move(status), std::move(detail), std::move(warning)});
  }
  void CheckService();
  void CheckDataset(const pipeline::ResourceTree& tree, http::Client& client);
  void CheckStore();

  const config::PipelineSpec& pipeline_;
  pipeline::StageFactory& factory_;
  App& app_;
  std::vector<Finding> findings_;
};

// DNS, connection and TLS show in the health request's error; a service without one is tried by its first
// page.
void Check::CheckService() {
  auto client = factory_.MakeClient(pipeline_, nullptr);
  if (!client.ok()) return Add("client", client.status());
  const StopCallback cancel(app_.stop, [&client] { (*client)->Cancel(); });
  if (!pipeline_.client.health_path.empty()) {
    const std::string url = pipeline_.client.base_url + pipeline_.client.health_path;
    auto response = (*client)->Fetch({.url = url});
    const ErrorCode code = response.ok() ? ErrorCode::kInternal : CodeOf(response.status());
    Add("service " + http::RedactUrl(url), response.status(),
        response.ok() ? fmt::format("answers {} in {} ms", response->status, response->elapsed.count()) : "");
    if (code == ErrorCode::kHostNotFound || code == ErrorCode::kConnectFailed || code == ErrorCode::kTls)
      return;
  }
  for (const pipeline::ResourceTree& tree : pipeline::ResourceTree::AllOf(pipeline_))
    CheckDataset(tree, **client);
}

void Check::CheckDataset(const pipeline::ResourceTree& tree, http::Client& client) {
  auto page = FetchOnePage(pipeline_, tree, factory_, client);
  if (!page.ok()) return Add("dataset " + tree.resource->name, page.status());
  for (size_t i = 0; i < tree.size(); ++i) {
    const Batch& batch = page->batches[i];
    std::string warning;
    std::string empty_columns;
    for (int column = 0; batch.rows->num_rows() > 0 && column < batch.rows->num_columns(); ++column) {
      if (batch.rows->column(column)->null_count() < batch.rows->num_rows()) continue;
      empty_columns += (empty_columns.empty() ? "" : ", ") + batch.rows->schema()->field(column)->name();
    }
    if (!empty_columns.empty()) warning = "columns without any value in this page: " + empty_columns;
    for (const auto& [field, count] : page->stages.rows->notes(static_cast<int>(i)).unknown_fields) {
      warning += fmt::format("{}field not named in the pipeline: {}", warning.empty() ? "" : "; ", field);
    }
    if (!batch.rejected.empty()) {
      warning +=
          fmt::format("{}{} rows rejected, the first: {}: {}", warning.empty() ? "" : "; ",
                      batch.rejected.size(), batch.rejected.front().column, batch.rejected.front().reason);
    }
    Add("dataset " + tree.dataset(i).name, Status::OK(),
        fmt::format("{} rows in the first page, {} columns{}", batch.rows->num_rows(),
                    batch.rows->num_columns(),
                    i == 0 && page->facts.total ? fmt::format(", {} at the source", *page->facts.total) : ""),
        warning);
  }
}

// Credentials, bucket and region show in the first request; the permissions each in their own.
void Check::CheckStore() {
  auto store = factory_.MakeStore(pipeline_);
  if (!store.ok()) return Add("store", store.status());
  const std::string key = "_ingesta/check.json";
  const std::string uri = (*store)->Uri();
  const Status reached = arrow::ToStatus((*store)->Head(key));
  Add("store " + uri + ": reach", reached, "there");
  if (!reached.ok()) return;
  const std::string text = fmt::format("{{\"checked_at\":\"{}\"}}\n", FormatRfc3339(app_.clock.Now()));
  const Status written = arrow::ToStatus((*store)->Write(key, text, std::nullopt));
  Add("store " + uri + ": write", written, "may write");
  if (!written.ok()) return;
  Add("store " + uri + ": read", arrow::ToStatus((*store)->Read(key)), "may read");
  Add("store " + uri + ": list", arrow::ToStatus((*store)->List("_ingesta/check")), "may list");
}

std::string FormatFindings(const std::vector<Finding>& findings, bool color) {
  std::string out;
  std::string pipeline;
  for (const Finding& finding : findings) {
    if (finding.pipeline != pipeline) out += fmt::format("{}\n", pipeline = finding.pipeline);
    const char* mark = !finding.status.ok() ? "FAIL" : !finding.warning.empty() ? "note" : "ok";
    const char* paint = !color                     ? ""
                        : !finding.status.ok()     ? "\x1b[31m"
                        : !finding.warning.empty() ? "\x1b[33m"
                                                   : "\x1b[32m";
    out += fmt::format("  {}{:<4}{}  {}: {}\n", paint, mark, color ? "\x1b[0m" : "", finding.what,
                       finding.status.ok() ? finding.detail : finding.status.message());
    const std::string next = finding.status.ok() ? finding.warning : HintOf(finding.status);
    if (!next.empty()) out += fmt::format("        -> {}\n", next);
  }
  return out;
}

std::string FindingsToJson(const std::vector<Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"pipeline", finding.pipeline},
                    {"check", finding.what},
                    {"ok", finding.status.ok()},
                    {"code", finding.status.ok() ? "" : std::string(ErrorCodeName(CodeOf(finding.status)))},
                    {"message", finding.status.ok() ? finding.detail : finding.status.message()},
                    {"warning", finding.warning},
                    {"hint", HintOf(finding.status)}});
  }
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void AddCheckCommand(CLI::App& cli, App& app) {
  struct CheckArguments {
    PipelineArguments pipelines;
    bool json = false;
  };
  auto* command =
      cli.add_subcommand("check", "Find what would make a run fail: configuration, service, columns, store");
  const auto arguments = std::make_shared<CheckArguments>();
  arguments->pipelines.AddTo(*command);
  command->add_flag("--json", arguments->json, "The findings as JSON");
  command->footer(
      "Asks each service for its health and one page of each dataset, and writes one small object,\n"
      "_ingesta/check.json, to the store. Exit code 0 when all is well, 1 otherwise.\n\n"
      "Examples:\n"
      "  ingesta check ingesta-productos ingesta-ordenes ingesta-proveedores\n"
      "  S3_BUCKET= ingesta check ingesta-productos --json");
  command->callback([arguments, &app] {
    auto pipelines = LoadPipelines(arguments->pipelines, app);
    if (!pipelines.ok()) {
      app.exit_code = PrintError(pipelines.status(), app);
      return;
    }
    const auto sink = app.MakeLogSink();
    const Logger log(*sink);
    const auto factory = app.MakeFactory(log);
    std::vector<Finding> findings;
    for (const config::PipelineSpec& spec : *pipelines) {
      for (Finding& finding : Check(spec, *factory, app).Run()) findings.push_back(std::move(finding));
    }
    const std::string text =
        arguments->json ? FindingsToJson(findings) : FormatFindings(findings, app.ColorOnStdout());
    std::fwrite(text.data(), 1, text.size(), stdout);
    for (const Finding& finding : findings) {
      if (!finding.status.ok()) app.exit_code = pipeline::kExitFailed;
    }
  });
}

}  // namespace ingesta::commands
