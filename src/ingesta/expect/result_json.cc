// Validation results in the form that GX writes and loads.
#include <fmt/format.h>

#include "ingesta/expect/expect.h"

namespace ingesta::expect {
namespace {

Json ExceptionInfo(const std::string& exception) {
  const bool raised = !exception.empty();
  return {{"raised_exception", raised},
          {"exception_traceback", nullptr},
          {"exception_message", raised ? Json(exception) : Json(nullptr)}};
}

Json Configuration(const Expectation& expectation) {
  Json config;
  config["type"] = expectation.type;
  config["kwargs"] = expectation.kwargs;
  config["meta"] = expectation.meta;
  for (const auto& [key, value] : expectation.rest.items()) config[key] = value;
  config["severity"] = expectation.severity;
  return config;
}

Json Statistics(const SuiteResult& result) {
  int64_t good = 0;
  for (const ExpectationResult& one : result.results) good += one.success ? 1 : 0;
  const auto all = static_cast<int64_t>(result.results.size());
  Json statistics;
  statistics["evaluated_expectations"] = all;
  statistics["successful_expectations"] = good;
  statistics["unsuccessful_expectations"] = all - good;
  statistics["success_percent"] =
      all == 0 ? Json(nullptr) : Json(static_cast<double>(good) / static_cast<double>(all) * 100);
  return statistics;
}

}  // namespace

std::string ValidationResultJson(const SuiteResult& result, const ValidationMeta& meta) {
  Json root;
  root["success"] = result.success;
  root["results"] = Json::array();
  for (const ExpectationResult& one : result.results) {
    Json entry;
    entry["success"] = one.success;
    entry["expectation_config"] = Configuration(one.expectation);
    entry["result"] = one.result;
    entry["meta"] = Json::object();
    if (one.quarantined > 0) entry["meta"]["ingesta"] = {{"quarantined", one.quarantined}};
    entry["exception_info"] = ExceptionInfo(one.exception);
    root["results"].push_back(std::move(entry));
  }
  root["suite_name"] = result.suite_name;
  root["suite_parameters"] = Json::object();
  root["statistics"] = Statistics(result);
  Json& about = root["meta"];
  about["great_expectations_version"] = "1.24.1";
  about["run_id"] = {{"run_name", meta.run_name}, {"run_time", meta.run_time}};
  about["validation_time"] = meta.run_time;
  about["active_batch_definition"] = {{"datasource_name", "ingesta"},
                                      {"data_connector_name", "fluent"},
                                      {"data_asset_name", meta.dataset},
                                      {"batch_identifiers", Json::object()}};
  about["ingesta"] = meta.extra;
  about["ingesta"]["rows"] = result.rows;
  root["id"] = nullptr;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ingesta::expect
