// Walks over paged services through the source: order, window, ends of all kinds, growth, links.
#include "ingesta/source/paged_scan.h"

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

class PagedScanTest : public RestSourceTest {};

TEST_F(PagedScanTest, HandsPagesOnInOrderWhateverTheConcurrency) {
  ServeNumbered([] { return 405; }, [](int64_t page) { return Millis(page * 7 % 11); });
  for (const int concurrency : {1, 16}) {
    client_spec_.concurrency = concurrency;
    Make("page_number", kNumbered);
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
    EXPECT_EQ(ids, Range(405)) << concurrency;
    ASSERT_EQ(pages_.size(), 41U);
    for (size_t i = 0; i < pages_.size(); ++i) EXPECT_EQ(pages_[i].index, static_cast<int64_t>(i));
    EXPECT_EQ(source_->stats().pages, 41);
    EXPECT_EQ(source_->stats().requests, 41);
    EXPECT_EQ(source_->stats().retries, 0);
    EXPECT_GT(source_->stats().wire_bytes, 405 * 9);
  }
  EXPECT_GT(server_->max_in_flight(), 4);
  EXPECT_LE(server_->max_in_flight(), 16);
  EXPECT_EQ(pages_[1].url, server_->url() + "/items?page=2&size=10");
}

TEST_F(PagedScanTest, FetchesNoFurtherAheadThanTheWindow) {
  ServeNumbered([] { return 1000; });
  client_spec_.concurrency = 4;
  Make("page_number", kNumbered);
  ASSERT_OK(source_->Start({}));
  ASSERT_OK(source_->Next().status());
  EXPECT_EQ(source_->ExpectedPages(), 100);
  ASSERT_OK(source_->Next().status());
  ASSERT_OK(source_->Start({}));  // drops what is in flight
  EXPECT_LE(server_->Count(), 2 + 2 * 4);
}

TEST_F(PagedScanTest, BuffersNoMoreBytesThanAllowed) {
  ServeNumbered([] { return 100; });
  options_.buffer_bytes = 1;  // less than a page: one at a time
  Make("page_number", kNumbered);
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(100));
  EXPECT_EQ(server_->max_in_flight(), 1);
}

TEST_F(PagedScanTest, MaxPagesEndsTheScanEarly) {
  ServeNumbered([] { return 95; });
  Make("page_number", kNumbered);
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds({.pass = 1, .max_pages = 3}));
  EXPECT_EQ(ids, Range(30));
  EXPECT_EQ(server_->Count(), 3);
}

TEST_F(PagedScanTest, FollowsASourceThatGrowsDuringTheScan) {
  std::atomic<int64_t> rows{40};
  std::atomic<int> asked{0};
  ServeNumbered([&] { return ++asked < 4 ? rows.load() : 73; });
  client_spec_.concurrency = 2;
  Make("page_number", kNumbered);
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(73));
}

TEST_F(PagedScanTest, LooksBeyondAFullLastPageAndTakes404ForTheEnd) {
  // Growth that no total speaks of: pages says 3, and there are 5.
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    if (page > 5) return ScriptedAnswer::Status(404, "no such page");
    return ScriptedAnswer::Json(Items((page - 1) * 10, page * 10, ",\"pages\":3"));
  });
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(50));
}

TEST_F(PagedScanTest, APageCountThatAlwaysRunsAheadEndsWithAnEmptyPage) {
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    return ScriptedAnswer::Json(Items(std::min((page - 1) * 10, int64_t{35}),
                                      std::min(page * 10, int64_t{35}),
                                      fmt::format(",\"pages\":{}", page + 1)));
  });
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(35));
}

TEST_F(PagedScanTest, AnEmptyPageInTheMiddleIsNoEnd) {
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    return ScriptedAnswer::Json(page == 2 ? Items(0, 0, ",\"pages\":4")
                                          : Items(page, page + (page > 4 ? 0 : 1), ",\"pages\":4"));
  });
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, (std::vector<int64_t>{1, 3, 4}));
}

