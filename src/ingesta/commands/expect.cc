#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/commands/app.h"
#include "ingesta/expect/expect.h"
#include "ingesta/observe/progress_display.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {
namespace {

using expect::ExpectationResult;
using expect::Finding;
using expect::OnFailure;
using expect::Subject;
using expect::SuiteResult;
using observe::WithThousands;

struct ExpectArguments {
  std::string suite;
  std::vector<std::string> files;
  std::string result_file;
  std::string result_format = "SUMMARY";
  bool json = false;
};

/// What an expectation that is not met is called: by what a run would do about it.
const char* Word(const ExpectationResult& one) {
  if (one.success) return "ok";
  switch (one.expectation.on_failure) {
    case OnFailure::kFail:
      return "FAIL";
    case OnFailure::kQuarantine:
      return "reject";
    case OnFailure::kWarn:
      return "warn";
  }
  return "";
}

std::string ResultText(const SuiteResult& result, bool color) {
  const auto met = std::count_if(result.results.begin(), result.results.end(),
                                 [](const ExpectationResult& one) { return one.success; });
  std::string text = fmt::format("{} · {} rows · {} of {} expectations met\n", result.suite_name,
                                 WithThousands(result.rows), met, result.results.size());
  for (const ExpectationResult& one : result.results) {
    const char* paint = !color ? "" : one.success ? "\x1b[32m" : "\x1b[31m";
    const std::string subject = Subject(one.expectation);
    text += fmt::format(
        "  {}{:<6}{}  {}\n", paint, Word(one), color ? "\x1b[0m" : "",
        subject.empty() ? one.expectation.type : fmt::format("{:<52}  {}", one.expectation.type, subject));
    const std::string finding = one.success ? "" : Finding(one);
    if (!finding.empty()) text += fmt::format("          {}\n", finding);
  }
  return text;
}

Status CheckFile(const std::string& file, const std::shared_ptr<arrow::Schema>& schema,
                 columnar::ParquetReader& reader, expect::Evaluator& evaluator, const App& app) {
  if (!reader.schema()->Equals(*schema, /*check_metadata=*/false)) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: its columns are not those of the first file", file),
                     "check files of different columns one by one");
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader.Read());
  while (true) {
    RETURN_NOT_OK(app.stop.Check());
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) return Status::OK();
    std::vector<expect::RowVerdict> verdicts;  // asked for so that the rows are counted
    RETURN_NOT_OK(evaluator.Update(*batch, &verdicts));
  }
}

Result<SuiteResult> Evaluate(const ExpectArguments& arguments, const expect::Suite& suite, const App& app) {
  expect::EvaluatorOptions options;
  ARROW_ASSIGN_OR_RAISE(options.format, expect::ParseResultFormat(arguments.result_format));
  std::shared_ptr<arrow::Schema> schema;
  std::unique_ptr<expect::Evaluator> evaluator;
  for (const std::string& file : arguments.files) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, columnar::ParquetReader::Open(file));
    if (evaluator == nullptr) {
      schema = reader->schema();
      ARROW_ASSIGN_OR_RAISE(evaluator,
                            expect::Evaluator::Make(suite, schema, expect::AllExpectations(), options));
    }
    RETURN_NOT_OK(CheckFile(file, schema, *reader, *evaluator, app));
  }
  return evaluator->Finish();
}

int ExitCodeOf(const SuiteResult& result, const expect::SuiteLimits& limits) {
  if (!expect::WhyItFails(result, limits).empty()) return pipeline::kExitFailed;
  const bool takes_out =
      std::any_of(result.results.begin(), result.results.end(), [](const ExpectationResult& one) {
        return one.quarantined > 0 || (!one.success && one.expectation.on_failure == OnFailure::kQuarantine);
      });
  return takes_out ? pipeline::kExitQuarantine : pipeline::kExitDone;
}

Status Expect(const ExpectArguments& arguments, App& app) {
  const expect::Registry& registry = expect::AllExpectations();
  ARROW_ASSIGN_OR_RAISE(const expect::Suite suite, expect::ReadSuite(arguments.suite, registry));
  ARROW_ASSIGN_OR_RAISE(const SuiteResult result, Evaluate(arguments, suite, app));
  const std::string now = FormatRfc3339(app.clock.Now());
  const std::string json = expect::ValidationResultJson(
      result, {.run_name = now, .run_time = now, .dataset = arguments.files.front()});
  if (!arguments.result_file.empty()) RETURN_NOT_OK(AtomicWriteFile(arguments.result_file, json));
  const std::string text = arguments.json ? json + "\n" : ResultText(result, app.ColorOnStdout());
  std::fwrite(text.data(), 1, text.size(), stdout);
  app.exit_code = ExitCodeOf(result, suite.limits);
  return Status::OK();
}

}  // namespace

void AddExpectCommand(CLI::App& cli, App& app) {
  auto* command =
      cli.add_subcommand("expect", "Check Parquet files against a Great Expectations suite, without Python");
  const auto arguments = std::make_shared<ExpectArguments>();
  command->add_option("SUITE", arguments->suite, "A suite in Great Expectations' JSON")->required();
  command->add_option("FILE", arguments->files, "Parquet files of the same columns")->required();
  command->add_option("--result", arguments->result_file,
                      "Write the validation result, as Great Expectations reads it, to this file");
  command->add_option("--result-format", arguments->result_format, "How much the result says")
      ->check(CLI::IsMember({"BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print the validation result on stdout");
  command->footer(
      "Exit code 0: met, or `meta.ingesta.on_failure` says `warn`; 1: one is not; 3: those that are not only "
      "reject\n"
      "rows (`quarantine`).\n\n"
      "Examples:\n"
      "  ingesta expect ingesta-productos/expectations/productos.json "
      "data/parquet/productos/fecha=*/*.parquet\n"
      "  ingesta expect suite.json rows.parquet --result-format COMPLETE --result result.json");
  command->callback([arguments, &app] {
    const Status status = Expect(*arguments, app);
    if (!status.ok()) app.exit_code = PrintError(status, app);
  });
}

}  // namespace ingesta::commands
