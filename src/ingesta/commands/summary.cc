#include "ingesta/commands/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "ingesta/observe/progress_display.h"

namespace ingesta::commands {
namespace {

using observe::HumanBytes;
using observe::WithThousands;
using pipeline::DatasetRecord;
using pipeline::RunOutcome;
using pipeline::RunRecord;

constexpr const char* kRowFormat = "  {:<16} {:>12} {:>9} {:>8} {:>8} {:>11} {:>8}  {}\n";

int64_t FileBytes(const DatasetRecord& dataset) {
  int64_t bytes = 0;
  for (const auto& file : dataset.files) bytes += file.bytes;
  return bytes;
}

void AppendDataset(std::string& out, const DatasetRecord& dataset) {
  out += fmt::format(kRowFormat, dataset.name, WithThousands(dataset.rows), WithThousands(dataset.rejected),
                     WithThousands(dataset.pages), WithThousands(dataset.retries),
                     HumanBytes(FileBytes(dataset)), fmt::format("{:.1f}", dataset.seconds),
                     pipeline::VerdictName(dataset.completeness.verdict));
}

std::string Join(const std::map<std::string, int64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, WithThousands(count));
  }
  return text;
}

/// `12 new, 3 changed, 1 deleted since run x`.
std::string ChangesText(const pipeline::Changes& changes) {
  std::string text = fmt::format("{} new", WithThousands(changes.added));
  text += changes.changed ? fmt::format(", {} changed", WithThousands(*changes.changed))
                          : ", changed ones not told (the columns are others)";
  text += changes.deleted ? fmt::format(", {} deleted", WithThousands(*changes.deleted))
                          : ", deleted ones not told";
  return fmt::format("{} since run {}", text, changes.since);
}

/// `productos: 7 of 9 expectations met`, then a line for each that is not.
void AppendSuite(std::string& out, const std::string& dataset, const pipeline::SuiteRecord& suite) {
  out += fmt::format("  {}: {} of {} expectations met{}{}\n", dataset, suite.met, suite.total,
                     suite.suite == dataset ? "" : " (" + suite.suite + ")",
                     suite.enforced ? "" : ", of the rows that were read");
  for (const pipeline::UnmetRecord& unmet : suite.unmet) {
    out += fmt::format("    {:<10}  {}{}{}{}{}\n", unmet.policy, unmet.type, unmet.subject.empty() ? "" : " ",
                       unmet.subject, unmet.finding.empty() ? "" : ": ", unmet.finding);
  }
}

void AppendNotes(std::string& out, const DatasetRecord& dataset) {
  if (dataset.changes) out += fmt::format("  {}: {}\n", dataset.name, ChangesText(*dataset.changes));
  const pipeline::Completeness& proof = dataset.completeness;
  if (proof.duplicate_rows > 0 || proof.passes > 1) {
    out += fmt::format("  {}: {}; {} repeated rows left out\n", dataset.name, proof.explanation,
                       WithThousands(proof.duplicate_rows));
  }
  if (!dataset.unknown_fields.empty()) {
    out += fmt::format("  {}: fields that the pipeline does not name: {}\n", dataset.name,
                       Join(dataset.unknown_fields));
  }
  if (!dataset.rounded_columns.empty()) {
    out += fmt::format("  {}: values rounded to their column's scale: {}\n", dataset.name,
                       Join(dataset.rounded_columns));
  }
  if (dataset.rejected > 0 && dataset.quarantine) {
    int64_t taken_out = 0;
    for (const pipeline::SuiteRecord& suite : dataset.expectations) taken_out += suite.quarantined;
    out += fmt::format("  {}: {} rows {}: see {}\n", dataset.name, WithThousands(dataset.rejected),
                       taken_out == 0                  ? "could not be converted"
                       : taken_out == dataset.rejected ? "broke expectations"
                                                       : "could not be converted, or broke expectations",
                       dataset.quarantine->key);
  }
  for (const pipeline::SuiteRecord& suite : dataset.expectations) AppendSuite(out, dataset.name, suite);
}

/// The keys of one format's files in a line: all of them where they are few and short, else how many there
/// are and where.
std::string FilesLine(const std::vector<const pipeline::DatasetFile*>& files) {
  const std::string& first = files.front()->key;
  if (files.size() == 1 && files.front()->format != "iceberg") return first;
  int64_t bytes = 0;
  for (const auto* file : files) bytes += file->bytes;
  const std::string folder = first.substr(0, first.find('/', first.find('/') + 1) + 1);
  return fmt::format("{} ({}, {})", folder,
                     files.size() == 1 ? "1 file" : fmt::format("{} files", files.size()), HumanBytes(bytes));
}

// A line a dataset and format: a run has thousands of data files where there are many partitions.
void AppendFiles(std::string& out, const DatasetRecord& dataset) {
  std::vector<std::vector<const pipeline::DatasetFile*>> by_format;
  for (const auto& file : dataset.files) {
    if (!file.is_object()) continue;
    const bool same = !by_format.empty() && by_format.back().front()->format == file.format;
    if (!same) by_format.emplace_back();
    by_format.back().push_back(&file);
  }
  for (const auto& files : by_format) out += fmt::format("    {}\n", FilesLine(files));
}

