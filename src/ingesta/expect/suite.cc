// Reads suites: every mistake at once, each with its file and JSON path.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "ingesta/base/fs.h"
#include "ingesta/config/nearest.h"
#include "ingesta/expect/check.h"
#include "ingesta/expect/comparison.h"
#include "ingesta/expect/expect.h"
#include "ingesta/expect/registry.h"

namespace ingesta::expect {
namespace {

constexpr size_t kMaxShown = 100;

bool IsKnownKey(std::string_view key, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), key) != known.end();
}

std::vector<std::string> Names(const std::vector<KwargSpec>& kwargs) {
  std::vector<std::string> names;
  for (const KwargSpec& spec : kwargs) names.push_back(spec.name);
  return names;
}

/// A whole number, a fraction below 1, or a text such as `5%`.
std::optional<Allowance> ReadAllowance(const Json& value) {
  if (value.is_number_unsigned()) return Allowance{static_cast<double>(value.get<uint64_t>()), false};
  double share = -1;
  if (value.is_number_float() && value.get<double>() < 1) share = value.get<double>();
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    char* end = nullptr;
    const double percent = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && std::string_view(end) == "%") share = percent / 100;
  }
  if (share >= 0 && share <= 1) return Allowance{share, true};
  return std::nullopt;
}

class Reader {
 public:
  Reader(const std::string& file, const Registry& registry) : file_(file), registry_(registry) {}

  Result<Suite> Read(std::string_view text) {
    const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    Suite suite;
    suite.file = file_;
    if (root.is_discarded()) {
      Add("$", "is not JSON");
    } else if (!root.is_object()) {
      Add("$", "a suite is an object with \"name\" and \"expectations\"");
    } else {
      ReadSuite(root, suite);
    }
    if (mistakes_.empty()) return suite;
    if (mistakes_.size() > kMaxShown) {
      const size_t more = mistakes_.size() - kMaxShown;
      mistakes_.resize(kMaxShown);
      mistakes_.push_back(fmt::format("and {} more", more));
    }
    return MakeError({.code = ErrorCode::kInvalidConfig,
                      .stage = Stage::kConfig,
                      .hint = "correct the suite; `ingesta describe` lists the expectations"},
                     fmt::format("{}", fmt::join(mistakes_, "\n")));
  }

 private:
  void Add(const std::string& path, std::string_view what) {
    mistakes_.push_back(fmt::format("{}: {}: {}", file_, path, what));
  }

  void ReadLimits(const Json& root, Suite& suite) {
    if (!root.contains("meta") || !root["meta"].is_object() || !root["meta"].contains("ingesta")) return;
    const Json& ours = root["meta"]["ingesta"];
    if (!ours.is_object()) return Add("$.meta.ingesta", "needs an object");
    for (const auto& [key, value] : ours.items()) {
      const std::optional<Allowance> allowance = ReadAllowance(value);
      if (!IsKnownKey(key, {"max_failed", "max_warned", "max_quarantined"})) {
        Add("$.meta.ingesta." + key, "there is no such key: max_failed, max_warned, max_quarantined");
      } else if (!allowance) {
        Add("$.meta.ingesta." + key, "needs a whole number, or a share such as \"5%\" or 0.05");
      } else if (key == "max_failed") {
        suite.limits.max_failed = *allowance;
      } else {
        (key == "max_warned" ? suite.limits.max_warned : suite.limits.max_quarantined) = allowance;
      }
    }
  }

  void ReadSuite(const Json& root, Suite& suite) {
    ReadLimits(root, suite);
    for (const auto& [key, value] : root.items()) {
      if (!IsKnownKey(key, {"name", "expectations", "id", "meta", "notes", "suite_parameters"})) {
        Add("$." + key, "a suite has no such key");
      } else if (key == "suite_parameters" && !value.empty()) {
        Add("$." + key, "suite parameters are not supported: write the values themselves");
      } else if (key != "name" && key != "expectations") {
        suite.rest[key] = value;
      }
    }
    if (!root.contains("name") || !root["name"].is_string() || root["name"].get<std::string>().empty()) {
      Add("$.name", "needs a text");
    } else {
      suite.name = root["name"].get<std::string>();
    }
    if (!root.contains("expectations") || !root["expectations"].is_array()) {
      Add("$.expectations", "needs a list");
      return;
    }
    size_t index = 0;
    for (const Json& entry : root["expectations"]) {
      const std::string path = fmt::format("$.expectations[{}]", index++);
      if (!entry.is_object()) {
        Add(path, "an expectation is an object with \"type\" and \"kwargs\"");
        continue;
      }
      suite.expectations.push_back(ReadExpectation(entry, path));
    }
  }