TEST_F(PagedScanTest, AServiceStuckAtItsLastPageDoesNotKeepUs) {
  // Every number beyond the last page gives the last page again.
  const auto stuck = [](const string& more) {
    return [more](const ReceivedRequest& request) {
      const int64_t page = std::min(IntOr(Query(request.target), "page", 1), int64_t{3});
      return ScriptedAnswer::Json(Items((page - 1) * 10, page * 10, more));
    };
  };
  server_->OnCall("GET", "/items", stuck(",\"pages\":3"));
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(30));
  server_->OnCall("GET", "/items", stuck(""));
  Make("page_number", {{"page_size", int64_t{10}}});
  const auto endless = ScanIds();
  EXPECT_ERROR_CODE(ErrorCode::kPagination, endless);
  EXPECT_THAT(endless.status().message(), ::testing::HasSubstr("the same records"));
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    return ScriptedAnswer::Json(Items(page * 10, page * 10 + 10, ",\"pages\":3"));
  });
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  EXPECT_ERROR_CODE(ErrorCode::kPagination, ScanIds());
}

TEST_F(PagedScanTest, AnIgnoredAnswerIsAnEmptyPage) {
  classify_ = [](const http::Response& response) {
    return response.status == 409 ? http::Verdict::kIgnore : http::ClassifyByStatus(response);
  };
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    if (page == 2 || page == 4) return ScriptedAnswer::Status(409, "{\"error\":\"locked\"}");
    return ScriptedAnswer::Json(Items(page, page + 1, ",\"pages\":4"));
  });
  Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(pages_.size(), 4U);
  server_->On("GET", "/items", ScriptedAnswer::Status(409, "locked"));
  Make("single_page", {});
  ASSERT_OK_AND_ASSIGN(const auto none, ScanIds());
  EXPECT_TRUE(none.empty());
}

TEST_F(PagedScanTest, A404WhereThePagesShrankIsTheEndAndElsewhereAnError) {
  for (const bool shrinks : {true, false}) {
    server_->OnCall(
        "GET", "/items",
        [shrinks, seen = std::make_shared<std::atomic<int>>(0)](const ReceivedRequest& request) {
          const int64_t page = IntOr(Query(request.target), "page", 1);
          if (page == 3) return ScriptedAnswer::Status(404, "no such page");
          const int pages = page == 1 && ++*seen > 1 && shrinks ? 2 : 3;
          return ScriptedAnswer::Json(Items((page - 1) * 10, page * 10, fmt::format(",\"pages\":{}", pages)));
        });
    Make("page_number", {{"page_size", int64_t{10}}, {"total_pages_path", string("pages")}});
    const auto ids = ScanIds();
    if (shrinks) {
      ASSERT_OK(ids.status());
      EXPECT_EQ(*ids, Range(20));
    } else {
      EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, ids);
    }
  }
}

TEST_F(PagedScanTest, MaximumPageEndsWithAnErrorNotSilently) {
  ServeNumbered([] { return 95; });
  NamedOptions options = kNumbered;
  options.emplace_back("maximum_page", int64_t{9});
  Make("page_number", options);
  const auto ids = ScanIds();
  EXPECT_ERROR_CODE(ErrorCode::kPagination, ids);
  EXPECT_EQ(DetailOf(ids.status())->fields().stage, Stage::kSource);
  options.back().second = int64_t{10};
  Make("page_number", options);
  ASSERT_OK(ScanIds().status());
}

TEST_F(PagedScanTest, AFullLastPageAtMaximumPageIsNoError) {
  ServeNumbered([] { return 30; });
  NamedOptions options = kNumbered;
  options.emplace_back("maximum_page", int64_t{3});
  Make("page_number", options);
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(30));
}

