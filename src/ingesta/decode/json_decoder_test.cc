// What the decoder makes of whole and of broken pages, case by case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ingesta/decode/decoder.h"
#include "ingesta/decode/recording_sink.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Page PageOf(std::string body, bool is_slice = false) {
  Page page;
  page.index = 3;
  page.url = "http://servicio/api";
  page.body = std::move(body);
  page.is_slice = is_slice;
  return page;
}

/// One walk: a decoder, its sink and what came of it.
struct Walk {
  explicit Walk(DecoderOptions chosen = {}) : options(std::move(chosen)) {}

  Result<DecodedPage> Decode(std::string body, const FieldTree& fields, bool is_slice = false) {
    ARROW_ASSIGN_OR_RAISE(const auto decoder, MakeJsonDecoder(options));
    Page page = PageOf(std::move(body), is_slice);
    Result<DecodedPage> decoded = decoder->Decode(page, fields, sink);
    if (decoded.ok()) buffer = decoded->buffer;
    return decoded;
  }
  Result<DecodedPage> DecodeRecord(std::string body, const FieldTree& fields) {
    ARROW_ASSIGN_OR_RAISE(const auto decoder, MakeJsonDecoder(options));
    Page page = PageOf(std::move(body));
    Result<DecodedPage> decoded = decoder->DecodeRecord(page, fields, sink);
    if (decoded.ok()) buffer = decoded->buffer;
    return decoded;
  }

  DecoderOptions options;
  RecordingSink sink;
  std::shared_ptr<const std::string> buffer;  ///< what the records' sources point into
};

DecoderOptions Selector(std::string selector) {
  DecoderOptions options;
  options.data_selector = std::move(selector);
  return options;
}

TEST(JsonDecoder, HandsOnEachKindOfValue) {
  struct Case {
    std::string json;
    std::string wanted;
  };
  const std::vector<Case> cases = {
      {"null", "null"},
      {"true", "true"},
      {"false", "false"},
      {"0", "#0"},
      {"-0.50e+07", "#-0.50e+07"},
      {"3.4e+38", "#3.4e+38"},
      {"4416.299999999999", "#4416.299999999999"},
      {"123456789012345678901234567890", "#123456789012345678901234567890"},
      {R"("")", R"("")"},
      {R"("a, b")", R"("a, b")"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\"\\/\b\f\n\r\t\""},
      {R"("Farmac\u00e9utica \ud83c\udf63")", "\"Farmac\xc3\xa9utica \xf0\x9f\x8d\xa3\""},
      {"\"\xe6\x97\xa5\xe6\x9c\xac\"", "\"\xe6\x97\xa5\xe6\x9c\xac\""},
      {R"("\\")", R"("\")"},
      {R"("\u0000x")", std::string("\"\0x\"", 4)},
      {"{ \"b\" : [ 1 , \"x y\" ] }", R"(json:{"b":[1,"x y"]})"},
      {"[]", "json:[]"},
      {"[ [ ] , { } ]", "json:[[],{}]"},
  };
  const FieldTree fields = Object("", Value("a", 0), Value("z", 1));
  for (const Case& test : cases) {
    SCOPED_TRACE(test.json);
    Walk walk;
    ASSERT_OK(walk.Decode("[{\"a\":" + test.json + ",\"z\":1},{\"z\":2, \"a\": " + test.json + "}]", fields)
                  .status());
    ASSERT_EQ(walk.sink.records.size(), 2U);
    EXPECT_EQ(walk.sink.records[0].values[0], test.wanted);
    EXPECT_EQ(walk.sink.records[1].values[0], test.wanted);
    EXPECT_EQ(walk.sink.records[1].values[1], "#2");
  }
}

TEST(JsonDecoder, HalfASurrogatePairMakesTheValueInvalidNotThePage) {
  for (const std::string text : {R"("\ud83c")", R"("x\udf63y")", R"("\ud83c\ud83c")", R"("\ud83cA")"}) {
    SCOPED_TRACE(text);
    Walk walk;
    ASSERT_OK(walk.Decode("[{\"a\":" + text + ",\"u\":" + text + "}]", Object("", Value("a", 0))).status());
    ASSERT_EQ(walk.sink.records.size(), 1U);
    EXPECT_THAT(walk.sink.records[0].values[0],
                HasSubstr("invalid:expected text, got a string with half a surrogate"));
  }
}

