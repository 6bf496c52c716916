#include "ingesta/source/paginators/json_link.h"

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

using std::string;

TEST(JsonLink, FollowsLinksResolvedAgainstThePage) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(JsonLinkPaginator(), {}));
  EXPECT_EQ(paginator->fact_paths().next, "next");
  const string url = "http://svc:8080/api/items?page=1";
  EXPECT_EQ(After(*paginator, {.index = 0, .facts = {.next = "/api/items?page=2"}, .url = url}),
            "http://svc:8080/api/items?page=2");
  EXPECT_EQ(After(*paginator, {.index = 1, .facts = {.next = "?page=3"}, .url = url}),
            "http://svc:8080/api/items?page=3");
  EXPECT_EQ(After(*paginator, {.index = 2, .facts = {.next = "http://svc:8080/x"}, .url = url}),
            "http://svc:8080/x");
  EXPECT_EQ(After(*paginator, {.index = 3, .url = url}), "end");
}

TEST(JsonLink, ALinkThatRepeatsIsAnErrorThatNamesIt) {
  for (const char* loop : {"?page=1", "?page=2"}) {
    ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(JsonLinkPaginator(), {}));
    const string first = "http://svc:80/items?page=1";
    EXPECT_EQ(After(*paginator, {.index = 0, .facts = {.next = "?page=2"}, .url = first}),
              "http://svc:80/items?page=2");
    const auto next = paginator->After(PageForTest{.index = 1, .facts = {.next = loop}, .url = first}.Seen());
    EXPECT_ERROR_CODE(ErrorCode::kPagination, next);
    EXPECT_THAT(next.status().message(),
                ::testing::HasSubstr("next link repeats: http://svc:80/items" + string(loop)));
  }
}

TEST(JsonLink, SendsThePageSizeFirstAndStopsAtMaximumPage) {
  ASSERT_OK_AND_ASSIGN(auto paginator,
                       MakeForTest(JsonLinkPaginator(), {{"next_url_path", string("links.next")},
                                                         {"maximum_page", int64_t{1}},
                                                         {"page_size", int64_t{9}},
                                                         {"page_size_param", string("n")}}));
  EXPECT_EQ(Show(paginator->First()), "n=9");
  EXPECT_EQ(Show(paginator->Smallest()), "n=1");
  EXPECT_EQ(After(*paginator, {.index = 0, .facts = {.next = "?page=2"}}), "pagination");
}

}  // namespace
}  // namespace ingesta::source
