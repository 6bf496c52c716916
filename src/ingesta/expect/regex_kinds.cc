// Whether texts match regular expressions: one, or a list of them.
#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/regex.h"

namespace ingesta::expect {
namespace {

using Regexes = std::vector<std::unique_ptr<Regex>>;

class RegexRule final : public RowRule {
 public:
  /// `all`: every one has to match, else one is enough. `wanted`: false where matching is what breaks it.
  RegexRule(int column, Regexes regexes, bool all, bool wanted)
      : column_(column), regexes_(std::move(regexes)), all_(all), wanted_(wanted) {}

  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    const ColumnView& column = batch.column(column_);
    std::string scratch;
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      ARROW_ASSIGN_OR_RAISE(const bool matches, Matches(PythonText(column, i, scratch)));
      failed[i] = matches != wanted_ ? 1 : 0;
    }
    return Status::OK();
  }

 private:
  Result<bool> Matches(std::string_view text) const {
    for (const auto& regex : regexes_) {
      ARROW_ASSIGN_OR_RAISE(const bool matches, regex->Search(text));
      if (matches != all_) return matches;
    }
    return all_;
  }

  const int column_;
  const Regexes regexes_;
  const bool all_;
  const bool wanted_;
};

Result<std::unique_ptr<Check>> Make(const CheckContext& context, const std::vector<std::string>& patterns,
                                    bool all, bool wanted) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckHasText(context, column));
  Regexes regexes;
  for (const std::string& pattern : patterns) {
    ARROW_ASSIGN_OR_RAISE(auto regex, Regex::Compile(pattern));
    regexes.push_back(std::move(regex));
  }
  return MakeColumnMapCheck(context, std::make_unique<RegexRule>(column, std::move(regexes), all, wanted));
}

Result<std::unique_ptr<Check>> MakeOne(const CheckContext& context, bool wanted) {
  return Make(context, {context.text("regex", "(?s).*")}, true, wanted);
}

Result<std::unique_ptr<Check>> MakeList(const CheckContext& context, bool wanted) {
  std::vector<std::string> patterns;
  for (const Json& pattern : context.kwarg("regex_list")) patterns.push_back(pattern.get<std::string>());
  return Make(context, patterns, context.text("match_on") == "all", wanted);
}

const KwargSpec kList = {.name = "regex_list", .type = KwargType::kTextList, .required = true};

}  // namespace

std::vector<ExpectationKind> RegexKinds() {
  return {{.type = "expect_column_values_to_match_regex",
           .summary = "Texts match a regular expression somewhere",
           .summary_es = "Los textos contienen algo que cumple una expresión regular",
           .row_level = true,
           .kwargs = {{.name = "regex"}},
           .make = [](const CheckContext& context) { return MakeOne(context, true); }},
          {.type = "expect_column_values_to_not_match_regex",
           .summary = "No text matches a regular expression",
           .summary_es = "Ningún texto cumple una expresión regular",
           .row_level = true,
           .kwargs = {{.name = "regex", .required = true}},
           .make = [](const CheckContext& context) { return MakeOne(context, false); }},
          {.type = "expect_column_values_to_match_regex_list",
           .summary = "Texts match one, or all, of several regular expressions",
           .summary_es = "Los textos cumplen una, o todas, de varias expresiones regulares",
           .row_level = true,
           .kwargs = {kList, {.name = "match_on", .type = KwargType::kEnum, .choices = {"any", "all"}}},
           .make = [](const CheckContext& context) { return MakeList(context, true); }},
          {.type = "expect_column_values_to_not_match_regex_list",
           .summary = "No text matches any of several regular expressions",
           .summary_es = "Ningún texto cumple ninguna de varias expresiones regulares",
           .row_level = true,
           .kwargs = {kList},
           .make = [](const CheckContext& context) { return MakeList(context, false); }}};
}

}  // namespace ingesta::expect