TEST(JsonDecoder, TakesFactsWhereverTheyStand) {
  struct Case {
    std::string body;
    std::optional<int64_t> total;
    std::optional<int64_t> pages;
    std::optional<std::string> next;
  };
  const std::vector<Case> cases = {
      {R"({"m":{"total":7,"pages":2,"next":"/p2"},"d":{"items":[{}]}})", 7, 2, "/p2"},
      {R"({"d":{"items":[{}]},"m":{"next":"a\u0026b","pages":2,"total":7}})", 7, 2, "a&b"},
      {R"({"m":{"total":7},"d":{"items":[{}],"x":1},"m":{"next":null,"total":8}})", 8, std::nullopt,
       std::nullopt},
      {R"({"m":{"total":"7","pages":2.0,"next":""},"d":{"items":[{}]}})", 7, 2, std::nullopt},
      {R"({"m":{"total":-1,"pages":2.5,"next":12345},"d":{"items":[{}]}})", std::nullopt, std::nullopt,
       "12345"},
      {R"({"m":{"total":"many","pages":{"n":1},"next":false},"d":{"items":[{}]}})", std::nullopt,
       std::nullopt, std::nullopt},
      {R"({"m":null,"d":{"items":[{}]}})", std::nullopt, std::nullopt, std::nullopt},
      {R"({"m":[{"total":1}],"d":{"items":[{}]},"total":9})", std::nullopt, std::nullopt, std::nullopt},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.body);
    Walk walk(Selector("d.items"));
    walk.options.total_path = "m.total";
    walk.options.total_pages_path = "m.pages";
    walk.options.next_path = "m.next";
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.Decode(test.body, Object("")));
    EXPECT_EQ(page.facts.total, test.total);
    EXPECT_EQ(page.facts.total_pages, test.pages);
    EXPECT_EQ(page.facts.next, test.next);
    EXPECT_EQ(page.records, 1);
  }
}

TEST(JsonDecoder, FindsTheRecords) {
  const FieldTree fields = Object("", Value("id", 0));
  {
    Walk walk;
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.Decode(R"( [ {"id":1} , {"id":2} ] )", fields));
    EXPECT_EQ(page.records, 2);
  }
  {
    Walk walk(Selector("ordenes"));
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.Decode(R"({"ordenes":[]})", fields));
    EXPECT_EQ(page.records, 0);
    EXPECT_NE(page.buffer, nullptr);
  }
  {
    // A slice is a bare array whatever the selector says.
    Walk walk(Selector("ordenes"));
    walk.options.total_path = "total";
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.Decode(R"([{"id":5}])", fields, true));
    EXPECT_EQ(page.records, 1);
  }
  {
    Walk walk(Selector("ordenes"));
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.DecodeRecord(R"({"id":5,"x":[]})", fields));
    EXPECT_EQ(page.records, 1);
    EXPECT_EQ(walk.sink.records[0].values[0], "#5");
    EXPECT_EQ(walk.sink.records[0].source, R"({"id":5,"x":[]})");
  }
  {
    Walk walk(Selector("datos"));  // a key written with an escape
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, walk.Decode(R"({"d\u0061tos":[{"i\u0064":5}]})", fields));
    EXPECT_EQ(page.records, 1);
    EXPECT_EQ(walk.sink.records[0].values[0], "#5");
  }
}

TEST(JsonDecoder, AcceptsAByteOrderMark) {
  Walk walk;
  ASSERT_OK(walk.Decode("\xEF\xBB\xBF[{\"a\": 1}]", Object("", Value("a", 0))).status());
  EXPECT_EQ(walk.sink.records[0].source, R"({"a":1})");
}

TEST(JsonDecoder, GivesTheSourceOfARecordMinified) {
  Walk walk(Selector("p"));
  ASSERT_OK_AND_ASSIGN(const DecodedPage page,
                       walk.Decode("{\n  \"n\": 1,\n  \"p\": [\n    {\n      \"a\": \"x  y\",\n"
                                   "      \"b\": [ 1, {\t\"c\" : null } ]\r\n    },\n    { }\n"
                                   "  ]\n}\n",
                                   Object("", Value("a", 0))));
  ASSERT_EQ(walk.sink.records.size(), 2U);
  EXPECT_EQ(walk.sink.records[0].source, R"({"a":"x  y","b":[1,{"c":null}]})");
  EXPECT_EQ(walk.sink.records[1].source, "{}");
}

