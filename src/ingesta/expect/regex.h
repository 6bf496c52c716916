// Regular expressions with the meaning of Python's `re`, run by PCRE2: Unicode classes, lookaround, and a
// limit on the work that one text may cost. Not thread-safe: one thread a Regex.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::expect {

class Regex {
 public:
  /// kInvalidConfig where `pattern` is none of Python's.
  static Result<std::unique_ptr<Regex>> Compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// Whether it matches anywhere in `text` (re.search). kInvalidConfig where that costs too much or `text` is
  /// no UTF-8; the same below.
  Result<bool> Search(std::string_view text) const;
  /// re.match: `groups` gets the whole match and its groups; what did not take part is empty.
  Result<bool> Match(std::string_view text, std::vector<std::string_view>& groups) const;

 private:
  Result<bool> Run(std::string_view text, uint32_t options) const;

  struct Machine;
  explicit Regex(std::unique_ptr<Machine> machine);
  std::unique_ptr<Machine> machine_;
};

/// `pattern` in PCRE2's syntax. kInvalidConfig names what Python does not have.
Result<std::string> PcreFromPython(std::string_view pattern);

}  // namespace ingesta::expect
