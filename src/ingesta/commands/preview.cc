#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "ingesta/commands/one_page.h"
#include "ingesta/commands/run_command.h"

namespace ingesta::commands {
namespace {

constexpr size_t kMaxCellWidth = 28;

struct PreviewArguments {
  PipelineArguments pipelines;
  std::string dataset;
  int64_t rows = 5;
  bool json = false;
};

// Columns count characters, not bytes: UTF-8 continuation bytes take no place.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Cell(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return "";
  auto scalar = column.GetScalar(row);
  std::string text = scalar.ok() ? (*scalar)->ToString() : "?";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (Width(text) <= kMaxCellWidth) return text;
  size_t bytes = 0;
  for (size_t width = 0; bytes < text.size() && width < kMaxCellWidth - 1; ++width) {
    do {
      ++bytes;
    } while (bytes < text.size() && (text[bytes] & 0xC0) == 0x80);
  }
  return text.substr(0, bytes) + "…";
}

std::string FormatTable(const arrow::RecordBatch& batch, int64_t rows) {
  rows = std::min(rows, batch.num_rows());
  std::string out;
  for (int i = 0; i < batch.num_columns(); ++i) {
    out += fmt::format("  {:<28}", batch.schema()->field(i)->name());
    for (int64_t row = 0; row < rows; ++row) {
      const std::string cell = Cell(*batch.column(i), row);
      out += "  " + cell + std::string(kMaxCellWidth - std::min(kMaxCellWidth, Width(cell)), ' ');
    }
    while (out.back() == ' ') out.pop_back();
    out += '\n';
  }
  return out;
}

std::string PreviewText(const OnePage& page, const PreviewArguments& arguments) {
  std::string out;
  for (size_t i = 0; i < page.stages.tree.size(); ++i) {
    const std::string& name = page.stages.tree.dataset(i).name;
    if (!arguments.dataset.empty() && arguments.dataset != name) continue;
    const Batch& batch = page.batches[i];
    if (arguments.json) {
      const int64_t rows = std::min<int64_t>(arguments.rows, static_cast<int64_t>(batch.sources.size()));
      for (int64_t row = 0; row < rows; ++row) {
        out += fmt::format("{{\"dataset\":\"{}\",\"record\":{}}}\n", name,
                           batch.sources[static_cast<size_t>(row)]);
      }
      continue;
    }
    out += fmt::format("{}: {} rows in the first page{}\n", name, batch.rows->num_rows(),
                       page.facts.total ? fmt::format(", {} at the source", *page.facts.total) : "");
    out += FormatTable(*batch.rows, arguments.rows);
    for (const RejectedRow& rejected : batch.rejected) {
      out += fmt::format("  rejected: {}: {}\n", rejected.column, rejected.reason);
    }
    for (const auto& [field, count] : page.stages.rows->notes(static_cast<int>(i)).unknown_fields) {
      out += fmt::format("  not named in the pipeline: {} (in {} records)\n", field, count);
    }
    out += '\n';
  }
  return out;
}

Status Preview(const PreviewArguments& arguments, App& app) {
  ARROW_ASSIGN_OR_RAISE(const auto pipelines, LoadPipelines(arguments.pipelines, app));
  const auto sink = app.MakeLogSink();
  const Logger log(*sink);
  const auto factory = app.MakeFactory(log);
  bool shown = false;
  for (const config::PipelineSpec& pipeline : pipelines) {
    ARROW_ASSIGN_OR_RAISE(const auto client, factory->MakeClient(pipeline, nullptr));
    const StopCallback cancel(app.stop, [&client] { client->Cancel(); });
    for (const pipeline::ResourceTree& tree : pipeline::ResourceTree::AllOf(pipeline)) {
      bool wanted = arguments.dataset.empty();
      for (size_t i = 0; i < tree.size(); ++i) wanted = wanted || tree.dataset(i).name == arguments.dataset;
      if (!wanted) continue;
      auto page = FetchOnePage(pipeline, tree, *factory, *client);
      if (!page.ok()) return WithPrefix(page.status(), tree.resource->name);
      const std::string text = PreviewText(*page, arguments);
      std::fwrite(text.data(), 1, text.size(), stdout);
      shown = true;
    }
  }
  return shown ? Status::OK() : MakeError(ErrorCode::kUsage, "no dataset is called " + arguments.dataset);
}

}  // namespace

void AddPreviewCommand(CLI::App& cli, App& app) {
  auto* command = cli.add_subcommand("preview", "Show the first rows of each dataset; writes nothing");
  const auto arguments = std::make_shared<PreviewArguments>();
  arguments->pipelines.AddTo(*command);
  command->add_option("--dataset", arguments->dataset, "Only this dataset")->type_name("DATASET");
  command->add_option("--rows", arguments->rows, "Rows to show (5)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command->add_flag("--json", arguments->json,
                    "The records as the service sent them, one JSON object a line");
  command->footer(
      "Examples:\n"
      "  ingesta preview ingesta-productos\n"
      "  ingesta preview ingesta-ordenes --dataset detalles_orden --rows 3");
  command->callback([arguments, &app] {
    const Status status = Preview(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
