#include "ingesta/source/paginators/page_number.h"

#include <numeric>

#include "ingesta/source/source_test_support.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

using std::string;

TEST(PageNumber, AsksByNumberAndSize) {
  ASSERT_OK_AND_ASSIGN(auto plain, MakeForTest(PageNumberPaginator(), {}));
  EXPECT_EQ(Show(plain->First()), "page=1");
  ASSERT_OK_AND_ASSIGN(auto sized, MakeForTest(PageNumberPaginator(), {{"base_page", int64_t{0}},
                                                                       {"page_param", string("p")},
                                                                       {"page_size", int64_t{500}},
                                                                       {"page_size_param", string("size")}}));
  EXPECT_EQ(Show(sized->First()), "p=0&size=500");
  EXPECT_EQ(Show(sized->Smallest()), "p=0&size=1");
  EXPECT_EQ(sized->page_size(), 500);
}

TEST(PageNumber, KnowsThePagesFromWhatTheFirstSays) {
  struct Case {
    NamedOptions options;
    PageForTest first;
    std::optional<int64_t> pages;
  };
  const NamedOptions size{{"page_size", int64_t{100}}, {"page_size_param", string("per_page")}};
  const std::vector<Case> cases = {
      {size, {.records = 100}, {}},
      {size, {.records = 100, .facts = {.total_pages = 7}}, 7},
      {size, {.records = 0, .facts = {.total_pages = 0}}, 1},
      {size, {.records = 100, .facts = {.total = 201}}, 3},
      {size, {.records = 100, .facts = {.total = 200}}, 2},
      {size, {.records = 0, .facts = {.total = 0}}, 1},
      {size, {.records = 100, .facts = {.total = 250, .total_pages = 9}}, 9},
      {size, {.records = 40, .facts = {.total = 200}}, 5},  // the service caps the size
      {size, {.records = 40, .facts = {.total = 40}}, 1},
      {{}, {.records = 30, .facts = {.total = 90}}, 3},  // the service's own size
      {{}, {.records = 0, .facts = {.total = 90}}, {}},
  };
  for (const Case& c : cases) {
    ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(PageNumberPaginator(), c.options));
    ASSERT_OK_AND_ASSIGN(const auto pages, paginator->KnownPages(c.first.Seen()));
    EXPECT_EQ(pages, c.pages);
  }
}

TEST(PageNumber, WalksUntilAnEmptyPageWhereNothingIsKnown) {
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(PageNumberPaginator(), {{"page_size", int64_t{10}}}));
  EXPECT_EQ(After(*paginator, {.index = 0, .records = 10}), "page=2");
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 3}), "page=3");  // short, but no end
  EXPECT_EQ(After(*paginator, {.index = 2, .records = 0}), "end");
}

TEST(PageNumber, MaximumPageIsAnErrorOnlyWhereMoreWouldBeNeeded) {
  const NamedOptions options{{"maximum_page", int64_t{3}}};
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(PageNumberPaginator(), options));
  EXPECT_OK(paginator->KnownPages(PageForTest{.records = 1, .facts = {.total_pages = 3}}.Seen()).status());
  EXPECT_ERROR_CODE(ErrorCode::kPagination,
                    paginator->KnownPages(PageForTest{.records = 1, .facts = {.total_pages = 4}}.Seen()));
  EXPECT_EQ(After(*paginator, {.index = 1, .records = 5}), "page=3");
  EXPECT_EQ(After(*paginator, {.index = 2, .records = 5}), "pagination");
  EXPECT_EQ(After(*paginator, {.index = 2, .records = 0}), "end");
}

TEST(PageNumber, MaximumPageCoversTheSameRecordsInEveryPass) {
  const NamedOptions options{
      {"maximum_page", int64_t{10}}, {"page_size", int64_t{100}}, {"page_size_param", string("n")}};
  for (int pass = 1; pass <= 3; ++pass) {
    ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(PageNumberPaginator(), options, pass));
    EXPECT_OK(
        paginator->KnownPages(PageForTest{.records = paginator->page_size(), .facts = {.total = 1000}}.Seen())
            .status());
    EXPECT_ERROR_CODE(ErrorCode::kPagination,
                      paginator->KnownPages(
                          PageForTest{.records = paginator->page_size(), .facts = {.total = 1200}}.Seen()));
  }
}

TEST(PageNumber, RefusesOptionsThatContradict) {
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MakeForTest(PageNumberPaginator(), {{"stop_after_empty_page", false}}));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MakeForTest(PageNumberPaginator(), {{"page_size_param", string("size")}}));
  ASSERT_OK_AND_ASSIGN(auto paginator, MakeForTest(PageNumberPaginator(), {{"stop_after_empty_page", false},
                                                                           {"total_path", string("n")}}));
  EXPECT_ERROR_CODE(ErrorCode::kPagination, paginator->KnownPages(PageForTest{.records = 5}.Seen()));
}

TEST(PageNumber, PassesHaveBoundariesThatMeetOnlyAtTheSizesProduct) {
  for (const int64_t size : {2, 3, 10, 50, 99, 100, 128, 500, 1000, 100'000}) {
    const int64_t second = PassPageSize(size, 2), third = PassPageSize(size, 3);
    EXPECT_EQ(PassPageSize(size, 1), size);
    EXPECT_GT(second, size);
    EXPECT_EQ(std::gcd(size, second), 1) << size;
    EXPECT_EQ(std::gcd(size, third), 1) << size;
    EXPECT_EQ(std::gcd(second, third), 1) << size;
  }
  EXPECT_EQ(PassPageSize(500, 2), 667);
  ASSERT_OK_AND_ASSIGN(auto unsent, MakeForTest(PageNumberPaginator(), {{"page_size", int64_t{500}}}, 2));
  EXPECT_EQ(unsent->page_size(), 500);  // what is not sent can't be changed
}

TEST(Paginators, DescribeThemselvesInBothLanguages) {
  for (const PaginatorKind& kind : AllPaginators()) {
    EXPECT_FALSE(kind.spec.summary.empty() || kind.spec.summary_es.empty()) << kind.spec.name;
    for (const auto& option : kind.spec.options) {
      EXPECT_FALSE(option.summary.empty() || option.summary_es.empty())
          << kind.spec.name << "." << option.name;
      EXPECT_NE(option.summary.back(), '.') << option.name;
      EXPECT_FALSE(option.required && option.default_value.has_value()) << option.name;
    }
  }
}

}  // namespace
}  // namespace ingesta::source
