#include "ingesta/source/array_splitter.h"

#include <simdjson.h>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

struct Split {
  std::vector<std::string> slices;
  int64_t records = 0;
};

/// Feed `text` in pieces whose sizes `next_size` gives.
template <typename NextSize>
Result<Split> SplitText(std::string_view text, const SplitterOptions& options, NextSize next_size) {
  Split split;
  ArraySplitter splitter(options, [&split](std::string slice) {
    split.slices.push_back(std::move(slice));
    return Status::OK();
  });
  while (!text.empty()) {
    // A copy of its own: the sanitizer sees any look beyond the piece.
    const std::string piece(text.substr(0, next_size()));
    text.remove_prefix(piece.size());
    ARROW_RETURN_NOT_OK(splitter.Feed(piece));
  }
  ARROW_RETURN_NOT_OK(splitter.Finish());
  split.records = splitter.records();
  return split;
}

Result<Split> SplitWhole(std::string_view text, const SplitterOptions& options) {
  return SplitText(text, options, [&] { return text.size(); });
}

SplitterOptions Small(std::string selector, size_t slice_bytes = 16) {
  return {.data_selector = std::move(selector), .slice_bytes = slice_bytes, .max_record_bytes = 1000};
}

TEST(ArraySplitter, CutsRecordsOutOfTheArray) {
  struct Case {
    std::string body, selector;
    size_t slice_bytes;
    std::vector<std::string> slices;
  };
  const std::vector<Case> cases = {
      {"[]", "", 16, {"[]"}},
      {" [ ] ", "", 16, {"[]"}},
      {R"([{"id":1}])", "", 1000, {R"([{"id":1}])"}},
      {R"( [ {"id": 1} , {"id":2} ] )", "", 1000, {R"([{"id": 1},{"id":2}])"}},
      {R"([{"id":1},{"id":2},{"id":3}])", "", 16, {R"([{"id":1},{"id":2}])", R"([{"id":3}])"}},
      {R"([{"id":1},{"id":2}])", "", 1, {R"([{"id":1}])", R"([{"id":2}])"}},
      {R"([1,"a,]",null,[2,{"x":"}"}],true])", "", 1000, {R"([1,"a,]",null,[2,{"x":"}"}],true])"}},
      {R"({"n":[9],"data":{"x":{"items":[8]},"items":[1,2]},"items":[7]})", "data.items", 1000, {"[1,2]"}},
      {R"({"it\u0065ms":[1],"total":5})", "items", 1000, {"[1]"}},
      {R"({"items":[]})", "items", 16, {"[]"}},
  };
  for (const Case& c : cases) {
    ASSERT_OK_AND_ASSIGN(const Split split, SplitWhole(c.body, Small(c.selector, c.slice_bytes)));
    EXPECT_EQ(split.slices, c.slices) << c.body;
  }
}

TEST(ArraySplitter, RefusesWhatIsNotWholeOrElsewhere) {
  struct Case {
    std::string body, selector, message;
  };
  const std::vector<Case> cases = {
      {"", "", "the body is empty"},
      {"{}", "", "is no array"},
      {"[1]", "items", "`items` is absent"},
      {R"({"a":[1]})", "items", "`items` is absent"},
      {R"({"items":{"a":1}})", "items", "`items` is no array"},
      {R"({"items":null})", "items", "`items` is no array"},
      {R"({"items":[1],"items":[2]})", "items", "comes twice"},
      {"[1,2", "", "the body is cut: it ends after 4 bytes"},
      {"[1,2] 3", "", "after the end of the document at byte 6"},
      {R"([{"id":1},{"id":2]{"timestamp":1,"status":200})", "", "closes what it did not open"},
      {"<!doctype html>", "", "not JSON: `<` where a value should be at byte 0"},
      {R"(["a)"
       "\x01"
       R"("])",
       "", "byte 0x01 inside a string"},
      {R"({"items":[1]} trailing)", "items", "after the end of the document"},
  };
  for (const Case& c : cases) {
    const Status status = SplitWhole(c.body, Small(c.selector)).status();
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
    EXPECT_TRUE(IsRetryable(status)) << c.body;
    EXPECT_THAT(status.message(), ::testing::HasSubstr(c.message)) << c.body;
  }
}

