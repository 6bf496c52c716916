#include "ingesta/source/page_probe.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

TEST(PageProbe, FindsFactsAndCountsRecords) {
  const FactPaths paths{.total = "meta.total", .total_pages = "meta.pages", .next = "links.next"};
  struct Case {
    std::string body;
    int64_t records;
    std::optional<int64_t> total, pages;
    std::optional<std::string> next;
  };
  const std::vector<Case> cases = {
      {R"({"meta":{"total":20,"pages":2},"data":{"items":[{"a":[1,2]},{}]},"links":{"next":"\/p?x=\u0032"}})",
       2, 20, 2, "/p?x=2"},
      {R"({"data":{"items":[]},"links":{"next":null}})", 0, {}, {}, {}},
      {R"({"links":{"next":""},"meta":{"total":"7","pages":3.0},"data":{"x":[1],"items":[1,[2],"3"]}})",
       3,
       7,
       3,
       {}},
      {R"({"links":{"next":12345678901234567890},"meta":{"total":null},"data":{"items":[0]}})",
       1,
       {},
       {},
       "12345678901234567890"},
      {R"({"links":{"next":false},"meta":null,"data":{"items":[1,2],"items":[1]}})", 1, {}, {}, {}},
      {R"({"data":{"it\u0065ms":[1]},"meta":{"total":1e3}})", 1, 1000, {}, {}},
  };
  for (const Case& c : cases) {
    ASSERT_OK_AND_ASSIGN(const PageProbe probe, ProbePage(c.body, "data.items", paths));
    EXPECT_EQ(probe.records, c.records) << c.body;
    EXPECT_EQ(probe.facts.total, c.total) << c.body;
    EXPECT_EQ(probe.facts.total_pages, c.pages) << c.body;
    EXPECT_EQ(probe.facts.next, c.next) << c.body;
  }
  ASSERT_OK_AND_ASSIGN(const PageProbe root, ProbePage("[{},{}]", "", {}));
  EXPECT_EQ(root.records, 2);
}

TEST(PageProbe, RefusesWhatIsNoPage) {
  const FactPaths paths{.total = "total", .total_pages = "", .next = "next"};
  struct Case {
    std::string body, selector, message;
  };
  const std::vector<Case> cases = {
      {R"({"error":"x"})", "items", "`items` is absent"},
      {R"({"items":null})", "items", "`items` is no array"},
      {R"({"items":{"a":[]}})", "items", "`items` is no array"},
      {R"({"a":{"items":[]}})", "items", "`items` is absent"},
      {R"({"items":[]})", "", "(the body itself) is no array"},
      {R"([{"items":[]}])", "items", "`items` is absent"},
      {R"({"items":[],"total":"many"})", "items", "`total` should be a number"},
      {R"({"items":[],"total":-1})", "items", "`total` should be a number"},
      {R"({"items":[],"total":{"value":3}})", "items", "and is an object"},
      {R"({"items":[],"next":["x"]})", "items", "`next` should be a link or a cursor, and is an array"},
      {R"({"items":[1,2)", "items", "the body is cut"},
      {"<html>", "items", "not JSON"},
      {"", "items", "the body is empty"},
      {R"({"items":[{"id":1,"x": ]{"timestamp":1,"status":200}})", "items", "not JSON"},
  };
  for (const Case& c : cases) {
    const Status status = ProbePage(c.body, c.selector, paths).status();
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
    EXPECT_TRUE(IsRetryable(status)) << c.body;
    EXPECT_THAT(status.message(), ::testing::HasSubstr(c.message)) << c.body;
  }
}

TEST(PageProbe, ShowsTheFirstBytesOnOneLine) {
  EXPECT_EQ(ShowBody(" \n<html>\n<b>"), "HTML or XML that begins with: <html> <b>");
  EXPECT_EQ(ShowBody("  "), "the body is empty");
  EXPECT_EQ(ShowBody("{}"), "the body begins with: {}");
  std::string text(159, 'x');
  text += "\xc3\xa9\xc3\xa9";
  EXPECT_EQ(ShowBody(text), "the body begins with: " + std::string(159, 'x') + "...");
}

TEST(PageProbe, CheckRecordWantsOneObject) {
  EXPECT_OK(CheckRecord(R"({"id":1,"a":[1]})"));
  for (const char* body : {"[1]", "1", "", "{\"id\":1", "{}{}"})
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, CheckRecord(body));
}

}  // namespace
}  // namespace ingesta::source
