// What several paginators share: option descriptors and the limit on pages. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/options.h"

namespace ingesta::source {

/// The optional integer option, or nullopt.
std::optional<int64_t> OptionalInt(const config::Options& options, const std::string& name);

/// `page_size` and the parameter it is sent by.
class PageSize {
 public:
  /// From `page_size` and `size_param` for `pass`. kInvalidConfig for a parameter without a size. Without a
  /// parameter the size is only known, never sent, and the same in every pass.
  static Result<PageSize> Make(const config::Options& options, const std::string& size_param, int pass);

  int64_t value() const { return value_; }
  bool can_ask() const { return !param_.empty(); }
  /// Add the parameter for `size` (default: the pass's own), where there is one.
  void AddTo(std::vector<std::pair<std::string, std::string>>& params,
             std::optional<int64_t> size = {}) const;
  /// How many pages of this size cover what `pages` pages of the configured size do.
  int64_t ScalePages(int64_t pages) const;

 private:
  int64_t value_ = 0;
  int64_t configured_ = 0;
  std::string param_;
};

// Descriptors of options that more than one kind has.
config::OptionSpec PageSizeOption(std::optional<int64_t> default_value = std::nullopt);
config::OptionSpec PageSizeParamOption();
config::OptionSpec TotalPathOption();
config::OptionSpec StopAfterEmptyPageOption(bool default_value);
/// The most pages of one scan.
config::OptionSpec MaximumPageOption();

}  // namespace ingesta::source
