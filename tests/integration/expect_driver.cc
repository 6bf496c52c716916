// Checks Parquet files against expectations for tests: reads commands as JSON, one a line, from standard
// input, answers each with a line of JSON: `{"parquet": FILE, "expectations": [...], "format": ...,
// "batch_rows": N, "memory_limit": N}` gives a list with `{"error": TEXT}` (before the run) or `{"success",
// "result", "exception"}` an expectation; with `"suite": FILE` the whole validation result. usage:
// expect_driver
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/expect/expect.h"
#include "ingesta/expect/registry.h"

namespace ingesta::expect {
namespace {

class Driver {
 public:
  Result<Json> Run(const Json& command) {
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          columnar::ParquetReader::Open(command["parquet"].get<std::string>()));
    if (command.contains("suite")) return RunSuite(command, *reader);
    EvaluatorOptions options = Options(command);
    Json answers = Json::array();
    Suite all;
    std::vector<size_t> places;
    for (const Json& expectation : command["expectations"]) {
      Json suite{{"name", "one"}, {"expectations", Json::array({expectation})}};
      auto parsed = ParseSuite(suite.dump(), "suite.json", registry_);
      Status status = parsed.status();
      if (status.ok()) status = Evaluator::Make(*parsed, reader->schema(), registry_, options).status();
      if (status.ok()) {
        places.push_back(answers.size());
        all.expectations.push_back(parsed->expectations.front());
      }
      answers.push_back(status.ok() ? Json() : Json{{"error", status.message()}});
    }
    ARROW_ASSIGN_OR_RAISE(const SuiteResult result, Evaluate(all, *reader, options, command));
    for (size_t i = 0; i < result.results.size(); ++i) {
      const ExpectationResult& one = result.results[i];
      answers[places[i]] = {{"success", one.success}, {"result", one.result}, {"exception", one.exception}};
    }
    return answers;
  }

 private:
  static EvaluatorOptions Options(const Json& command) {
    EvaluatorOptions options;
    if (command.contains("format")) options.format = ParseResultFormat(command["format"]).ValueOrDie();
    options.memory_limit = command.value("memory_limit", options.memory_limit);
    return options;
  }

  Result<SuiteResult> Evaluate(const Suite& suite, columnar::ParquetReader& reader,
                               const EvaluatorOptions& options, const Json& command) {
    ARROW_ASSIGN_OR_RAISE(const auto evaluator, Evaluator::Make(suite, reader.schema(), registry_, options));
    columnar::ReadOptions read;
    read.batch_rows = command.value("batch_rows", int64_t{1000});
    ARROW_ASSIGN_OR_RAISE(const auto source, reader.Read(read));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, source->Next());
      if (batch == nullptr) break;
      RETURN_NOT_OK(evaluator->Update(*batch));
    }
    return evaluator->Finish();
  }

  Result<Json> RunSuite(const Json& command, columnar::ParquetReader& reader) {
    ARROW_ASSIGN_OR_RAISE(const Suite suite, ReadSuite(command["suite"].get<std::string>(), registry_));
    ARROW_ASSIGN_OR_RAISE(const SuiteResult result, Evaluate(suite, reader, Options(command), command));
    const ValidationMeta meta{
        .run_name = "run", .run_time = "2026-11-24T02:00:00.000Z", .dataset = "dataset"};
    return Json::parse(ValidationResultJson(result, meta));
  }

  const Registry registry_ = CoreExpectations();
};

int Main() {
  Driver driver;
  std::string line;
  while (std::getline(std::cin, line)) {
    const Result<Json> answer = driver.Run(Json::parse(line));
    const Json out = answer.ok() ? *answer : Json{{"failed", answer.status().ToString()}};
    std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ingesta::expect

int main() {
  return ingesta::expect::Main();
}
