// The INI dialect of ~/.aws/config and ~/.aws/credentials, read as botocore reads it. Pure; no I/O.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::aws {

struct IniSection {
  /// Values by lower-case key.
  std::map<std::string, std::string> values;
  /// Indented `key = value` lines below an empty `name =`: `s3 =`, and the services of a [services] section.
  std::map<std::string, std::map<std::string, std::string>> nested;

  /// "" where absent.
  std::string Get(const std::string& key) const;
  bool Has(const std::string& key) const { return values.count(key) != 0; }
};

/// A section's header in words, quotes removed: `profile` `my name`, `sso-session` `corp`, `default`.
using IniHeader = std::vector<std::string>;

/// Sections by header; one that occurs twice is merged, later values win. kInvalidConfig with `path`:line for
/// a line that is neither a section, nor `key = value`, nor a continuation, nor a comment (# or ; at the
/// line's start).
Result<std::map<IniHeader, IniSection>> ParseIni(std::string_view text, const std::string& path);

}  // namespace ingesta::aws
