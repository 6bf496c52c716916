// Finds what a misspelt name was meant to be. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ingesta::config {

/// The candidate with the smallest edit distance to `name` (case ignored, a swap of neighbours counts one),
/// or "" where none is near.
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates);

/// "did you mean `x`? `what`: `a`, `b`, `c`", without the question where nothing is near.
std::string SuggestFrom(std::string_view name, std::string_view what,
                        const std::vector<std::string>& candidates);

}  // namespace ingesta::config