TEST(JsonDecoder, GivesSourcesThatLiveInTheBuffer) {
  // White space only in the second record: the first one's source is a part of the body, the others' of a
  // copy.
  Walk walk;
  ASSERT_OK_AND_ASSIGN(DecodedPage page,
                       walk.Decode(R"([{"a":1},{"a": 2},{"a":3}])", Object("", Value("a", 0))));
  std::vector<std::string> sources;
  for (const auto& record : walk.sink.records) sources.emplace_back(record.source);
  EXPECT_THAT(sources, ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":3})"));
}

TEST(JsonDecoder, LastOfTwoEqualKeysCounts) {
  struct Case {
    std::string record;
    std::string a;
    std::string b;
  };
  const std::vector<Case> cases = {
      {R"({"a":1,"a":2})", "#2", ""},
      {R"({"s":{"b":1},"s":{"b":2}})", "", "#2"},
      {R"({"s":{"b":1},"s":null})", "", "null"},
      {R"({"s":{"b":1},"s":{}})", "", "null"},
      {R"({"s":"x","s":{"b":2}})", "", "#2"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.record);
    Walk walk;
    ASSERT_OK(
        walk.Decode("[" + test.record + "]", Object("", Value("a", 0), Object("s", Value("b", 1)))).status());
    EXPECT_EQ(walk.sink.records[0].values[0], test.a);
    EXPECT_EQ(walk.sink.records[0].values[1], test.b);
  }
}

TEST(JsonDecoder, DescendsIntoSubDocuments) {
  const FieldTree fields =
      Object("", Value("id", 0), Object("dir", Value("calle", 1), Object("geo", Value("x", 2))));
  Walk walk;
  ASSERT_OK(walk.Decode(R"([{"dir":{"calle":"c","geo":{"x":1.5}},"id":1},{"id":2,"dir":null},{"id":3},
                            {"dir":{"geo":null},"id":4},{"dir":"una calle","id":5},{"dir":[1],"id":6}])",
                        fields)
                .status());
  const auto& records = walk.sink.records;
  ASSERT_EQ(records.size(), 6U);
  EXPECT_THAT(records[0].values, UnorderedElementsAre(Pair(0, "#1"), Pair(1, "\"c\""), Pair(2, "#1.5")));
  EXPECT_THAT(records[1].values, UnorderedElementsAre(Pair(0, "#2")));
  EXPECT_THAT(records[2].values, UnorderedElementsAre(Pair(0, "#3")));
  EXPECT_THAT(records[3].values, UnorderedElementsAre(Pair(0, "#4")));
  const std::string wrong = R"(invalid:expected an object at `dir`, got the string "una calle")";
  EXPECT_THAT(records[4].values, UnorderedElementsAre(Pair(0, "#5"), Pair(1, wrong), Pair(2, wrong)));
  EXPECT_EQ(walk.sink.records[5].values.at(1), "invalid:expected an object at `dir`, got the array [1]");
}

TEST(JsonDecoder, JoinsArraysOfPlainValues) {
  struct Case {
    std::string json;
    std::string wanted;
  };
  const std::vector<Case> cases = {
      {R"(["M\u00fasica","Ropa"])", "\"M\xc3\xbasica, Ropa\""},
      {R"([])", R"("")"},
      {R"(null)", ""},
      {R"([null,"a",null,""])", R"("a, ")"},
      {R"([1,true,false,"x",2.50])", R"("1, true, false, x, 2.50")"},
      {R"(["a",{"b":1}])", R"(invalid:expected plain values in the array at `c`, got the object {"b":1})"},
      {R"([["a"]])", R"(invalid:expected plain values in the array at `c`, got the array ["a"])"},
      {R"("Ropa")", R"(invalid:expected an array at `c`, got the string "Ropa")"},
      {R"({"a":1})", R"(invalid:expected an array at `c`, got the object {"a":1})"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.json);
    Walk walk;
    ASSERT_OK(walk.Decode("[{\"c\":" + test.json + "}]", Object("", Join("c", 0, ", "))).status());
    EXPECT_EQ(walk.sink.records[0].values[0], test.wanted);
  }
}