  Expectation ReadExpectation(const Json& entry, const std::string& path) {
    Expectation expectation;
    expectation.place = file_ + ": " + path;
    for (const auto& [key, value] : entry.items()) {
      if (!IsKnownKey(key, {"type", "kwargs", "meta", "severity", "id", "notes", "description",
                            "rendered_content", "expectation_context"})) {
        Add(path + "." + key, "an expectation has no such key");
      } else if (IsKnownKey(key, {"id", "notes", "description"}) && !value.is_null()) {
        expectation.rest[key] = value;
      }
    }
    if (entry.contains("meta") && entry["meta"].is_object()) expectation.meta = entry["meta"];
    ReadSeverity(entry, path, expectation);
    if (!entry.contains("type") || !entry["type"].is_string()) {
      Add(path + ".type", "needs the name of an expectation");
      return expectation;
    }
    expectation.type = entry["type"].get<std::string>();
    const ExpectationKind* kind = FindKind(expectation.type, path + ".type");
    if (entry.contains("kwargs") && !entry["kwargs"].is_object()) {
      Add(path + ".kwargs", "needs an object");
    } else if (entry.contains("kwargs")) {
      expectation.kwargs = entry["kwargs"];
    }
    if (kind != nullptr) {
      ReadKwargs(*kind, path + ".kwargs", expectation);
      ReadPolicy(*kind, path, expectation);
    }
    return expectation;
  }

  void ReadSeverity(const Json& entry, const std::string& path, Expectation& expectation) {
    if (entry.contains("severity")) {
      const Json& severity = entry["severity"];
      if (!severity.is_string() ||
          !IsKnownKey(severity.get<std::string>(), {"critical", "warning", "info"})) {
        Add(path + ".severity", "is one of critical, warning, info");
        return;
      }
      expectation.severity = severity.get<std::string>();
    }
    // What is critical stops a run, what is not is told.
    expectation.on_failure = expectation.severity == "critical" ? OnFailure::kFail : OnFailure::kWarn;
  }

  const ExpectationKind* FindKind(const std::string& type, const std::string& path) {
    if (const ExpectationKind* kind = registry_.Find(type)) return kind;
    if (const UnsupportedKind* kind = registry_.FindUnsupported(type)) {
      Add(path, fmt::format("{} can't be checked: {}", type, kind->reason));
    } else {
      const std::string near = config::Nearest(type, registry_.types());
      Add(path, fmt::format("there is no expectation `{}`{}", type,
                            near.empty() ? "" : "; did you mean `" + near + "`?"));
    }
    return nullptr;
  }

  void ReadPolicy(const ExpectationKind& kind, const std::string& path, Expectation& expectation) {
    if (!expectation.meta.contains("ingesta")) return;
    const Json& ours = expectation.meta["ingesta"];
    const std::string where = path + ".meta.ingesta";
    if (!ours.is_object()) return Add(where, "needs an object with \"on_failure\"");
    for (const auto& [key, value] : ours.items()) {
      if (key != "on_failure") {
        Add(where + "." + key, "there is no such key: on_failure");
        continue;
      }
      const std::string policy = value.is_string() ? value.get<std::string>() : "";
      if (!IsKnownKey(policy, {"fail", "quarantine", "warn"})) {
        Add(where + ".on_failure", "is one of fail, quarantine, warn");
      } else if (policy == "quarantine" && !kind.row_level) {
        Add(where + ".on_failure",
            "this expectation is not about single rows as they pass, so it can't quarantine: fail or warn");
      } else {
        expectation.on_failure = policy == "fail"   ? OnFailure::kFail
                                 : policy == "warn" ? OnFailure::kWarn
                                                    : OnFailure::kQuarantine;
      }
    }
  }

  void ReadKwargs(const ExpectationKind& kind, const std::string& path, Expectation& expectation) {
    const std::vector<KwargSpec> specs = AllKwargs(kind);
    for (const auto& [key, value] : expectation.kwargs.items()) {
      // What GX itself adds to kwargs.
      if (IsKnownKey(key, {"batch_id", "catch_exceptions"})) continue;
      if (key == "result_format") {
        ReadFormat(value, path, expectation);
        continue;
      }
      const auto spec = std::find_if(specs.begin(), specs.end(),
                                     [&key = key](const KwargSpec& have) { return have.name == key; });
      if (spec == specs.end()) {
        const std::string near = config::SuggestFrom(key, "kwargs", Names(specs));
        Add(path + "." + key, fmt::format("{} has no such kwarg; {}", kind.type, near));
        continue;
      }
      CheckValue(*spec, value, path + "." + key);
    }
    for (const KwargSpec& spec : specs) {
      const auto found = expectation.kwargs.find(spec.name);
      const bool absent = found == expectation.kwargs.end() || found->is_null();
      if (spec.required && absent) Add(path + "." + spec.name, fmt::format("{} needs it", kind.type));
    }
  }

  void ReadFormat(const Json& value, const std::string& path, Expectation& expectation) {
    auto format = ParseResultFormat(value);
    if (format.ok()) {
      expectation.format = *format;
    } else {
      Add(path + ".result_format", format.status().message());
    }
  }

