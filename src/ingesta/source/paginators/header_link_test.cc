#include "ingesta/source/paginators/header_link.h"

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

TEST(FindLink, ParsesRfc8288) {
  struct Case {
    const char* value;
    std::optional<std::string> next;
  };
  const std::vector<Case> cases = {
      {"", {}},
      {"</p?page=2>; rel=\"next\"", "/p?page=2"},
      {"</p>;rel=next", "/p"},
      {"</p> ; REL = \"prev NEXT\"", "/p"},
      {"</1>; rel=\"first\", </2>; rel=\"next\", </9>; rel=\"last\"", "/2"},
      {"</a,b;c>; title=\"x, </no>; rel=next\"; rel=next", "/a,b;c"},
      {"</p>; title=\"a \\\"quoted\\\", one\"; rel=\"next\"", "/p"},
      {"</p>; rel=prev; rel=next", {}},                             // the first rel counts
      {"</p>; rel=next; anchor=\"/other\", </q>; rel=next", "/q"},  // another context's link
      {"</p>; rel=\"nextpage next-archive\"", {}},
      {"</p>; crossorigin; rel=next", "/p"},
      {", ,</p>; rel=next", "/p"},
      {"<>; rel=next", ""},
      {"</p; rel=next", {}},
      {"/p; rel=next", {}},
      {"</p>; rel=\"next", "/p"},
      {"</p>", {}},
      {"</p>; =; rel=next", "/p"},
  };
  for (const Case& c : cases) EXPECT_EQ(FindLink(c.value, "next"), c.next) << c.value;
}

TEST(HeaderLink, FollowsTheNextLinkOfAnyLinkHeader) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(HeaderLinkPaginator(), {}));
  const PageForTest page{.index = 0,
                         .headers = {{"LINK", "</first>; rel=first"}, {"link", "<?page=2>; rel=next"}},
                         .url = "http://svc:80/items?page=1"};
  EXPECT_EQ(After(*paginator, page), "http://svc:80/items?page=2");
  EXPECT_EQ(After(*paginator, {.index = 1, .headers = {{"Link", "<?page=1>; rel=prev"}}}), "end");
}

TEST(HeaderLink, ALinkThatRepeatsIsAnError) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(HeaderLinkPaginator(), {}));
  const PageForTest page{
      .index = 0, .headers = {{"Link", "</items>; rel=next"}}, .url = "http://svc:80/items"};
  EXPECT_EQ(After(*paginator, page), "pagination");
}

}  // namespace
}  // namespace ingesta::source