TEST(JsonDecoder, RawSlotsGetTheWholeValueToo) {
  FieldTree sub = Object("s", Value("b", 1));
  sub.raw_slots = {2};
  FieldTree list = Join("l", 3, ",");
  list.raw_slots = {4};
  Walk walk;
  ASSERT_OK(walk.Decode(R"([{"s": {"b": 1, "c": 2}, "l": [ "x", "y" ]},{"s":7,"l":null}])",
                        Object("", std::move(sub), std::move(list)))
                .status());
  EXPECT_THAT(walk.sink.records[0].values,
              UnorderedElementsAre(Pair(1, "#1"), Pair(2, R"(json:{"b":1,"c":2})"), Pair(3, R"("x,y")"),
                                   Pair(4, R"(json:["x","y"])")));
  EXPECT_THAT(walk.sink.records[1].values,
              UnorderedElementsAre(Pair(1, "invalid:expected an object at `s`, got the number 7"),
                                   Pair(2, "#7"), Pair(4, "null")));
}

TEST(JsonDecoder, ExplodesArraysIntoChildRecords) {
  const FieldTree fields =
      Object("", Value("id", 0), Explode("lineas", 0, Value("n", 0), Object("p", Value("q", 1))));
  Walk walk;
  ASSERT_OK(walk.Decode(R"([{"lineas":[{"n":1, "p":{"q":2}},{"n":3,"z":0}],"id":7},{"id":8,"lineas":[]},
                            {"id":9,"lineas":null},{"id":10}])",
                        fields)
                .status());
  EXPECT_EQ(walk.sink.records.size(), 4U);
  const RecordingSink& child = *walk.sink.children.at(0);
  ASSERT_EQ(child.records.size(), 2U);
  EXPECT_THAT(child.records[0].values, UnorderedElementsAre(Pair(0, "#1"), Pair(1, "#2")));
  EXPECT_EQ(child.records[0].source, R"({"n":1,"p":{"q":2}})");
  EXPECT_THAT(child.unknown, ElementsAre("z"));
  EXPECT_THAT(walk.sink.unknown, IsEmpty());
}

TEST(JsonDecoder, AnArrayThatCannotExplodeMakesItsRecordInvalid) {
  struct Case {
    std::string json;
    std::string wanted;
  };
  const std::vector<Case> cases = {
      {R"({"l":"x"})", R"(l: expected an array at `l`, got the string "x")"},
      {R"({"l":{}})", R"(l: expected an array at `l`, got the object {})"},
      {R"({"l":[{},null]})", "l: expected objects in the array, got null"},
      {R"({"l":[],"l":[]})", "l: expected it once in a record, got it twice"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.json);
    Walk walk;
    ASSERT_OK(walk.Decode("[" + test.json + "]", Object("", Explode("l", 0, Value("n", 0)))).status());
    EXPECT_THAT(walk.sink.records[0].invalid, ElementsAre(test.wanted));
  }
}

TEST(JsonDecoder, ReportsUnknownFieldsByTheirPath) {
  Walk walk;
  ASSERT_OK(
      walk.Decode(
              R"([{"web":"x","id":1,"dir":{"barrio":{"k":1},"calle":"c"},"__v":[{"deep":1}],"notas":null}])",
              Object("", Value("id", 0), Object("dir", Value("calle", 1)), Ignored("__v")))
          .status());
  EXPECT_THAT(walk.sink.unknown, ElementsAre("web", "dir.barrio", "notas"));
}

TEST(JsonDecoder, LearnsAnyOrderOfKeys) {
  const FieldTree fields =
      Object("", Value("a", 0), Value("bb", 1), Value("una_clave_muy_larga", 2), Value("", 3));
  Walk walk;
  ASSERT_OK(
      walk.Decode(
              R"([{"a":1,"bb":2,"una_clave_muy_larga":3,"":4},{"":4,"una_clave_muy_larga":3,"x":0,"bb":2,"a":1},
                            {"una_clave_muy_larga":3,"una_clave_muy_larg":0,"a":1,"":4,"bb":2},{"bb":2}])",
              fields)
          .status());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(walk.sink.records[static_cast<size_t>(i)].values,
                UnorderedElementsAre(Pair(0, "#1"), Pair(1, "#2"), Pair(2, "#3"), Pair(3, "#4")));
  }
  EXPECT_THAT(walk.sink.records[3].values, UnorderedElementsAre(Pair(1, "#2")));
  EXPECT_THAT(walk.sink.unknown, ElementsAre("x", "una_clave_muy_larg"));
}

