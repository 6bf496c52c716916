// What people read of a result: the summary, messages, the result page.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ingesta/expect/expect.h"

namespace ingesta::expect {
namespace {

constexpr size_t kExamples = 3;
constexpr size_t kExampleBytes = 80;

std::string Grouped(int64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3 && text[at - 4] != '-'; text.insert(at, ",")) at -= 3;
  return text;
}

/// A value as JSON, cut between characters where it is long.
std::string Example(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kExampleBytes) return text;
  size_t cut = kExampleBytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut) + "...";
}

/// How many there are of `policy`, and which of them are not met.
int64_t CountOf(const SuiteResult& result, OnFailure policy, std::vector<const ExpectationResult*>& unmet) {
  int64_t count = 0;
  for (const ExpectationResult& one : result.results) {
    if (one.expectation.on_failure != policy) continue;
    ++count;
    if (!one.success) unmet.push_back(&one);
  }
  return count;
}

std::string Show(const Allowance& allowance) {
  return allowance.share ? fmt::format("{:g} %", allowance.value * 100)
                         : fmt::format("{:g}", allowance.value);
}

std::string Sentence(const ExpectationResult& one) {
  const std::string subject = Subject(one.expectation);
  const std::string finding = Finding(one);
  return fmt::format("{}{}{} is not met{}{}", one.expectation.type, subject.empty() ? "" : " on ", subject,
                     finding.empty() ? "" : ": ", finding);
}

}  // namespace

std::string Subject(const Expectation& expectation) {
  std::string subject;
  const auto add = [&subject](const Json& name) {
    if (name.is_string()) subject += (subject.empty() ? "" : ", ") + name.get<std::string>();
  };
  for (const char* key : {"column", "column_A", "column_B"}) {
    const auto found = expectation.kwargs.find(key);
    if (found != expectation.kwargs.end()) add(*found);
  }
  const auto list = expectation.kwargs.find("column_list");
  if (list == expectation.kwargs.end() || !list->is_array()) return subject;
  for (const Json& name : *list) add(name);
  return subject;
}

std::string Finding(const ExpectationResult& one) {
  if (!one.exception.empty()) return one.exception;
  const Json& result = one.result;
  const auto count = result.find("unexpected_count");
  const auto elements = result.find("element_count");
  if (count == result.end() || !count->is_number_integer() || elements == result.end()) {
    const auto observed = result.find("observed_value");
    return observed == result.end() ? "" : "observed " + Example(*observed);
  }
  std::string text =
      fmt::format("{} of {} unexpected", Grouped(count->get<int64_t>()), Grouped(elements->get<int64_t>()));
  const auto examples = result.find("partial_unexpected_list");
  if (examples == result.end() || !examples->is_array() || examples->empty()) return text;
  for (size_t i = 0; i < std::min(examples->size(), kExamples); ++i) {
    text += (i == 0 ? ": " : ", ") + Example((*examples)[i]);
  }
  return examples->size() > kExamples ? text + ", ..." : text;
}

std::string WhyItFails(const SuiteResult& result, const SuiteLimits& limits) {
  std::vector<std::string> reasons;
  std::vector<const ExpectationResult*> failed;
  if (const int64_t all = CountOf(result, OnFailure::kFail, failed);
      !limits.max_failed.Allows(static_cast<int64_t>(failed.size()), all)) {
    for (const ExpectationResult* one : failed) reasons.push_back(Sentence(*one));
  }
  std::vector<const ExpectationResult*> warned;
  if (const int64_t all = CountOf(result, OnFailure::kWarn, warned);
      limits.max_warned && !limits.max_warned->Allows(static_cast<int64_t>(warned.size()), all)) {
    reasons.push_back(fmt::format("{} of {} expectations that warn are not met, more than max_warned ({})",
                                  warned.size(), all, Show(*limits.max_warned)));
    for (const ExpectationResult* one : warned) reasons.push_back(Sentence(*one));
  }
  int64_t quarantined = 0;
  for (const ExpectationResult& one : result.results) quarantined += one.quarantined;
  if (limits.max_quarantined && !limits.max_quarantined->Allows(quarantined, result.rows)) {
    reasons.push_back(fmt::format("{} of {} rows were taken out, more than max_quarantined ({})",
                                  Grouped(quarantined), Grouped(result.rows), Show(*limits.max_quarantined)));
  }
  return fmt::format("{}", fmt::join(reasons, "\n"));
}

}  // namespace ingesta::expect