TEST(ArraySplitter, RefusesARecordAboveTheLimitWhileItArrives) {
  for (const size_t piece : {1UL, 100UL, 10'000UL}) {
    const std::string body = "[[1],\"" + std::string(5000, 'x') + "\"]";
    const auto split = SplitText(body, Small(""), [&] { return piece; });
    EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, split);
    EXPECT_FALSE(IsRetryable(split.status()));
    EXPECT_THAT(split.status().message(), ::testing::HasSubstr("record 2 is larger than 1000 bytes"));
  }
}

TEST(ArraySplitter, PassesOnWhatTheReceiverSays) {
  ArraySplitter splitter(Small("", 1),
                         [](std::string) { return MakeError(ErrorCode::kCancelled, "enough"); });
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, splitter.Feed("[1,2]"));
  EXPECT_ERROR_CODE(ErrorCode::kCancelled, splitter.Finish());
}

TEST(ArraySplitter, NeverTakesACutBodyForWhole) {
  const std::string body =
      R"({"total":2,"data":{"items":[{"id":1,"t":"a\u00e9\"","v":-1.5e2},{"id":2,"x":[[],{}]}],"z":null}})";
  ASSERT_OK(SplitWhole(body, Small("data.items")).status());
  for (size_t size = 0; size < body.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, SplitWhole(body.substr(0, size), Small("data.items")));
  }
}

std::string RandomRecord(Random& random, int id) {
  static constexpr std::string_view kTexts[] = {
      "", "],[{", "\\\"", "\\\\", "a\\u0022,", "\xe4\xb8\xad\xf0\x9f\x98\x80", "x\\n"};
  const auto text = [&] { return std::string(kTexts[random.Below(std::size(kTexts))]); };
  std::string record = "{\"id\" : " + std::to_string(id) + ",\"" + text() + "\":\"" + text() + text() + "\"";
  for (uint64_t i = random.Below(4); i > 0; --i)
    record += ", \"a" + std::to_string(i) + "\":[1.5e3,\n{\"b\":null},\"" + text() + "\"]";
  return record + (random.Below(3) == 0 ? " }" : "}");
}

TEST(ArraySplitter, GivesTheSameSlicesForAnyPiecesAndSimdjsonsRecords) {
  testing::SeededRandom random(11);
  simdjson::dom::parser parser, slice_parser;
  for (int round = 0; round < 200; ++round) {
    const int count = static_cast<int>(random.Below(30));
    std::string body = R"({"skip":{"items":[{"id":-1}]},"data" :{"items": [)";
    for (int id = 0; id < count; ++id) body += (id > 0 ? ", " : "") + RandomRecord(random, id);
    body += "]},\"total\": 3}\n";
    const SplitterOptions options = Small("data.items", 64 + random.Below(300));
    ASSERT_OK_AND_ASSIGN(const Split whole, SplitWhole(body, options));
    for (const size_t most : {1UL, 7UL, 100UL}) {
      ASSERT_OK_AND_ASSIGN(const Split pieces,
                           SplitText(body, options, [&] { return 1 + random.Below(most); }));
      ASSERT_EQ(pieces.slices, whole.slices) << body;
    }
    std::vector<std::string> expected, records;
    const simdjson::padded_string padded(body);
    simdjson::dom::array items;
    ASSERT_EQ(parser.parse(padded)["data"]["items"].get(items), simdjson::SUCCESS) << body;
    for (const auto item : items) expected.push_back(simdjson::minify(item));
    for (const std::string& slice : whole.slices) {
      simdjson::dom::array part;
      ASSERT_EQ(slice_parser.parse(simdjson::padded_string(slice)).get(part), simdjson::SUCCESS) << slice;
      for (const auto item : part) records.push_back(simdjson::minify(item));
    }
    ASSERT_EQ(records, expected);
    EXPECT_EQ(whole.records, count);
  }
}

}  // namespace
}  // namespace ingesta::source
