#include "ingesta/pipeline/publish_docs.h"

#include <fmt/format.h>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/suite_results.h"
#include "ingesta/report/data_docs.h"

namespace ingesta::pipeline {
namespace {

report::RunResults ResultsOf(const RunRecord& record, const std::vector<std::string>& datasets,
                             const RunSpool& spool) {
  report::RunResults run{.pipeline = record.pipeline,
                         .run_id = record.run_id,
                         .time = record.started_at,
                         .status = std::string(RunStatusName(record.status)),
                         .error = {},
                         .datasets = {}};
  for (const RunError& error : record.errors) run.error += (run.error.empty() ? "" : "\n") + error.message;
  for (const std::string& dataset : datasets) {
    for (size_t number = 1;; ++number) {
      const auto text = ReadFile(ValidationPath(spool.folder(), dataset, number));
      if (!text.ok()) break;
      auto json = nlohmann::ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
      run.datasets.push_back({.dataset = dataset, .validation = std::move(json)});
    }
  }
  return run;
}

class DocsFolder {
 public:
  DocsFolder(const std::string& pipeline, const RunSpool& spool, ObjectStore& store)
      : prefix_(fmt::format("_ingesta/docs/{}/", pipeline)), spool_(spool), store_(store) {}

  /// "" where there is none.
  Result<std::string> Read(const std::string& name) {
    ARROW_ASSIGN_OR_RAISE(const auto document, store_.Read(prefix_ + name));
    return document.has_value() ? document->text : std::string();
  }

  Status WritePage(const std::string& name, const std::string& html) {
    const std::string path = spool_.folder() + "/page.html";
    RETURN_NOT_OK(AtomicWriteFile(path, html, /*sync=*/false));
    return store_.ReplaceFile(path, prefix_ + name, "text/html; charset=utf-8", Crc32(html));
  }

  Status WriteJson(const std::string& name, const std::string& text) {
    return store_.Write(prefix_ + name, text, std::nullopt).status();
  }

  std::string Uri(const std::string& name) const { return store_.Uri(prefix_ + name); }

 private:
  const std::string prefix_;
  const RunSpool& spool_;
  ObjectStore& store_;
};

Status WriteDocs(const report::RunResults& run, DocsFolder& folder) {
  ARROW_ASSIGN_OR_RAISE(const std::string remembered, folder.Read(report::kHistoryName));
  report::History history = report::HistoryFromJson(remembered);
  report::AddRun(run, history);
  RETURN_NOT_OK(folder.WritePage(report::PageName(run.run_id), report::RunPage(run, history)));
  if (history.runs.size() > 1) {
    const std::string previous = report::PageName(history.runs[1].run_id);
    ARROW_ASSIGN_OR_RAISE(const std::string page, folder.Read(previous));
    if (!page.empty()) RETURN_NOT_OK(folder.WritePage(previous, report::WithNextLink(page, run.run_id)));
  }
  RETURN_NOT_OK(folder.WritePage(report::kIndexName, report::IndexPage(run.pipeline, history)));
  return folder.WriteJson(report::kHistoryName, report::HistoryToJson(history));
}

}  // namespace

void PublishDocs(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                 ObjectStore& store, const Logger& log) {
  const report::RunResults run = ResultsOf(record, datasets, spool);
  if (run.datasets.empty()) return;
  DocsFolder folder(record.pipeline, spool, store);
  const Status written = WriteDocs(run, folder);
  if (written.ok()) {
    log.Info(fmt::format("what the expectations found: {}", folder.Uri(report::PageName(record.run_id))));
  } else {
    log.Warning("the page about the expectations could not be written: " + written.message());
  }
}

}  // namespace ingesta::pipeline
