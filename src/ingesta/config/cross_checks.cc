#include "ingesta/config/cross_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ingesta/config/nearest.h"
#include "ingesta/config/url_text.h"

namespace ingesta::config {
namespace {

void CheckResourceNames(const Value& resources, Diagnostics& diagnostics) {
  std::map<std::string, int> lines;
  for (const Value& resource : resources.items) {
    const Value* name = resource.Find("name");
    if (name == nullptr || !name->ok) continue;
    const auto [first, is_new] = lines.emplace(resource.Text("name"), name->at.line);
    if (!is_new) {
      diagnostics.Add(name->at, fmt::format("a resource {} exists already", ShowNode(*name->node)),
                      first->second > 0 ? fmt::format("the first one is in line {}", first->second) : "");
    }
  }
}

void CheckExplode(const Value& resources, Diagnostics& diagnostics) {
  std::set<std::string> all;
  std::vector<std::string> parents;
  for (const Value& resource : resources.items) {
    all.insert(resource.Text("name"));
    if (resource.Find("endpoint") != nullptr) parents.push_back(resource.Text("name"));
  }
  for (const Value& resource : resources.items) {
    const Value* explode = resource.Find("explode");
    const Value* parent = explode == nullptr ? nullptr : explode->Find("resource");
    if (parent == nullptr || !parent->ok || resource.Find("endpoint") != nullptr) continue;
    const std::string name = explode->Text("resource");
    if (std::find(parents.begin(), parents.end(), name) != parents.end() && name != resource.Text("name"))
      continue;
    diagnostics.Add(parent->at,
                    all.count(name) != 0
                        ? fmt::format("the resource {} has no endpoint", ShowNode(*parent->node))
                        : fmt::format("there is no resource {}", ShowNode(*parent->node)),
                    diagnostics.full() ? "" : SuggestFrom(name, "resources with an endpoint", parents));
  }
}

void CheckRates(const Value& client, Diagnostics& diagnostics) {
  const Value* budget = client.Find("api_budget");
  const Value* policies = budget == nullptr ? nullptr : budget->Find("policies");
  if (policies == nullptr) return;
  constexpr std::string_view kHint = "this version takes one policy with one rate";
  for (size_t i = 0; i < policies->items.size(); ++i) {
    const Value& policy = policies->items[i];
    if (i > 0)
      diagnostics.Add(policy.at, "a second policy: not supported by this version", std::string(kHint));
    const Value* rates = policy.Find("rates");
    if (rates != nullptr && rates->items.size() > 1) {
      diagnostics.Add(rates->items[1].at, "a second rate: not supported by this version", std::string(kHint));
    }
  }
}

void CheckFilters(const Value& client, Diagnostics& diagnostics) {
  const Value* handler = client.Find("error_handler");
  const Value* filters = handler == nullptr ? nullptr : handler->Find("response_filters");
  if (filters == nullptr) return;
  for (const Value& filter : filters->items) {
    if (!filter.node->is_map()) continue;
    if (filter.node->Find("http_codes") == nullptr &&
        filter.node->Find("error_message_contains") == nullptr) {
      diagnostics.Add(filter.at, "the filter matches nothing",
                      "add `http_codes` or `error_message_contains`");
    }
  }
}

}  // namespace

void CheckHeaders(const Value& map, Diagnostics& diagnostics) {
  const Value* headers = map.Find("headers");
  if (headers == nullptr || !headers->given() || !headers->node->is_map()) return;
  for (const NodeEntry& entry : headers->node->entries) {
    const std::string wrong_name = CheckHeaderName(entry.key);
    if (!wrong_name.empty())
      diagnostics.Add(entry.key_at, fmt::format("{} {}", ShowText(entry.key), wrong_name));
    const std::string wrong =
        entry.value.is_scalar() && !entry.value.broken ? CheckHeaderValue(entry.value.text) : "";
    if (!wrong.empty())
      diagnostics.Add(entry.value.at, fmt::format("the value of {} {}", ShowText(entry.key), wrong));
  }
}

void CrossCheckClient(const Value& client, Diagnostics& diagnostics) {
  // The text itself is not shown: it may hold a password.
  if (const Value* url = client.Find("base_url"); url != nullptr && url->ok) {
    const std::string wrong = CheckBaseUrl(client.Text("base_url"));
    const bool password = wrong.find("password") != std::string::npos;
    if (!wrong.empty()) {
      diagnostics.Add(url->at, fmt::format("{} {}", password ? "base_url" : ShowNode(*url->node), wrong),
                      "write it as http://host:port");
    }
  }
  if (const Value* origins = client.Find("allowed_origins");
      origins != nullptr && origins->given() && origins->ok) {
    const auto check = [&](const Node& origin) {
      const std::string wrong = CheckOrigin(origin.text);
      const bool password = wrong.find("password") != std::string::npos;
      if (!wrong.empty()) {
        diagnostics.Add(origin.at, fmt::format("{} {}", password ? "the origin" : ShowNode(origin), wrong),
                        "write it as https://host:port");
      }
    };
    if (origins->node->is_scalar()) check(*origins->node);
    for (const Node& origin : origins->node->items) check(origin);
  }
  CheckText(client, "health_path", CheckUrlPath, diagnostics);
  CheckHeaders(client, diagnostics);
  CheckRates(client, diagnostics);
  CheckFilters(client, diagnostics);
}

void CrossCheck(const Value& root, Diagnostics& diagnostics) {
  CheckText(root, "name", CheckSafeName, diagnostics);
  if (const Value* client = root.Find("client")) CrossCheckClient(*client, diagnostics);
  const Value* resources = root.Find("resources");
  if (resources == nullptr) return;
  for (const Value& resource : resources->items) CrossCheckResource(resource, diagnostics);
  CheckResourceNames(*resources, diagnostics);
  CheckExplode(*resources, diagnostics);
}

}  // namespace ingesta::config