TEST(JsonDecoder, RefusesBrokenPages) {
  struct Case {
    std::string body;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"", "it is empty; the 0 bytes begin"},
      {"  \n", "it is empty"},
      {"<!doctype html>\n<html lang=en>", "HTML instead of JSON"},
      {"  <html>\xc3\xa1", "<html>\\xc3\\xa1"},
      {"Service Unavailable", "found `Service Unavailable`"},
      {R"([{"id":1}])", "the body has no records at `r` (data_selector)"},
      {R"({"timestamp":"2026","status":200})", "the body has no records at `r` (data_selector)"},
      {R"({"r":null})", "expected the array of the records at byte 5, found `null}`"},
      {R"({"r":{"id":1}})", "expected the array of the records"},
      {R"("r")", "the body has no records"},
      {"17", "the body has no records"},
      {R"({"r":[1]})", "expected a record, an object at byte 6"},
      {R"({"r":[null]})", "expected a record"},
      {R"({"r":[[{}]]})", "expected a record"},
      {R"({"r":[{"id":1},]})", "expected a record"},
      {R"({"r":[,{"id":1}]})", "expected a record"},
      {R"({"r":[{"id":1} {"id":2}]})", "expected `,` or `]`"},
      {R"({"r":[{"id":1}],"r":[]})", "not a second"},
      {R"({"r":[{"id":1}]} x)", "expected the end of the document"},
      {R"({"r":[{"id":1}]}{"r":[]})", "expected the end of the document"},
      {R"({"r":[{"id":1}]}])", "expected the end of the document"},
      {R"({"r":[{"id":1}]]{"timestamp":"2026-11-24T03:49:25.363+00:00","status":200,"error":"OK"})",
       "expected `,` or `}`"},
      {R"({"r":[{"id":1,"nombre":"An]{"timestamp":"2026-11-24","status":200}])", "it ends inside a string"},
      {R"({"r":[{"id":1)", "expected `,` or `}`"},
      {R"({"r":[{"id":1},{"no)", "it ends inside a string"},
      {R"({"r":[{"id"}]})", "expected `:`"},
      {R"({"r":[{"id":}]})", "expected a value"},
      {R"({"r":[{"id":1,}]})", "expected a key in quotes"},
      {R"({"r":[{id:1}]})", "expected a key in quotes"},
      {R"({"r":[{"id" 1}]})", "expected `:`"},
      {R"({"r":[{"id":1 "b":2}]})", "expected `,` or `}`"},
      {R"({"r":[{"id":1 2}]})", "expected `,` or `}`"},
      {R"({"r":[{"id":tru e}]})", "expected `true`"},
      {R"({"r":[{"id":01}]})", "expected a number"},
      {R"({"r":[{"id":1.}]})", "expected a number"},
      {R"({"r":[{"id":.5}]})", "expected a value"},
      {R"({"r":[{"id":+5}]})", "expected a value"},
      {R"({"r":[{"id":-}]})", "expected a number"},
      {R"({"r":[{"id":1e}]})", "expected a number"},
      {R"({"r":[{"id":0x10}]})", "expected a number"},
      {R"({"r":[{"id":NaN}]})", "expected a value"},
      {R"({"r":[{"id":nul}]})", "expected `true`, `false` or `null`"},
      {R"({"r":[{"id":"\x"}]})", "expected valid escapes"},
      {R"({"r":[{"id":"\u12g4"}]})", "expected valid escapes"},
      {R"({"r":[{"i\x":1}]})", "expected valid escapes"},
      {R"({"r":[{"id":'x'}]})", "expected a value"},
      {"{\"r\":[{\"id\":\"a\nb\"}]}", "control character"},
      {"{\"r\":[{\"id\":\"\xff\"}]}", "it is not UTF-8"},
      {"{\"r\":[{\"id\":\"\xc3\"}]}", "it is not UTF-8"},
      {std::string("{\"r\":[{\"id\":1}]}\0", 17), "expected the end of the document"},
      {"{\"r\":[{\"id\":1\f}]}", "expected"},
      // What nobody asked for is checked just the same.
      {R"({"r":[{"zz":01}]})", "expected a number"},
      {R"({"r":[{"zz":[1,tru]}]})", "expected `true`"},
      {R"({"r":[{"zz":{"a":"\q"}}]})", "expected valid escapes"},
      {R"({"r":[{"zz":{"a":1,}}]})", "expected a key"},
      {R"({"r":[{"zz":{"a" 1}}]})", "expected `:`"},
      {R"({"r":[{"zz":[1 2]}]})", "expected `,` or `]`"},
      {R"({"r":[{"zz":[1,]}]})", "expected a value"},
      {R"({"r":[{"zz":[1}]})", "expected `,` or `]`"},
      {R"({"r":[{"zz":{"a":1]}]})", "expected `,` or `}`"},
      {R"({"zz":nulls,"r":[]})", "expected `true`"},
      {R"({"r":[],"zz":"\u00"})", "expected valid escapes"},
      {R"({"total":1,"r":[],})", "expected a key"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.body);
    Walk walk(Selector("r"));
    const Result<DecodedPage> page = walk.Decode(test.body, Object("", Value("id", 0)));
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(CodeOf(page.status()), ErrorCode::kMalformedBody);
    EXPECT_TRUE(IsRetryable(page.status()));
    EXPECT_EQ(DetailOf(page.status())->fields().stage, Stage::kDecode);
    EXPECT_THAT(page.status().message(), HasSubstr(test.message));
    EXPECT_THAT(page.status().message(), HasSubstr("page 3 (http://servicio/api)"));
    EXPECT_THAT(page.status().message(), HasSubstr("bytes begin: "));
  }
}

