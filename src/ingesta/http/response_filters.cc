#include "ingesta/http/response_filters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ingesta/http/client.h"

namespace ingesta::http {
namespace {

struct Filter {
  std::vector<int> codes;
  std::string text;
  Verdict verdict = Verdict::kFail;

  bool Fits(const Response& response) const {
    const bool code_fits =
        codes.empty() || std::find(codes.begin(), codes.end(), response.status) != codes.end();
    return code_fits && (text.empty() || response.body.find(text) != std::string::npos);
  }
};

constexpr Verdict kVerdicts[] = {Verdict::kSuccess, Verdict::kFail,        Verdict::kRetry,
                                 Verdict::kIgnore,  Verdict::kRateLimited, Verdict::kRefreshAuth};

}  // namespace

const std::vector<std::string>& ResponseFilterActions() {
  static const std::vector<std::string> actions = {"success", "fail",         "retry",
                                                   "ignore",  "rate_limited", "refresh_token_then_retry"};
  return actions;
}

Result<Classifier> MakeClassifier(const std::vector<config::ResponseFilterSpec>& filters) {
  const std::vector<std::string>& actions = ResponseFilterActions();
  std::vector<Filter> compiled;
  for (const config::ResponseFilterSpec& spec : filters) {
    const auto action = std::find(actions.begin(), actions.end(), spec.action);
    if (action == actions.end()) {
      return MakeError(ErrorCode::kInvalidConfig,
                       fmt::format("response_filters: `{}` is no action; valid are {}", spec.action,
                                   fmt::join(actions, ", ")));
    }
    if (spec.http_codes.empty() && spec.error_message_contains.empty()) {
      return MakeError(
          ErrorCode::kInvalidConfig,
          fmt::format("response_filters: the filter with action `{}` would fit every answer", spec.action),
          "give it http_codes or error_message_contains");
    }
    compiled.push_back({spec.http_codes, spec.error_message_contains, kVerdicts[action - actions.begin()]});
  }
  if (compiled.empty()) return Classifier(&ClassifyByStatus);
  return Classifier([compiled = std::move(compiled)](const Response& response) {
    for (const Filter& filter : compiled) {
      if (filter.Fits(response)) return filter.verdict;
    }
    return ClassifyByStatus(response);
  });
}

}  // namespace ingesta::http