  void CheckValue(const KwargSpec& spec, const Json& value, const std::string& path) {
    if (value.is_null()) {
      if (!spec.nullable && spec.required) Add(path, "can't be null");
      return;
    }
    if (value.is_object() && value.contains("$PARAMETER")) {
      return Add(path, "suite parameters ($PARAMETER) are not supported: write the value itself");
    }
    switch (spec.type) {
      case KwargType::kText:
        if (!value.is_string()) Add(path, "needs a text");
        return;
      case KwargType::kColumn:
        if (!value.is_string() || value.get<std::string>().empty()) Add(path, "needs a column's name");
        return;
      case KwargType::kNumber:
        if (!value.is_number()) Add(path, "needs a number");
        return;
      case KwargType::kBound:
        if (const auto bound = Literal::FromBound(value); !bound.ok()) Add(path, bound.status().message());
        return;
      case KwargType::kCount:
        if (!value.is_number_integer()) Add(path, "needs a whole number");
        return;
      case KwargType::kBool:
        if (!value.is_boolean()) Add(path, "needs true or false");
        return;
      case KwargType::kFraction:
        if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1)
          Add(path, "needs a number from 0 to 1");
        return;
      case KwargType::kObject:
        if (!value.is_object()) Add(path, "needs an object");
        return;
      case KwargType::kEnum:
        if (!value.is_string() || std::find(spec.choices.begin(), spec.choices.end(),
                                            value.get<std::string>()) == spec.choices.end()) {
          Add(path, fmt::format("is one of {}", fmt::join(spec.choices, ", ")));
        }
        return;
      case KwargType::kAny:
        return;
      default:
        return CheckList(spec, value, path);
    }
  }

  void CheckList(const KwargSpec& spec, const Json& value, const std::string& path) {
    if (!value.is_array()) return Add(path, "needs a list");
    const bool texts = spec.type == KwargType::kTextList || spec.type == KwargType::kColumnList;
    size_t index = 0;
    for (const Json& item : value) {
      const std::string here = fmt::format("{}[{}]", path, index++);
      if (texts && !item.is_string()) Add(here, "needs a text");
      if (spec.type == KwargType::kPairList && (!item.is_array() || item.size() != 2))
        Add(here, "needs a list of two values");
      if (spec.type == KwargType::kList && item.is_structured()) Add(here, "needs a single value");
    }
    const size_t least = spec.type == KwargType::kColumnList ? 2 : spec.type == KwargType::kTextList ? 1 : 0;
    if (value.size() < least)
      Add(path, fmt::format("needs at least {} {}", least, least == 1 ? "text" : "columns"));
  }

  const std::string& file_;
  const Registry& registry_;
  std::vector<std::string> mistakes_;
};

}  // namespace

std::string_view OnFailureName(OnFailure policy) {
  switch (policy) {
    case OnFailure::kFail:
      return "fail";
    case OnFailure::kQuarantine:
      return "quarantine";
    case OnFailure::kWarn:
      break;
  }
  return "warn";
}

Result<ResultFormat> ParseResultFormat(const Json& value) {
  static const std::pair<const char*, ResultFormat::Level> kLevels[] = {
      {"BOOLEAN_ONLY", ResultFormat::Level::kBooleanOnly},
      {"BASIC", ResultFormat::Level::kBasic},
      {"SUMMARY", ResultFormat::Level::kSummary},
      {"COMPLETE", ResultFormat::Level::kComplete}};
  ResultFormat format;
  const Json level = value.is_object() && value.contains("result_format") ? value["result_format"] : value;
  const auto found = std::find_if(std::begin(kLevels), std::end(kLevels),
                                  [&](const auto& known) { return level == Json(known.first); });
  if (found == std::end(kLevels))
    return BadExpectation("result_format is one of BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE");
  format.level = found->second;
  if (!value.is_object()) return format;
  for (const auto& [key, setting] : value.items()) {
    if (key == "result_format") continue;
    if (key == "partial_unexpected_count" && setting.is_number_integer()) {
      format.partial_unexpected_count = static_cast<int>(std::clamp<int64_t>(setting.get<int64_t>(), 0, 200));
    } else if (key == "exclude_unexpected_values" && setting.is_boolean()) {
      format.exclude_unexpected_values = setting.get<bool>();
    } else if (key == "return_unexpected_index_query" && setting.is_boolean()) {
      format.unexpected_index_query = setting.get<bool>();
    } else if (key != "include_unexpected_rows" || setting != Json(false)) {
      return BadExpectation(fmt::format("result_format: `{}` is not supported with this value", key));
    }
  }
  return format;
}

Result<Suite> ParseSuite(std::string_view text, const std::string& file, const Registry& registry) {
  return Reader(file, registry).Read(text);
}

Result<Suite> ReadSuite(const std::string& path, const Registry& registry) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadFile(path));
  return ParseSuite(text, path, registry);
}

}  // namespace ingesta::expect
