// A paged service behind a scripted server, and a source that walks it, for the tests of the REST source.
// Tests only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/http/client.h"
#include "ingesta/source/rest_source.h"
#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::source {

/// The query's parameters of a request's target, not decoded.
inline std::map<std::string, std::string> Query(const std::string& target) {
  std::map<std::string, std::string> query;
  size_t at = target.find('?');
  while (at != std::string::npos) {
    const size_t end = target.find('&', at + 1);
    const std::string pair = target.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const size_t equals = pair.find('=');
    query[pair.substr(0, equals)] = equals == std::string::npos ? "" : pair.substr(equals + 1);
    at = end;
  }
  return query;
}

inline int64_t IntOr(const std::map<std::string, std::string>& query, const std::string& name,
                     int64_t fallback) {
  const auto it = query.find(name);
  return it == query.end() ? fallback : std::stoll(it->second);
}

/// `{"items":[{"id":first},...]<more>}`, ids first to last - 1.
inline std::string Items(int64_t first, int64_t last, const std::string& more = "") {
  std::string body = "{\"items\":[";
  for (int64_t id = first; id < last; ++id) body += fmt::format("{}{{\"id\":{}}}", id > first ? "," : "", id);
  return body + "]" + more + "}";
}

/// The ids of a page's records.
inline std::vector<int64_t> IdsOf(const Page& page) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(page.body);
  simdjson::dom::element root;
  EXPECT_EQ(parser.parse(text).get(root), simdjson::SUCCESS) << page.body;
  simdjson::dom::array records;
  EXPECT_EQ((page.is_slice ? root.get(records) : root["items"].get(records)), simdjson::SUCCESS) << page.body;
  std::vector<int64_t> ids;
  for (const auto record : records) ids.push_back(int64_t(record["id"].get_int64().value_unsafe()));
  return ids;
}

class RestSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, testing::ScriptedServer::Start());
    client_spec_.base_url = server_->url();
    resource_.name = "items";
    resource_.endpoint.path = "/items";
    resource_.endpoint.data_selector = "items";
    options_.retry.policy.base = Millis(0);
    options_.retry.policy.max_retries = 2;
  }

  /// Make client and source for `paginator`. REQUIRES: SetUp's fields are as the test wants them.
  void Make(const std::string& paginator, const NamedOptions& given) {
    for (const auto& kind : AllPaginators()) {
      if (kind.spec.name == paginator)
        resource_.endpoint.paginator = {paginator, WithDefaults(kind.spec, given)};
    }
    source_.reset();
    http::ClientOptions client_options;
    client_options.concurrency = client_spec_.concurrency;
    client_options.classify = classify_;
    client_options.retry = options_.retry.policy;
    client_options.retry_budget = options_.retry.budget;
    client_options.allowed_origins = client_spec_.allowed_origins;
    ASSERT_OK_AND_ASSIGN(client_, http::Client::Make(client_options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(source_, MakeRestSource(client_spec_, resource_, AllPaginators(), *client_, clock_,
                                                 random_, options_));
  }

  /// Serve ids 0..rows() - 1 by page number, with totals, after `delay` of the page's number.
  void ServeNumbered(std::function<int64_t()> rows, std::function<Millis(int64_t)> delay = nullptr) {
    server_->OnCall("GET", "/items", [rows, delay](const testing::ReceivedRequest& request) {
      const auto query = Query(request.target);
      const int64_t page = IntOr(query, "page", 1), size = IntOr(query, "size", 10), total = rows();
      const int64_t first = std::min((page - 1) * size, total);
      auto answer = testing::ScriptedAnswer::Json(
          Items(first, std::min(first + size, total),
                fmt::format(",\"total\":{},\"pages\":{}", total, (total + size - 1) / size)));
      if (delay) answer.delay = delay(page);
      return answer;
    });
  }

  /// A whole scan's ids in order.
  Result<std::vector<int64_t>> ScanIds(const ScanOptions& options = {}) {
    ARROW_RETURN_NOT_OK(source_->Start(options));
    std::vector<int64_t> ids;
    pages_.clear();
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto page, source_->Next());
      if (!page.has_value()) return ids;
      for (const int64_t id : IdsOf(*page)) ids.push_back(id);
      page->body.clear();
      pages_.push_back(*std::move(page));
    }
  }

  static std::vector<int64_t> Range(int64_t count) {
    std::vector<int64_t> ids(static_cast<size_t>(count));
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
    return ids;
  }

  StopSource stop_;  ///< outlives the client
  std::unique_ptr<testing::ScriptedServer> server_;
  testing::FakeClock clock_;
  testing::SeededRandom random_{1};
  config::ClientSpec client_spec_;
  config::ResourceSpec resource_;
  RestSourceOptions options_;
  http::Classifier classify_;  ///< of the client; empty = by status
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Source> source_;  ///< destroyed before its client
  std::vector<Page> pages_;         ///< of the last scan, without bodies
};

}  // namespace ingesta::source
