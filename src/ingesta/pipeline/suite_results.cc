#include "ingesta/pipeline/suite_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/object_keys.h"

namespace ingesta::pipeline {
namespace {

using expect::ExpectationResult;

int64_t CountIn(const expect::Json& result, const char* key) {
  const auto found = result.find(key);
  return found != result.end() && found->is_number_integer() ? found->get<int64_t>() : -1;
}

SuiteRecord RecordOf(const SuiteOutcome& outcome, bool whole) {
  SuiteRecord record{.suite = outcome.suite.name, .file = outcome.file, .failure = {}, .unmet = {}};
  record.rows = outcome.result.rows;
  record.enforced = whole;
  for (const ExpectationResult& one : outcome.result.results) {
    ++record.total;
    record.quarantined += one.quarantined;
    if (one.success) {
      ++record.met;
      continue;
    }
    record.unmet.push_back({.type = one.expectation.type,
                            .subject = expect::Subject(one.expectation),
                            .policy = std::string(expect::OnFailureName(one.expectation.on_failure)),
                            .finding = expect::Finding(one),
                            .unexpected = CountIn(one.result, "unexpected_count"),
                            .elements = CountIn(one.result, "element_count"),
                            .quarantined = one.quarantined});
  }
  if (whole) record.failure = expect::WhyItFails(outcome.result, outcome.suite.limits);
  return record;
}

Result<DatasetFile> WriteValidation(const SuiteOutcome& outcome, const ResultContext& context,
                                    const DatasetRecord& record, size_t number) {
  const expect::ValidationMeta meta{
      .run_name = context.run_id,
      .run_time = FormatRfc3339(context.now),
      .dataset = record.name,
      .extra = {{"pipeline", context.pipeline},
                {"suite_file", outcome.file},
                {"completeness", std::string(VerdictName(record.completeness.verdict))},
                {"enforced", context.whole}}};
  const std::string text = expect::ValidationResultJson(outcome.result, meta);
  const std::string path = ValidationPath(context.folder, record.name, number);
  RETURN_NOT_OK(AtomicWriteFile(path, text));
  DatasetFile file;
  file.format = "validation";
  file.spool_path = std::filesystem::path(path).filename().string();
  file.content_type = "application/json";
  file.bytes = static_cast<int64_t>(text.size());
  file.crc32 = Crc32(text);
  return file;
}

}  // namespace

std::string ValidationPath(const std::string& folder, const std::string& dataset, size_t number) {
  return fmt::format("{}/{}.validation{}.json", folder, dataset, number);
}

Status RecordSuites(const std::vector<SuiteOutcome>& outcomes, const ResultContext& context,
                    DatasetRecord& record) {
  for (const SuiteOutcome& outcome : outcomes) {
    record.expectations.push_back(RecordOf(outcome, context.whole));
    ARROW_ASSIGN_OR_RAISE(DatasetFile file,
                          WriteValidation(outcome, context, record, record.validations.size() + 1));
    record.validations.push_back(std::move(file));
  }
  return Status::OK();
}

Status CheckExpectations(const std::vector<DatasetRecord>& datasets, const std::string& run_id) {
  std::string reasons;
  std::string first_file;
  std::string first_result;
  for (const DatasetRecord& dataset : datasets) {
    for (size_t i = 0; i < dataset.expectations.size(); ++i) {
      const SuiteRecord& suite = dataset.expectations[i];
      if (suite.failure.empty()) continue;
      std::string_view left = suite.failure;
      while (!left.empty()) {
        const size_t end = std::min(left.find('\n'), left.size());
        reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "\n", dataset.name, left.substr(0, end));
        left.remove_prefix(std::min(end + 1, left.size()));
      }
      if (!first_file.empty()) continue;
      first_file = suite.file;
      first_result = ValidationKey(dataset.name, run_id, i + 1);
    }
  }
  if (reasons.empty()) return Status::OK();
  return MakeError(
      {.code = ErrorCode::kExpectationFailed,
       .stage = Stage::kExpect,
       .hint = fmt::format("not published: look at {}, then correct the data at the source, "
                           "or let the expectation `quarantine` or `warn` (meta.ingesta.on_failure "
                           "in {})",
                           first_result, first_file)},
      reasons);
}

Status CheckRejected(const DatasetRecord& record, double max_rejected) {
  const int64_t seen = record.rows + record.rejected;
  if (seen == 0) return Status::OK();
  const double share = static_cast<double>(record.rejected) / static_cast<double>(seen);
  if (share <= max_rejected) return Status::OK();
  int64_t taken_out = 0;
  for (const SuiteRecord& suite : record.expectations) taken_out += suite.quarantined;
  const std::string how = taken_out == 0 ? "could not be converted"
                                         : fmt::format("were rejected ({} by expectations)", taken_out);
  return MakeError({.code = ErrorCode::kTooManyRejected,
                    .stage = Stage::kTransform,
                    .hint = fmt::format("look at the reasons in _ingesta/quarantine/{}/, then correct the "
                                        "columns{} or raise max_rejected",
                                        record.name, taken_out == 0 ? "" : ", the suite")},
                   fmt::format("{}: {} of {} rows {}, more than max_rejected ({:g} %)", record.name,
                               record.rejected, seen, how, max_rejected * 100));
}

}  // namespace ingesta::pipeline