TEST_F(PagedScanTest, OffsetWalksInParallelByTheTotal) {
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const auto query = Query(request.target);
    const int64_t first = IntOr(query, "offset", 0),
                  last = std::min({first + IntOr(query, "limit", 0), first + 20, int64_t{90}});
    auto answer = ScriptedAnswer::Json(Items(std::min(first, last), last, ",\"total\":90"));
    answer.delay = Millis(first % 7);
    return answer;
  });
  Make("offset", {{"total_path", string("total")}});  // asks for 100, gets 20 at most
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(90));
}

TEST_F(PagedScanTest, WalksByCursorUntilNoneComes) {
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t at = IntOr(Query(request.target), "cursor", 0);
    return ScriptedAnswer::Json(
        Items(at, at + 5, at < 20 ? fmt::format(",\"next\":{}", at + 5) : ",\"next\":null"));
  });
  Make("cursor", {{"cursor_path", string("next")}});
  ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
  EXPECT_EQ(ids, Range(25));
  EXPECT_EQ(server_->Count(), 5);
}

TEST_F(PagedScanTest, FollowsLinksOfTheSameOriginOnly) {
  for (const string kind : {"json_link", "header_link"}) {
    ASSERT_OK_AND_ASSIGN(auto other, testing::ScriptedServer::Start());
    other->On("GET", "/items", ScriptedAnswer::Json(Items(1, 2)));
    const auto answer = [&](const string& next) {
      auto page =
          ScriptedAnswer::Json(Items(0, 1, ",\"next\":\"" + (kind == "json_link" ? next : "") + "\""));
      if (kind == "header_link") page.headers.emplace_back("Link", "<" + next + ">; rel=\"next\"");
      return page;
    };
    client_spec_.headers = {{"X-Api-Key", "k3y"}};
    client_spec_.allowed_origins.clear();
    server_->On("GET", "/items", answer(other->url() + "/items?token=s3cret"));
    Make(kind, {});
    const auto refused = ScanIds();
    EXPECT_ERROR_CODE(ErrorCode::kPagination, refused);
    EXPECT_THAT(refused.status().message(), ::testing::HasSubstr(other->url()));
    EXPECT_THAT(refused.status().message(), ::testing::Not(::testing::HasSubstr("s3cret")));
    EXPECT_EQ(other->Count(), 0);
    // Where it is allowed, the pipeline's headers stay home.
    client_spec_.allowed_origins = {other->url()};
    Make(kind, {});
    ASSERT_OK_AND_ASSIGN(const auto ids, ScanIds());
    EXPECT_EQ(ids, Range(2));
    EXPECT_FALSE(other->requests().at(0).HasHeader("X-Api-Key"));
    EXPECT_EQ(server_->requests().back().Header("x-api-key"), "k3y");
    // Relative links, and a loop.
    server_->On("GET", "/items", answer("?page=2"));
    Make(kind, {});
    const auto loop = ScanIds();
    EXPECT_ERROR_CODE(ErrorCode::kPagination, loop);
    EXPECT_THAT(loop.status().message(),
                ::testing::HasSubstr("next link repeats: " + server_->url() + "/items?page=2"));
  }
}

TEST_F(PagedScanTest, AFailingPageEndsTheScanWithItsError) {
  server_->OnCall("GET", "/items", [](const ReceivedRequest& request) {
    const int64_t page = IntOr(Query(request.target), "page", 1);
    if (page == 3) return ScriptedAnswer::Status(500, "boom");
    return ScriptedAnswer::Json(Items(page, page + 1, ",\"pages\":5"));
  });
  Make("page_number", {{"total_pages_path", string("pages")}});
  const auto ids = ScanIds();
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, ids);
  EXPECT_EQ(pages_.size(), 2U);
  ASSERT_OK_AND_ASSIGN(const auto after, source_->Next());
  EXPECT_FALSE(after.has_value());
}

}  // namespace
}  // namespace ingesta::source
