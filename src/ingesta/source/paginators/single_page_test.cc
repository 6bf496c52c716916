#include "ingesta/source/paginators/single_page.h"

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

TEST(SinglePage, AsksOnce) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(SinglePagePaginator(), {}));
  EXPECT_TRUE(paginator->unpaged());
  EXPECT_EQ(Show(paginator->First()), "");
  EXPECT_EQ(After(*paginator, {.records = 100, .facts = {.next = "x"}}), "end");
}

}  // namespace
}  // namespace ingesta::source
