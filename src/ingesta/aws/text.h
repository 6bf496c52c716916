// Small texts of AWS answers: times, JSON objects, form bodies. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::aws {

/// `YYYY-MM-DDTHH:MM:SS[.fff](Z|UTC|+hh:mm)`; without a zone it is UTC. nullopt where it is none.
std::optional<SystemTime> ParseIso8601(std::string_view text);
/// The Date header: `Tue, 24 Nov 2026 12:00:00 GMT`.
std::optional<SystemTime> ParseHttpDate(const std::string& text);

/// The members of a JSON object: strings decoded, numbers and booleans as their text, nested objects as
/// `outer.inner`; null, arrays and what lies deeper left out. kMalformedBody for anything else; `what` names
/// it in the message.
Result<std::map<std::string, std::string>> ParseJsonObject(std::string_view text, std::string_view what);
/// `text` as a JSON string, quotes included.
std::string JsonString(std::string_view text);

using FormFields = std::vector<std::pair<std::string, std::string>>;
/// `name=value&...`, percent-encoded: a query or a form body.
std::string FormEncode(const FormFields& fields);

/// Words of a command line as a POSIX shell splits it, without expansions. kInvalidConfig for an open quote.
Result<std::vector<std::string>> SplitCommand(std::string_view command);

/// At most `limit` bytes, on one line, for messages.
std::string Excerpt(std::string_view text, size_t limit = 200);

}  // namespace ingesta::aws
