// The source over its whole interface: passes, combinations, totals, records, refetching.
#include "ingesta/source/rest_source.h"

#include "ingesta/source/rest_source_test_fixture.h"

namespace ingesta::source {
namespace {

using std::string;
using testing::ReceivedRequest;
using testing::ScriptedAnswer;

const NamedOptions kNumbered{{"page_size", int64_t{10}},
                             {"page_size_param", string("size")},
                             {"total_path", string("total")},
                             {"total_pages_path", string("pages")}};

TEST_F(RestSourceTest, LaterPassesAskForOtherBoundaries) {
  ServeNumbered([] { return 95; });
  Make("page_number", kNumbered);
  const std::vector<string> sizes{"10", "17", "13"};
  for (int pass = 1; pass <= 3; ++pass) {
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds({.pass = pass, .max_pages = 0}));
    EXPECT_EQ(ids, Range(95)) << pass;
    EXPECT_EQ(Query(server_->requests().back().target)["size"], std::to_string(PassPageSize(10, pass)));
  }
}

TEST_F(RestSourceTest, ListsOfValuesAreScannedOneAfterTheOther) {
  resource_.endpoint.params = {{"estado", {"a b", "c"}}, {"page", {"7"}}, {"x", {"1"}}};
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    auto query = Query(request.target);
    const int64_t base = query["estado"] == "a%20b" ? 0 : 100, page = IntOr(query, "page", 1);
    const int64_t total = base == 0 ? 2 : 1;
    return ScriptedAnswer::Json(page <= total
                                    ? Items(base + page, base + page + 1, fmt::format(",\"total\":{}", total))
                                    : Items(0, 0, fmt::format(",\"total\":{}", total)));
  });
  Make("page_number",
       {{"page_size", int64_t{1}}, {"page_size_param", string("size")}, {"total_path", string("total")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, (std::vector<int64_t>{1, 2, 101}));
  EXPECT_EQ(pages_.back().index, 2);
  EXPECT_EQ(server_->requests().at(0).target, "/items?estado=a%20b&page=1&x=1&size=1");
  ASSERT_OK_AND_ASSIGN(const auto total, source_->AskTotal());
  EXPECT_EQ(total, 3);
  ASSERT_OK_AND_ASSIGN(const auto limited, ScanIds({.pass = 1, .max_pages = 2}));
  EXPECT_EQ(limited, (std::vector<int64_t>{1, 2}));
}

TEST_F(RestSourceTest, AsksForTheTotalByTheSmallestPage) {
  ServeNumbered([] { return 95; });
  Make("page_number", kNumbered);
  ASSERT_OK_AND_ASSIGN(const auto total, source_->AskTotal());
  EXPECT_EQ(total, 95);
  EXPECT_EQ(server_->requests().at(0).target, "/items?page=1&size=1");
  Make("page_number", {{"page_size", int64_t{10}}});
  ASSERT_OK_AND_ASSIGN(const auto none, source_->AskTotal());
  EXPECT_EQ(none, std::nullopt);
  EXPECT_EQ(server_->Count(), 1);  // no path, no request
  resource_.completeness.total_path = "total";
  Make("page_number", {{"page_size", int64_t{10}}});
  ASSERT_OK_AND_ASSIGN(const auto named, source_->AskTotal());
  EXPECT_EQ(named, 95);
}

TEST_F(RestSourceTest, FetchesOneRecordByItsKey) {
  resource_.endpoint.record_path = "/items/{id}";
  server_->On("GET", "/items/a%2Fb%20c", ScriptedAnswer::Json(R"({"id":5})"));
  server_->On("GET", "/items/gone", ScriptedAnswer::Status(404, "<html>"));
  server_->On("GET", "/items/cut", {ScriptedAnswer::Json("{\"id\":"), ScriptedAnswer::Json("{\"id\":6}")});
  server_->On("GET", "/items/ill", ScriptedAnswer::Status(403, "no"));
  Make("page_number", kNumbered);
  ASSERT_TRUE(source_->CanFetchRecord());
  ASSERT_OK_AND_ASSIGN(const auto found, source_->FetchRecord("a/b c"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->body, R"({"id":5})");
  ASSERT_OK_AND_ASSIGN(const auto gone, source_->FetchRecord("gone"));
  EXPECT_FALSE(gone.has_value());
  ASSERT_OK_AND_ASSIGN(const auto healed, source_->FetchRecord("cut"));
  EXPECT_EQ(healed->attempts, 2);
  EXPECT_FALSE(source_->FetchRecord("ill").ok());
}

TEST_F(RestSourceTest, AMalformedFirstPageIsAskedForAgain) {
  const string whole = Items(0, 3);
  for (const string& broken :
       {string("<html><h1>Proxy error</h1>"), whole.substr(0, 20), string("{\"items\":null}"), string()}) {
    server_->On(
        "GET", "/items",
        {ScriptedAnswer::Json(broken), ScriptedAnswer::Json(whole), ScriptedAnswer::Json(Items(0, 0))});
    Make("page_number", {});
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
    EXPECT_EQ(ids, Range(3)) << broken;
    EXPECT_EQ(pages_.at(0).attempts, 2);
    EXPECT_EQ(source_->stats().retries, 1);
    EXPECT_EQ(source_->stats().requests, 3);
  }
}

TEST_F(RestSourceTest, APageThatStaysMalformedIsAnErrorThatShowsItsFirstBytes) {
  server_->On("GET", "/items", ScriptedAnswer::Json("<html>\n<h1>Login</h1>"));
  Make("page_number", {});
  const Status status = ScanIds().status();
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("GET " + server_->url() + "/items?page=1"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("begins with: <html> <h1>Login</h1>"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("after 3 tries"));
  EXPECT_FALSE(HintOf(status).empty());
  EXPECT_EQ(server_->Count(), 3);
}

TEST_F(RestSourceTest, TheRunsRetryBudgetIsShared) {
  options_.retry.budget = std::make_shared<http::RetryBudget>(0);
  server_->On("GET", "/items", ScriptedAnswer::Json("[]"));
  Make("page_number", {});
  EXPECT_ERROR_CODE(ErrorCode::kRetryBudgetSpent, ScanIds());
  EXPECT_EQ(server_->Count(), 2);  // the first retry of each page is free
}

TEST_F(RestSourceTest, RefetchAsksForTheSamePageAgainUntilItsTriesAreUsedUp) {
  ServeNumbered([] { return 95; });
  Make("page_number", kNumbered);
  ASSERT_OK(ScanIds().status());
  const Status cause =
      MakeError({.code = ErrorCode::kMalformedBody, .stage = {}, .retryable = true}, "bad record");
  const int before = server_->Count();
  ASSERT_OK_AND_ASSIGN(const Page once, source_->Refetch(pages_.at(4), cause));
  EXPECT_EQ(IdsOf(once).front(), 40);
  EXPECT_EQ(once.index, 4);
  EXPECT_EQ(once.attempts, 2);
  ASSERT_OK_AND_ASSIGN(const Page twice, source_->Refetch(once, cause));
  EXPECT_EQ(twice.attempts, 3);
  const auto third = source_->Refetch(twice, cause);
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, third);
  EXPECT_THAT(third.status().message(), ::testing::HasSubstr("bad record (after 3 tries)"));
  EXPECT_EQ(server_->Count(), before + 2);
  EXPECT_EQ(source_->stats().retries, 2);
  const Status final_cause = MakeError(ErrorCode::kBodyTooLarge, "huge");
  EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, source_->Refetch(pages_.at(5), final_cause));
}

TEST_F(RestSourceTest, AStopEndsAWaitBetweenTries) {
  options_.retry.stop = &stop_;
  options_.retry.on_retry = [&](const string&, int, Millis, const Status&) { stop_.RequestStop("SIGTERM"); };
  options_.retry.policy.base = Millis(30'000);
  options_.retry.policy.constant = true;
  server_->On("GET", "/items", ScriptedAnswer::Json("{}"));
  Make("page_number", {});
  const MonotonicTime begin = clock_.Monotonic();
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, ScanIds());
  EXPECT_LE(clock_.Monotonic() - begin, std::chrono::seconds(1));
}

TEST_F(RestSourceTest, SendsTheEndpointsMethodHeadersAndBody) {
  client_spec_.headers = {{"X-A", "1"}, {"X-B", "2"}};
  resource_.endpoint.headers = {{"x-b", "3"}};
  resource_.endpoint.method = "POST";
  resource_.endpoint.json = R"({"q":1})";
  server_->On("POST", "/items", {ScriptedAnswer::Status(503), ScriptedAnswer::Json(Items(0, 0))});
  Make("page_number", {});
  ASSERT_OK(ScanIds().status());
  const ReceivedRequest request = server_->requests().back();
  EXPECT_EQ(request.body, R"({"q":1})");
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(request.Header("X-A"), "1");
  EXPECT_EQ(request.Header("X-B"), "3");
  EXPECT_EQ(server_->Count(), 2);
}

TEST_F(RestSourceTest, RefusesAnUnknownPaginatorAndNamesTheValidOnes) {
  Make("page_number", {});
  resource_.endpoint.paginator.type = "pages";
  const auto made = MakeRestSource(client_spec_, resource_, AllPaginators(), *client_, clock_, random_);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, made);
  EXPECT_THAT(HintOf(made.status()),
              ::testing::HasSubstr("page_number, offset, cursor, json_link, header_link, single_page"));
  client_spec_.base_url = "svc:80";
  resource_.endpoint.paginator.type = "single_page";
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MakeRestSource(client_spec_, resource_, AllPaginators(), *client_, clock_, random_));
}

}  // namespace
}  // namespace ingesta::source
