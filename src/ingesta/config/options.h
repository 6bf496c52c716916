// Options of parts that are chosen by name, and the descriptors that say what options a kind has. From the
// descriptors come the checks, `ingesta describe`, the JSON Schema and the reference pages. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ingesta/base/clock.h"

namespace ingesta::config {

using OptionValue = std::variant<bool, int64_t, double, std::string, Millis, std::vector<std::string>>;

/// Option values by name. Getters REQUIRE that the descriptor declares `name` with that type and that it has
/// a value (given or default); Has() tells for optional ones.
class Options {
 public:
  void Set(std::string name, OptionValue value) { values_[std::move(name)] = std::move(value); }
  bool Has(const std::string& name) const { return values_.count(name) != 0; }
  bool GetBool(const std::string& name) const { return std::get<bool>(values_.at(name)); }
  int64_t GetInt(const std::string& name) const { return std::get<int64_t>(values_.at(name)); }
  double GetDouble(const std::string& name) const { return std::get<double>(values_.at(name)); }
  const std::string& GetString(const std::string& name) const {
    return std::get<std::string>(values_.at(name));
  }
  Millis GetDuration(const std::string& name) const { return std::get<Millis>(values_.at(name)); }
  const std::vector<std::string>& GetStrings(const std::string& name) const {
    return std::get<std::vector<std::string>>(values_.at(name));
  }
  /// `fallback` where the option has no value.
  std::string StringOr(const std::string& name, const std::string& fallback) const {
    return Has(name) ? GetString(name) : fallback;
  }

 private:
  std::map<std::string, OptionValue> values_;
};

enum class OptionType { kBool, kInt, kDouble, kString, kSecret, kEnum, kDuration, kSize, kStringList };

struct OptionSpec {
  std::string name;
  OptionType type = OptionType::kString;
  std::string summary;  ///< English, one sentence without the final dot
  std::string summary_es;
  bool required = false;
  std::optional<OptionValue> default_value;
  std::vector<std::string> choices;  ///< of kEnum
  std::optional<int64_t> min;
  std::optional<int64_t> max;
};

/// A kind that pipeline.yaml can name: `page_number`, `bearer`, `csv`, ...
struct KindSpec {
  std::string name;
  std::string summary;
  std::string summary_es;
  std::vector<OptionSpec> options;
};

/// Every kind, by the role it plays. Filled by builtin/register_all.cc and passed in.
struct KindCatalog {
  std::vector<KindSpec> paginators;
  std::vector<KindSpec> auths;
  std::vector<KindSpec> backoffs;
  std::vector<KindSpec> formats;
  std::vector<KindSpec> stores;
  std::vector<KindSpec> catalogs;
};

}  // namespace ingesta::config
