// RunFacts as a part of the run record's JSON. The functions that read throw the JSON library's exceptions,
// which run_record.cc catches.
#pragma once

#include <nlohmann/json.hpp>

#include "ingesta/pipeline/run_facts.h"

namespace ingesta::pipeline {

/// Add `steps`, `retry_notes`, `retry_notes_left_out` and `store_requests` to a run's object.
void AddFacts(const RunFacts& facts, nlohmann::ordered_json& run);
/// Manifests of earlier versions have none of them.
RunFacts FactsFrom(const nlohmann::ordered_json& run);

}  // namespace ingesta::pipeline
