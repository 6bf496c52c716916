#include "ingesta/pipeline/run_facts_json.h"

#include <utility>

namespace ingesta::pipeline {

using FactsJson = nlohmann::ordered_json;

void AddFacts(const RunFacts& facts, FactsJson& run) {
  FactsJson steps = FactsJson::array();
  for (const RunStep& step : facts.steps) {
    FactsJson json{{"step", step.step}};
    if (!step.dataset.empty()) json["dataset"] = step.dataset;
    json["started_at"] = step.started_at;
    json["seconds"] = step.seconds;
    steps.push_back(std::move(json));
  }
  FactsJson retries = FactsJson::array();
  for (const RetryNote& note : facts.retries) {
    retries.push_back(FactsJson{{"at", note.at},
                                {"dataset", note.dataset},
                                {"url", note.url},
                                {"attempt", note.attempt},
                                {"wait_seconds", note.wait_seconds},
                                {"code", note.code},
                                {"message", note.message}});
  }
  run["steps"] = std::move(steps);
  run["retry_notes"] = std::move(retries);
  run["retry_notes_left_out"] = facts.retries_left_out;
  run["store_requests"] = facts.store_requests;
}

RunFacts FactsFrom(const FactsJson& run) {
  RunFacts facts;
  if (!run.contains("steps")) return facts;
  for (const FactsJson& step : run.at("steps")) {
    facts.steps.push_back({step.at("step").get<std::string>(), step.value("dataset", ""),
                           step.at("started_at").get<std::string>(), step.at("seconds").get<double>()});
  }
  for (const FactsJson& note : run.at("retry_notes")) {
    facts.retries.push_back({.at = note.at("at").get<std::string>(),
                             .dataset = note.at("dataset").get<std::string>(),
                             .url = note.at("url").get<std::string>(),
                             .attempt = note.at("attempt").get<int>(),
                             .wait_seconds = note.at("wait_seconds").get<double>(),
                             .code = note.at("code").get<std::string>(),
                             .message = note.at("message").get<std::string>()});
  }
  facts.retries_left_out = run.at("retry_notes_left_out").get<int64_t>();
  facts.store_requests = run.at("store_requests").get<std::map<std::string, int64_t>>();
  return facts;
}

}  // namespace ingesta::pipeline
