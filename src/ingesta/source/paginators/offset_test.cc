#include "ingesta/source/paginators/offset.h"

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

using std::string;

TEST(Offset, AsksByOffsetAndLimit) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {}));
  EXPECT_EQ(Show(paginator->First()), "offset=0&limit=100");
  EXPECT_EQ(Show(paginator->Smallest()), "offset=0&limit=1");
  ASSERT_OK_AND_ASSIGN(auto second, MakeForTest(OffsetPaginator(), {}, 2));
  EXPECT_EQ(Show(second->First()), "offset=0&limit=137");
}

TEST(Offset, KnowsThePagesFromTheTotal) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {{"total_path", string("total")}}));
  ASSERT_OK_AND_ASSIGN(const auto pages,
                       paginator->KnownPages(PageForTest{.records = 100, .facts = {.total = 250}}.Seen()));
  EXPECT_EQ(pages, 3);
  ASSERT_OK_AND_ASSIGN(const PageRequest third, paginator->At(2));
  EXPECT_EQ(Show(third), "offset=200&limit=100");
}

TEST(Offset, StepsOverNoRowsWhereTheServiceCapsTheLimit) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {{"page_size", int64_t{1000}}}));
  ASSERT_OK_AND_ASSIGN(const auto pages,
                       paginator->KnownPages(PageForTest{.records = 50, .facts = {.total = 120}}.Seen()));
  EXPECT_EQ(pages, 3);
  ASSERT_OK_AND_ASSIGN(const PageRequest third, paginator->At(2));
  EXPECT_EQ(Show(third), "offset=100&limit=50");
  // The last page is short by nature and says nothing of a cap.
  ASSERT_OK_AND_ASSIGN(
      const auto later,
      paginator->KnownPages(PageForTest{.index = 2, .records = 20, .facts = {.total = 170}}.Seen()));
  EXPECT_EQ(later, 4);
}

TEST(Offset, WalksByWhatCameUntilAnEmptyPage) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {}));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 100}), "offset=100&limit=100");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 40}), "offset=140&limit=100");
  EXPECT_EQ(After(*paginator, {.index = 2, .records = 0}), "end");
}

TEST(Offset, MaximumPageIsAnError) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {{"maximum_page", int64_t{2}}}));
  EXPECT_OK(paginator->KnownPages(PageForTest{.records = 100, .facts = {.total = 200}}.Seen()).status());
  EXPECT_ERROR_CODE(ErrorCode::kPagination,
                    paginator->KnownPages(PageForTest{.records = 100, .facts = {.total = 201}}.Seen()));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 100}), "offset=100&limit=100");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 100}), "pagination");
}

TEST(Offset, RefusesOptionsThatSayNoEnd) {
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MakeForTest(OffsetPaginator(), {{"stop_after_empty_page", false}}));
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(OffsetPaginator(), {{"stop_after_empty_page", false},
                                                                       {"total_path", string("n")}}));
  EXPECT_ERROR_CODE(ErrorCode::kPagination, paginator->KnownPages(PageForTest{.records = 5}.Seen()));
}

}  // namespace
}  // namespace ingesta::source
