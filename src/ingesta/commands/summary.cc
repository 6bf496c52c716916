#include "ingesta/commands/summary.h"

#include <fmt/format.h>

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

void AppendNotes(std::string& out, const DatasetRecord& dataset) {
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
    out += fmt::format("  {}: {} rows could not be converted: see {}\n", dataset.name,
                       WithThousands(dataset.rejected), dataset.quarantine->key);
  }
}

void AppendRecord(std::string& out, const RunRecord& record, std::string_view state) {
  out += fmt::format("\n{} · run {} · {}\n", record.pipeline, record.run_id, state);
  if (record.datasets.empty()) return;
  out += fmt::format(kRowFormat, "dataset", "rows", "rejected", "pages", "retries", "bytes", "seconds",
                     "completeness");
  for (const DatasetRecord& dataset : record.datasets) AppendDataset(out, dataset);
  for (const DatasetRecord& dataset : record.datasets) AppendNotes(out, dataset);
  if (record.datasets.front().files.empty() || record.datasets.front().files.front().key.empty()) return;
  out += fmt::format("  files in {}\n", record.store);
  for (const DatasetRecord& dataset : record.datasets) {
    for (const auto& file : dataset.files) out += fmt::format("    {}\n", file.key);
  }
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
