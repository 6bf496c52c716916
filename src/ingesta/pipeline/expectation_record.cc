#include "ingesta/pipeline/expectation_record.h"

namespace ingesta::pipeline {
namespace {

nlohmann::ordered_json UnmetJson(const UnmetRecord& unmet) {
  nlohmann::ordered_json json{{"type", unmet.type},
                              {"columns", unmet.subject},
                              {"on_failure", unmet.policy},
                              {"finding", unmet.finding}};
  if (unmet.unexpected >= 0) json["unexpected_count"] = unmet.unexpected;
  if (unmet.elements >= 0) json["element_count"] = unmet.elements;
  if (unmet.quarantined > 0) json["quarantined"] = unmet.quarantined;
  return json;
}

UnmetRecord UnmetFrom(const nlohmann::ordered_json& json) {
  return {.type = json.at("type").get<std::string>(),
          .subject = json.at("columns").get<std::string>(),
          .policy = json.at("on_failure").get<std::string>(),
          .finding = json.at("finding").get<std::string>(),
          .unexpected = json.value("unexpected_count", int64_t{-1}),
          .elements = json.value("element_count", int64_t{-1}),
          .quarantined = json.value("quarantined", int64_t{0})};
}

}  // namespace

nlohmann::ordered_json SuitesToJson(const std::vector<SuiteRecord>& suites) {
  auto list = nlohmann::ordered_json::array();
  for (const SuiteRecord& suite : suites) {
    auto unmet = nlohmann::ordered_json::array();
    for (const UnmetRecord& one : suite.unmet) unmet.push_back(UnmetJson(one));
    nlohmann::ordered_json json{{"suite", suite.suite},       {"file", suite.file},
                                {"rows", suite.rows},         {"quarantined", suite.quarantined},
                                {"met", suite.met},           {"total", suite.total},
                                {"enforced", suite.enforced}, {"unmet", std::move(unmet)}};
    if (!suite.failure.empty()) json["failure"] = suite.failure;
    list.push_back(std::move(json));
  }
  return list;
}

std::vector<SuiteRecord> SuitesFromJson(const nlohmann::ordered_json& json) {
  std::vector<SuiteRecord> suites;
  for (const auto& item : json) {
    SuiteRecord suite{.suite = item.at("suite").get<std::string>(),
                      .file = item.at("file").get<std::string>(),
                      .rows = item.at("rows").get<int64_t>(),
                      .quarantined = item.at("quarantined").get<int64_t>(),
                      .met = item.at("met").get<int64_t>(),
                      .total = item.at("total").get<int64_t>(),
                      .enforced = item.at("enforced").get<bool>(),
                      .failure = item.value("failure", ""),
                      .unmet = {}};
    for (const auto& one : item.at("unmet")) suite.unmet.push_back(UnmetFrom(one));
    suites.push_back(std::move(suite));
  }
  return suites;
}

}  // namespace ingesta::pipeline
