// The summary at the end of a run, for people and for machines.
#pragma once

#include <string>
#include <vector>

#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {

/// A table with a line per dataset, then files, notes, and what was left out.
std::string FormatSummary(const std::vector<pipeline::RunOutcome>& outcomes, bool color);
/// A JSON array with one object a run: the manifest's fields, `already_done`, `recovered` run ids.
std::string OutcomesToJson(const std::vector<pipeline::RunOutcome>& outcomes);

}  // namespace ingesta::commands
