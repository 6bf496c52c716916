// One scalar of the YAML -> the value its key calls for. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/config/node.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {

/// What is wrong with a value.
struct Complaint {
  std::string message;
  std::string hint;
};

/// The value of `node` by `schema`: of kBool, kInt, kDouble, kString, kSecret, kEnum, kDuration, kSize,
/// kFraction (double) and kColumnType (its text). nullopt and a complaint where it is no such value or out of
/// range. REQUIRES: a scalar.
std::optional<OptionValue> ReadScalar(const Node& node, const Schema& schema, Complaint* complaint);

/// `20ms`, `1.5s`, `5m`, ... outside of YAML. kUsage with the valid units where it is none or negative.
Result<Millis> ParseDuration(const std::string& text);
/// `64KB`, `128MiB`, ... in bytes, likewise.
Result<int64_t> ParseSize(const std::string& text);

}  // namespace ingesta::config
