#include "ingesta/source/paginators/cursor.h"

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

using std::string;

TEST(Cursor, SendsTheCursorThatThePageGave) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(CursorPaginator(), {{"cursor_path", string("meta.next")},
                                                                       {"cursor_param", string("after")},
                                                                       {"page_size", int64_t{50}},
                                                                       {"page_size_param", string("n")}}));
  EXPECT_EQ(paginator->fact_paths().next, "meta.next");
  EXPECT_EQ(Show(paginator->First()), "n=50");
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 50, .facts = {.next = "a=="}}), "n=50&after=a==");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 0, .facts = {.next = "b"}}), "n=50&after=b");
  EXPECT_EQ(After(*paginator, {.index = 2, .records = 9}), "end");
}

TEST(Cursor, ARepeatedCursorIsAnErrorThatNamesIt) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(CursorPaginator(), {{"cursor_path", string("next")}}));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 1, .facts = {.next = "a"}}), "cursor=a");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 1, .facts = {.next = "b"}}), "cursor=b");
  const auto next = paginator->After(PageForTest{.index = 2, .records = 1, .facts = {.next = "a"}}.Seen());
  EXPECT_ERROR_CODE(ErrorCode::kPagination, next);
  EXPECT_THAT(next.status().message(), ::testing::HasSubstr("next link repeats: cursor=a"));
}

TEST(Cursor, StopsAtAnEmptyPageWhereAsked) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(CursorPaginator(), {{"cursor_path", string("next")},
                                                                       {"stop_after_empty_page", true}}));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 1, .facts = {.next = "a"}}), "cursor=a");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 0, .facts = {.next = "a"}}), "end");
}

TEST(Cursor, MaximumPageAndMissingPathAreErrors) {
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeForTest(CursorPaginator(), {}));
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(CursorPaginator(), {{"cursor_path", string("next")},
                                                                       {"maximum_page", int64_t{2}}}));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 1, .facts = {.next = "a"}}), "cursor=a");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 1, .facts = {.next = "b"}}), "pagination");
}

}  // namespace
}  // namespace ingesta::source
