// What a run found of a dataset's suites, for the manifest, the summary and `--json`. Plain values with their
// JSON form.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ingesta::pipeline {

struct UnmetRecord {
  std::string type;
  std::string subject;      ///< its columns
  std::string policy;       ///< `fail`, `quarantine`, `warn`
  std::string finding;      ///< counts and examples, or the observed value, in one line
  int64_t unexpected = -1;  ///< rows; -1 = not about rows
  int64_t elements = -1;    ///< of so many
  int64_t quarantined = 0;  ///< rows taken out for it
};

struct SuiteRecord {
  std::string suite;
  std::string file;  ///< as the pipeline names it
  int64_t rows = 0;  ///< judged: those published and those taken out
  int64_t quarantined = 0;
  int64_t met = 0;
  int64_t total = 0;
  bool enforced = true;  ///< false where only a part of the rows was read: nothing fails for it
  std::string failure;   ///< why the run must not publish, one line a reason; "" = it may
  std::vector<UnmetRecord> unmet;
};

nlohmann::ordered_json SuitesToJson(const std::vector<SuiteRecord>& suites);
/// Throws nlohmann's exceptions for what SuitesToJson did not make.
std::vector<SuiteRecord> SuitesFromJson(const nlohmann::ordered_json& json);

}  // namespace ingesta::pipeline
