// Python's datetime.strptime as a question: whether a text has a format's form and is a date at all. In the C
// locale. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/regex.h"

namespace ingesta::expect {

class TimeFormat {
 public:
  /// kInvalidConfig for a directive that Python does not have.
  static Result<TimeFormat> Compile(const std::string& format);
  /// kInvalidConfig where `text` is no UTF-8.
  Result<bool> Matches(std::string_view text) const;

 private:
  std::unique_ptr<Regex> regex_;
  std::string fields_;  ///< the directives in the order of their groups
};

}  // namespace ingesta::expect
