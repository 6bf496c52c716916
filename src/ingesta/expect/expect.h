// The stage's interface: checks record batches against a Great Expectations suite while they pass, as GX's
// pandas engine would judge the whole table at the end. Not thread-safe: one evaluator a dataset. Between the
// transform and the formats.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/json.h"

namespace ingesta::expect {

class Registry;
/// All expectations that there are. Lives to the end of the process.
const Registry& AllExpectations();

/// What a run does about an expectation that is not met; `meta.ingesta.on_failure`.
enum class OnFailure {
  kFail,        ///< nothing is published
  kQuarantine,  ///< rows that break it are taken out; row-level expectations only
  kWarn,        ///< the result says so
};
std::string_view OnFailureName(OnFailure policy);

/// How much a result says; GX's result_format.
struct ResultFormat {
  enum class Level { kBooleanOnly, kBasic, kSummary, kComplete };
  Level level = Level::kBasic;
  int partial_unexpected_count = 20;
  bool exclude_unexpected_values = false;
  bool unexpected_index_query = true;  ///< of kComplete: with `unexpected_index_query`
};
/// A level's name or GX's object of settings. kInvalidConfig says what is wrong.
Result<ResultFormat> ParseResultFormat(const Json& value);

/// One entry of a suite's `expectations`.
struct Expectation {
  std::string type;
  Json kwargs = Json::object();
  Json meta = Json::object();
  std::string severity = "critical";  ///< `critical`, `warning`, `info`
  Json rest = Json::object();         ///< id, notes, description: carried into the result
  OnFailure on_failure = OnFailure::kFail;
  std::optional<ResultFormat> format;  ///< its own `result_format`
  std::string place;                   ///< `suite.json: $.expectations[3]`, for messages
};

/// How many of something may be: a number, or a share of all.
struct Allowance {
  double value = 0;
  bool share = false;

  bool Allows(int64_t count, int64_t all) const {
    return static_cast<double>(count) <= (share ? value * static_cast<double>(all) : value);
  }
};

/// What a suite as a whole puts up with; its `meta.ingesta`.
struct SuiteLimits {
  Allowance max_failed;                      ///< unmet expectations whose policy is `fail`
  std::optional<Allowance> max_warned;       ///< the same for `warn`; no limit where absent
  std::optional<Allowance> max_quarantined;  ///< rows that the suite takes out; no limit where absent
};

struct Suite {
  std::string name;
  std::string file;
  SuiteLimits limits;
  Json rest = Json::object();  ///< id, meta, notes
  std::vector<Expectation> expectations;
};

/// Read a suite from GX's JSON text. kInvalidConfig lists every mistake, one a line, with `file` and the JSON
/// path; an expectation that is unknown, or stays out, is one.
Result<Suite> ParseSuite(std::string_view text, const std::string& file, const Registry& registry);
Result<Suite> ReadSuite(const std::string& path, const Registry& registry);

struct EvaluatorOptions {
  ResultFormat format = {.level = ResultFormat::Level::kSummary};  ///< where an expectation has none
  int64_t memory_limit = 256LL << 20;  ///< bytes of whole-column statistics; above it they go to disk
  std::string scratch_folder;          ///< exists; files in it are removed again; empty = a temporary folder
};

struct ExpectationResult {
  Expectation expectation;
  bool success = false;
  Json result = Json::object();
  std::string exception;    ///< why the check could not be made; empty where it was
  int64_t quarantined = 0;  ///< rows that Update named for it
};

struct SuiteResult {
  std::string suite_name;
  bool success = false;
  int64_t rows = 0;
  std::vector<ExpectationResult> results;
};

/// Which expectation took a row out.
struct RowVerdict {
  int64_t row = 0;      ///< in its batch
  int expectation = 0;  ///< index in the suite: the first one that the row breaks
};

class Evaluator {
 public:
  /// kInvalidConfig with every expectation that can't be checked on columns of `schema`: a column that is not
  /// there, a bound of another type than the column, a pattern that does not compile.
  static Result<std::unique_ptr<Evaluator>> Make(const Suite& suite,
                                                 const std::shared_ptr<arrow::Schema>& schema,
                                                 const Registry& registry, EvaluatorOptions options = {});
  virtual ~Evaluator() = default;

  /// Take in the next rows. REQUIRES: of the schema. `verdicts`, where given, gets the rows that break an
  /// expectation whose policy is quarantine, in the rows' order.
  virtual Status Update(const arrow::RecordBatch& rows, std::vector<RowVerdict>* verdicts = nullptr) = 0;
  /// The results, in the suite's order. No call may follow.
  virtual Result<SuiteResult> Finish() = 0;
};

/// What an expectation is about: its columns, or "" for the table.
std::string Subject(const Expectation& expectation);
/// `12 of 5,000 unexpected: -1, 7`, the value that was observed, or why it could not be checked; "" where the
/// result has neither. On one line.
std::string Finding(const ExpectationResult& one);
/// Why a run that got `result` must not publish, by the policies of its expectations and by `limits`; ""
/// where it may. One line a reason.
std::string WhyItFails(const SuiteResult& result, const SuiteLimits& limits);

/// What surrounds the results in a validation result file.
struct ValidationMeta {
  std::string run_name;
  std::string run_time;  ///< RFC 3339
  std::string dataset;
  Json extra = Json::object();  ///< becomes `meta.ingesta`
};
/// GX's ExpectationSuiteValidationResult as JSON text, which its Python loads. Numbers that JSON does not
/// have (infinity) become null.
std::string ValidationResultJson(const SuiteResult& result, const ValidationMeta& meta);

}  // namespace ingesta::expect