TEST(JsonDecoder, ShowsTheFirst120BytesOfABrokenBodyPrintably) {
  Walk walk(Selector("r"));
  const Status status = walk.Decode("{\"x\":\"\x01" + std::string(300, 'y'), Object("")).status();
  EXPECT_THAT(status.message(), HasSubstr("{\"x\":\"\\x01" + std::string(113, 'y') + "..."));
}

TEST(JsonDecoder, RefusesARecordBodyThatIsNoRecord) {
  for (const std::string body : {"[]", "null", R"([{"id":1}])", R"({"id":1}{})", R"({"id":1)"}) {
    SCOPED_TRACE(body);
    Walk walk;
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, walk.DecodeRecord(body, Object("", Value("id", 0))));
  }
}

TEST(JsonDecoder, HoldsTheLimitOfDepth) {
  const auto nested = [](int depth) {
    // The document, the array of records and the record are three levels.
    return "{\"r\":[{\"a\":" + std::string(static_cast<size_t>(depth - 3), '[') +
           std::string(static_cast<size_t>(depth - 3), ']') + "}]}";
  };
  for (const FieldTree& fields : {Object("", Value("a", 0)), Object("", Value("b", 0))}) {
    Walk deepest(Selector("r"));
    EXPECT_OK(deepest.Decode(nested(128), fields).status());
    for (const int depth : {129, 100'000}) {
      Walk walk(Selector("r"));
      const Status status = walk.Decode(nested(depth), fields).status();
      EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
      EXPECT_FALSE(IsRetryable(status));
      EXPECT_THAT(status.message(), HasSubstr("nested deeper than 128 levels"));
    }
  }
}

TEST(JsonDecoder, HoldsTheLimitOfARecordsSize) {
  Walk walk;
  walk.options.max_record_bytes = 20;
  EXPECT_OK(walk.Decode(R"([{"a":   "0123456789ab"},{"a":"0123456789ab"}])", Object("")).status());
  const Status status = walk.Decode(R"([{"a":1},{"a":"0123456789abc"}])", Object("")).status();
  EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, status);
  EXPECT_FALSE(IsRetryable(status));
  EXPECT_THAT(status.message(), HasSubstr("the record at byte 9 has more than 20 bytes"));
}

TEST(JsonDecoder, GoesOnAfterABrokenPage) {
  ASSERT_OK_AND_ASSIGN(const auto decoder, MakeJsonDecoder(Selector("r")));
  const FieldTree fields = Object("", Value("a", 0));
  for (int round = 0; round < 3; ++round) {
    RecordingSink sink;
    Page broken = PageOf(R"({"r":[{"a":"x\ty"},{"a": )");
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, decoder->Decode(broken, fields, sink));
    Page whole = PageOf(R"({"r": [{"a":"z\tz"}]})");
    RecordingSink other;
    ASSERT_OK_AND_ASSIGN(const DecodedPage page, decoder->Decode(whole, fields, other));
    ASSERT_EQ(other.records.size(), 1U);
    EXPECT_EQ(other.records[0].values[0], "\"z\tz\"");
    EXPECT_EQ(other.records[0].source, R"({"a":"z\tz"})");
  }
}

TEST(JsonDecoder, RefusesWrongOptions) {
  for (const std::string path : {".", "a..b", ".a", "a."}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeJsonDecoder(Selector(path)));
  }
  DecoderOptions options;
  options.max_depth = 0;
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MakeJsonDecoder(options));
}

}  // namespace
}  // namespace ingesta::decode