/// `productos 1,000 rows (replaced), _csv, _json (created), 4 more (unchanged)`; "" where it has no tables.
std::string TablesOf(const RunRecord& record, const std::string& dataset) {
  std::string line;
  std::map<std::string, std::string> registered;  // names without the dataset's, by change
  int unchanged = 0;
  for (const catalog::TableChange& table : record.tables) {
    if (table.dataset != dataset) continue;
    if (table.kind == "iceberg") {
      const std::string rows = table.rows < 0 ? "" : fmt::format(" {} rows", WithThousands(table.rows));
      line += fmt::format("{}{}{} ({})", line.empty() ? "" : ", ", table.table, rows, table.change);
    } else if (table.change == "unchanged") {
      ++unchanged;
    } else {
      std::string& names = registered[table.change];
      const bool prefixed = table.table.starts_with(dataset + "_");
      names += (names.empty() ? "" : ", ") + (prefixed ? table.table.substr(dataset.size()) : table.table);
    }
  }
  for (const auto& [change, names] : registered) {
    line += fmt::format("{}{} ({})", line.empty() ? "" : ", ", names, change);
  }
  if (unchanged > 0) line += fmt::format("{}{} more (unchanged)", line.empty() ? "" : ", ", unchanged);
  return line;
}

// On one line where they fit, else a line a dataset.
void AppendTables(std::string& out, const RunRecord& record) {
  constexpr size_t kLine = 100;
  std::string joined;
  std::string lines;
  for (const DatasetRecord& dataset : record.datasets) {
    const std::string tables = TablesOf(record, dataset.name);
    if (tables.empty()) continue;
    joined += (joined.empty() ? "" : ", ") + tables;
    lines += fmt::format("    {}\n", tables);
  }
  if (joined.empty()) return;
  out += joined.size() <= kLine ? fmt::format("  tables ({}): {}\n", record.catalog, joined)
                                : fmt::format("  tables ({}):\n{}", record.catalog, lines);
}

/// Files that have become objects.
bool HasObjects(const DatasetRecord& dataset) {
  return std::any_of(dataset.files.begin(), dataset.files.end(),
                     [](const auto& file) { return file.is_object() && !file.key.empty(); });
}

void AppendRecord(std::string& out, const RunRecord& record, std::string_view state) {
  out += fmt::format("\n{} · run {} · {}\n", record.pipeline, record.run_id, state);
  if (record.datasets.empty()) return;
  out += fmt::format(kRowFormat, "dataset", "rows", "rejected", "pages", "retries", "bytes", "seconds",
                     "completeness");
  for (const DatasetRecord& dataset : record.datasets) AppendDataset(out, dataset);
  for (const DatasetRecord& dataset : record.datasets) AppendNotes(out, dataset);
  const bool published = std::any_of(record.datasets.begin(), record.datasets.end(), HasObjects);
  if (!published) return;
  out += fmt::format("  files in {}\n", record.store);
  for (const DatasetRecord& dataset : record.datasets) AppendFiles(out, dataset);
  AppendTables(out, record);
}

std::string_view StateOf(const RunOutcome& outcome) {
  if (outcome.already_done)
    return outcome.record.datasets.empty() ? "nothing to do" : "done before: nothing to do";
  if (outcome.status.ok()) return outcome.record.datasets.empty() ? "nothing to do" : "succeeded";
  return outcome.record.status == pipeline::RunStatus::kPartial ? "partial" : "failed";
}

}  // namespace

std::string FormatSummary(const std::vector<RunOutcome>& outcomes, bool color) {
  std::string out;
  for (const RunOutcome& outcome : outcomes) {
    for (const RunRecord& record : outcome.recovered)
      AppendRecord(out, record, "published now, extracted before");
    if (outcome.already_done && !outcome.recovered.empty()) continue;
    const std::string_view state = StateOf(outcome);
    const char* paint = !color ? "" : outcome.status.ok() ? "\x1b[32m" : "\x1b[31m";
    AppendRecord(out, outcome.record, fmt::format("{}{}{}", paint, state, color ? "\x1b[0m" : ""));
    if (!outcome.status.ok()) {
      out += fmt::format("  {}\n", outcome.status.message());
      const std::string hint = HintOf(outcome.status);
      if (!hint.empty()) out += fmt::format("  -> {}\n", hint);
    }
  }
  return out;
}

std::string OutcomesToJson(const std::vector<RunOutcome>& outcomes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunOutcome& outcome : outcomes) {
    auto json = nlohmann::ordered_json::parse(pipeline::ToJsonLine(outcome.record), nullptr, false);
    json["already_done"] = outcome.already_done;
    nlohmann::ordered_json recovered = nlohmann::ordered_json::array();
    for (const RunRecord& record : outcome.recovered) {
      recovered.push_back(nlohmann::ordered_json::parse(pipeline::ToJsonLine(record), nullptr, false));
    }
    json["recovered"] = std::move(recovered);
    list.push_back(std::move(json));
  }
  return list.dump(2) + "\n";
}

}  // namespace ingesta::commands
