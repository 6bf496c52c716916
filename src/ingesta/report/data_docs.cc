#include "ingesta/report/data_docs.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <string_view>

#include "ingesta/report/html.h"

namespace ingesta::report {
namespace {

using Json = nlohmann::ordered_json;

// No value can hold it: Escape leaves no `<`.
constexpr std::string_view kNextMark = "<!--next-->";
constexpr size_t kShownRuns = 20;
constexpr size_t kShownExamples = 20;
constexpr size_t kShownBytes = 300;

std::string Dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A value as escaped code, cut between characters where it is long.
std::string Code(std::string text) {
  if (text.size() > kShownBytes) {
    size_t cut = kShownBytes;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    text = text.substr(0, cut) + "…";
  }
  return "<code>" + Escape(text) + "</code>";
}

const Json& At(const Json& json, const char* key) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string Text(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

int64_t Count(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_number_integer() ? value.get<int64_t>() : -1;
}

bool IsMet(const Json& result) {
  return At(result, "success") == Json(true);
}

/// What makes it the same expectation in another run.
std::string Fingerprint(const std::string& dataset, const std::string& suite, const Json& config) {
  const std::string text =
      dataset + "\n" + suite + "\n" + Text(config, "type") + "\n" + Dump(At(config, "kwargs"));
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

std::string Policy(const Json& config) {
  const std::string own = Text(At(At(config, "meta"), "ingesta"), "on_failure");
  if (!own.empty()) return own;
  return Text(config, "severity") == "critical" ? "fail" : "warn";
}

std::string Badge(const Json& result, const std::string& policy) {
  const int64_t quarantined = Count(At(At(result, "meta"), "ingesta"), "quarantined");
  const char* color = "bad";
  std::string word = "failed";
  if (IsMet(result) && quarantined <= 0) {
    color = "good";
    word = "met";
  } else if (policy == "quarantine") {
    color = "note";
    word = "quarantine";
  } else if (policy == "warn") {
    color = "note";
    word = "warning";
  }
  return fmt::format("<span class=\"badge {}\">{}</span>", color, word);
}

std::string Row(std::string_view name, const std::string& html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", Escape(name), html);
}

std::string Percent(const Json& value) {
  return value.is_number() ? fmt::format(" ({:.4g} %)", value.get<double>()) : "";
}

std::string Examples(const Json& result) {
  const Json& list = At(result, "partial_unexpected_list");
  if (!list.is_array() || list.empty()) return "";
  const Json& indexes = At(result, "partial_unexpected_index_list");
  std::string html;
  for (size_t i = 0; i < std::min(list.size(), kShownExamples); ++i) {
    const bool numbered = indexes.is_array() && i < indexes.size() && indexes[i].is_number_integer();
    html += fmt::format(
        "<li>{}{}</li>", Code(Dump(list[i])),
        numbered ? fmt::format(" <span class=\"dim\">row {}</span>", indexes[i].get<int64_t>() + 1) : "");
  }
  return Row("examples", "<ul>" + html + "</ul>");
}

std::string Details(const Json& one) {
  const Json& config = At(one, "expectation_config");
  const Json& result = At(one, "result");
  std::string html;
  const std::string exception = Text(At(one, "exception_info"), "exception_message");
  if (!exception.empty()) html += Row("not checked", Escape(exception));
  if (const int64_t unexpected = Count(result, "unexpected_count"); unexpected >= 0) {
    html += Row("unexpected", fmt::format("{} of {}{}", unexpected, Count(result, "element_count"),
                                          Percent(At(result, "unexpected_percent"))));
  }
  if (const int64_t missing = Count(result, "missing_count"); missing > 0)
    html += Row("missing values", fmt::format("{}{}", missing, Percent(At(result, "missing_percent"))));
  if (!At(result, "observed_value").is_null())
    html += Row("observed", Code(Dump(At(result, "observed_value"))));
  if (const int64_t taken = Count(At(At(one, "meta"), "ingesta"), "quarantined"); taken > 0)
    html += Row("rows taken out", std::to_string(taken));
  html += Examples(result);
  const Json& kwargs = At(config, "kwargs");
  if (kwargs.is_object()) {
    for (const auto& [key, value] : kwargs.items()) html += Row(key, Code(Dump(value)));
  }
  html += Row("on failure", Escape(Policy(config)) + " <span class=\"dim\">severity " +
                                Escape(Text(config, "severity")) + "</span>");
  const Json& notes = At(config, "notes");
  if (notes.is_string()) html += Row("notes", Escape(notes.get<std::string>()));
  return "<dl>\n" + html + "</dl>\n";
}

/// A square a run, the oldest first, the page's own framed.
std::string Past(const std::string& fingerprint, const std::string& run_id, const History& history) {
  std::string html;
  size_t shown = 0;
  for (const PastRun& run : history.runs) {
    const auto found = run.results.find(fingerprint);
    if (found == run.results.end()) continue;
    if (++shown > kShownRuns) break;
    const PastResult& past = found->second;
    const std::string title =
        fmt::format("{} {}: {}{}", run.time, run.run_id, past.met ? "met" : "not met",
                    past.unexpected > 0 ? fmt::format(", {} unexpected", past.unexpected) : "");
    const char* color = past.met ? "good" : "bad";
    html = (run.run_id == run_id ? fmt::format("<b class=\"{}\" title=\"{}\"></b>", color, Escape(title))
                                 : fmt::format("<a class=\"{}\" title=\"{}\" href=\"{}\"></a>", color,
                                               Escape(title), Href(PageName(run.run_id)))) +
           html;
  }
  return fmt::format("<p class=\"dim\">last runs <span class=\"past\">{}</span></p>\n", html);
}

/// `values to be between`, out of `expect_column_values_to_be_between`.
std::string Phrase(std::string type) {
  for (const std::string_view prefix : {"expect_column_", "expect_"}) {
    if (type.rfind(prefix, 0) != 0) continue;
    type.erase(0, prefix.size());
    break;
  }
  std::replace(type.begin(), type.end(), '_', ' ');
  return type;
}

std::string Subject(const Json& kwargs) {
  std::string subject;
  for (const char* key : {"column", "column_A", "column_B"}) {
    const std::string name = Text(kwargs, key);
    if (!name.empty()) subject += (subject.empty() ? "" : ", ") + name;
  }
  const Json& list = At(kwargs, "column_list");
  for (const Json& name : list.is_array() ? list : Json::array()) {
    if (name.is_string()) subject += (subject.empty() ? "" : ", ") + name.get<std::string>();
  }
  return subject;
}

std::string Card(const DatasetResults& dataset, const Json& one, const RunResults& run,
                 const History& history) {
  const Json& config = At(one, "expectation_config");
  const std::string subject = Subject(At(config, "kwargs"));
  const bool met = IsMet(one);
  return fmt::format("<details{}><summary>{}<span class=\"what\">{}{}</span></summary>\n{}{}</details>\n",
                     met ? "" : " open", Badge(one, Policy(config)),
                     subject.empty() ? "" : Escape(subject) + ": ", Escape(Phrase(Text(config, "type"))),
                     Details(one),
                     Past(Fingerprint(dataset.dataset, Text(dataset.validation, "suite_name"), config),
                          run.run_id, history));
}

std::string Section(const DatasetResults& dataset, const RunResults& run, const History& history) {
  const Json& statistics = At(dataset.validation, "statistics");
  const Json& about = At(At(dataset.validation, "meta"), "ingesta");
  std::string html = fmt::format(
      "<h2 id=\"{0}\">{0}</h2>\n<p class=\"dim\">{1} of {2} expectations of {3} met · {4} rows · "
      "completeness {5}"
      "{6}</p>\n",
      Escape(dataset.dataset), Count(statistics, "successful_expectations"),
      Count(statistics, "evaluated_expectations"), Escape(Text(dataset.validation, "suite_name")),
      Count(about, "rows"), Escape(Text(about, "completeness")),
      At(about, "enforced") == Json(false) ? " · only a part of the rows was read" : "");
  // What is not met comes first.
  for (const bool met : {false, true}) {
    for (const Json& one : At(dataset.validation, "results")) {
      if (IsMet(one) == met) html += Card(dataset, one, run, history);
    }
  }
  return html;
}

const PastRun* Previous(const std::string& run_id, const History& history) {
  for (size_t i = 0; i + 1 < history.runs.size(); ++i) {
    if (history.runs[i].run_id == run_id) return &history.runs[i + 1];
  }
  return nullptr;
}

const char* StatusColor(const std::string& status) {
  return status == "succeeded" ? "good" : status == "failed" ? "bad" : "note";
}

}  // namespace

std::string PageName(const std::string& run_id) {
  return run_id == "index" ? "index_.html" : run_id + ".html";
}

void AddRun(const RunResults& run, History& history) {
  std::erase_if(history.runs, [&](const PastRun& past) { return past.run_id == run.run_id; });
  PastRun past{.run_id = run.run_id, .time = run.time, .status = run.status, .results = {}};
  for (const DatasetResults& dataset : run.datasets) {
    for (const Json& one : At(dataset.validation, "results")) {
      const Json& config = At(one, "expectation_config");
      const bool met = IsMet(one);
      ++past.total;
      past.met += met ? 1 : 0;
      past.results[Fingerprint(dataset.dataset, Text(dataset.validation, "suite_name"), config)] = {
          met, Count(At(one, "result"), "unexpected_count")};
    }
  }
  history.runs.insert(history.runs.begin(), std::move(past));
  if (history.runs.size() > History::kMaxRuns) history.runs.resize(History::kMaxRuns);
}

std::string HistoryToJson(const History& history) {
  Json runs = Json::array();
  for (const PastRun& run : history.runs) {
    Json results = Json::object();
    for (const auto& [fingerprint, past] : run.results)
      results[fingerprint] = Json{past.met, past.unexpected};
    runs.push_back(Json{{"run_id", run.run_id},
                        {"time", run.time},
                        {"status", run.status},
                        {"met", run.met},
                        {"total", run.total},
                        {"results", std::move(results)}});
  }
  return Dump(Json{{"runs", std::move(runs)}}) + "\n";
}

History HistoryFromJson(const std::string& text) {
  History history;
  try {
    const Json json = Json::parse(text);
    for (const Json& item : json.at("runs")) {
      PastRun run{.run_id = item.at("run_id").get<std::string>(),
                  .time = item.at("time").get<std::string>(),
                  .status = item.at("status").get<std::string>(),
                  .met = item.at("met").get<int64_t>(),
                  .total = item.at("total").get<int64_t>(),
                  .results = {}};
      for (const auto& [fingerprint, past] : item.at("results").items()) {
        run.results[fingerprint] = {past.at(0).get<bool>(), past.at(1).get<int64_t>()};
      }
      history.runs.push_back(std::move(run));
    }
  } catch (const std::exception&) {
    return {};
  }
  return history;
}

std::string RunPage(const RunResults& run, const History& history) {
  const PastRun* previous = Previous(run.run_id, history);
  std::string body = fmt::format(
      "<nav><a href=\"{}\">all runs</a>{}{}</nav>\n<h1>{}</h1>\n"
      "<p><span class=\"badge {}\">{}</span>run {} · {}</p>\n",
      Href(kIndexName),
      previous == nullptr
          ? ""
          : fmt::format("<a href=\"{}\">← previous run</a>", Href(PageName(previous->run_id))),
      kNextMark, Escape(run.pipeline), StatusColor(run.status), Escape(run.status), Escape(run.run_id),
      Escape(run.time));
  if (!run.error.empty()) body += fmt::format("<p class=\"card bad\">{}</p>\n", Escape(run.error));
  if (run.datasets.size() > 1) {
    body += "<nav>";
    for (const DatasetResults& dataset : run.datasets) {
      body += fmt::format("<a href=\"#{0}\">{0}</a>", Escape(dataset.dataset));
    }
    body += "</nav>\n";
  }
  for (const DatasetResults& dataset : run.datasets) body += Section(dataset, run, history);
  return Page(fmt::format("{} · {} · expectations", run.pipeline, run.run_id), body);
}

std::string IndexPage(const std::string& pipeline, const History& history) {
  std::string rows;
  for (const PastRun& run : history.runs) {
    rows += fmt::format(
        "<tr><td><a href=\"{}\">{}</a><br><span class=\"dim\">{}</span></td><td class=\"{}\">{}</td>"
        "<td class=\"{}\">{} of {}</td></tr>\n",
        Href(PageName(run.run_id)), Escape(run.run_id), Escape(run.time), StatusColor(run.status),
        Escape(run.status), run.met == run.total ? "good" : "note", run.met, run.total);
  }
  return Page(
      pipeline + " · expectations",
      fmt::format("<h1>{}</h1>\n<p class=\"dim\">What the expectations found, the newest run first.</p>\n"
                  "<div class=\"card\"><table><tr><th>run</th><th>status</th><th>met</th></tr>\n{}"
                  "</table></div>\n",
                  Escape(pipeline), rows));
}

std::string WithNextLink(std::string page, const std::string& next_run_id) {
  const size_t at = page.find(kNextMark);
  if (at == std::string::npos) return page;
  return page.replace(at, kNextMark.size(),
                      fmt::format("<a href=\"{}\">next run →</a>", Href(PageName(next_run_id))));
}

}  // namespace ingesta::report
